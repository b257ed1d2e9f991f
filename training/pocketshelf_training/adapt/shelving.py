"""A shop's own categories among a detector's groups: told by the bundle that knew groups, kept by name.

The adapted space is another, in which no head for groups was fitted. What the bundle before it says of the
shop's pictures is written down as names of the groups' categories instead. Looks alone do not make garments
of film covers: such a category is among the goods as well, so that its prints are looked at closely on.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pocketshelf.closely.wanted import GOODS
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.stages.outfit import Shelves
from pocketshelf_training.adapt.assortment import Assortment

__all__ = ["shelved"]

# Pictures of a category that are looked at, evenly apart.
LOOKED_AT = 8


def shelved(base: Bundle, shop: Assortment) -> Mapping[str, tuple[str, ...]]:
    """Group → names, those of the shop's categories that no name of ``base`` tells among them.

    As ``base`` has them where it has no head for groups, or no detector.
    """
    named = base.detector.categories if base.detector else {}
    head = base.group_head
    if head is None:
        return named
    encoder = Encoder.open(base, detects=False)
    dimension = base.embedder.dimension

    def vectors(category: str) -> np.ndarray:
        its = np.flatnonzero(
            (shop.categories == shop.category_names.index(category)) & ~shop.photo & ~shop.held
        )
        most = min(LOOKED_AT, len(its))
        found = [_vector(encoder, shop, int(n)) for n in its[np.arange(most) * len(its) // max(most, 1)]]
        return np.array([v for v in found if v is not None], np.float32).reshape(-1, dimension)

    looks = Shelves(named).looking(shop.category_names, head, vectors).looks
    return {
        group: (*names, *(category for category, groups in looks.items() if group in groups | {GOODS}))
        for group, names in named.items()
    }


def _vector(encoder: Encoder, shop: Assortment, number: int) -> np.ndarray | None:
    try:
        return encoder.embed(shop.paths[number])
    except PhotoError:  # It was left out of the training, too, and said.
        return None
