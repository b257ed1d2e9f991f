"""Roles: what a garment does in an outfit. Of each role an outfit has one garment."""

from __future__ import annotations

from collections.abc import Mapping

from pocketshelf.stages.outfit import Shelves

__all__ = ["PARTNERS", "ROLES", "role_of", "role_of_category", "roles_of_categories"]

_GROUPS = {
    "upper": ("upper",),
    "outerwear": ("outerwear",),
    "dress": ("dress",),
    "lower": ("trousers", "shorts", "skirt"),
    "footwear": ("footwear",),
    "bag": ("bag",),
    "hat": ("hat",),
}
ROLES = tuple(_GROUPS)
# Of a category that its looks alone tell: so likely a product must be of one role for it to have any, since
# watches look a little like hats and like bags. Set between shelves of garments and those of watches, balls
# and film covers (docs/outfits.md).
SURE = 0.4
_ROLE_OF = {group: role for role, groups in _GROUPS.items() for group in groups}
# A dress takes the place of an upper and a lower part.
PARTNERS = {
    role: tuple(
        other
        for other in ROLES
        if other != role and {role, other} not in ({"dress", "upper"}, {"dress", "lower"})
    )
    for role in ROLES
}


def role_of(group: str) -> str | None:
    """The role of a detector's group; None where it has none: an accessory, goods, the frame."""
    return _ROLE_OF.get(group)


def role_of_category(category: str, shelves: Shelves) -> str | None:
    """The role of a shop's category by its name, or by its looks; None where neither says one.

    A hoodie may be worn as an upper or over one: the first of `ROLES` counts.
    """
    fitting = [group for group in shelves.names if shelves.fits(group, category)]
    if len(fitting) == len(shelves.names) or not _is_sure(shelves.shares.get(category)):
        return None
    return next((role for role in ROLES for group in fitting if role_of(group) == role), None)


def _is_sure(shares: Mapping[str, float] | None) -> bool:
    """Whether looks say a role (None: a name tells). The head for groups knows no "none of these"."""
    if shares is None:
        return True
    return max(sum(shares.get(group, 0.0) for group in groups) for groups in _GROUPS.values()) >= SURE


def roles_of_categories(categories: Mapping[str, int], shelves: Shelves) -> dict[str, list[str]]:
    """Role → those of a store's categories that have it."""
    found: dict[str, list[str]] = {}
    for category in categories:
        if role := role_of_category(category, shelves):
            found.setdefault(role, []).append(category)
    return found
