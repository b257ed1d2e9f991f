"""Which products are wanted, by what the catalogue states: ``{"brand": ["Acme"], "size": ["M", "L"]}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Where", "Wish", "fits", "texts"]

# Attribute → the values of which it must have one, letters' case aside. Every attribute named must fit.
Where = Mapping[str, Sequence[str]]
# So many hits the calibrations saw of every answer.
JUDGED = 10


@dataclass(frozen=True)
class Wish:
    """What a search asks for.

    Attributes:
        k: hits that are shown.
        categories: only these; all that the search chooses to look into if empty.
        everything: it chooses all.
    """

    k: int
    categories: tuple[str, ...]
    everything: bool
    where: Where

    @property
    def depth(self) -> int:
        """Hits that are looked for: what stands first is judged by those behind it, however few are shown."""
        return max(self.k, JUDGED)

    @property
    def is_open(self) -> bool:
        """Whether no category was named."""
        return not self.categories


def fits(attributes: Mapping[str, Any], where: Where) -> bool:
    """Whether a product with ``attributes`` is wanted; one that states nothing of what is asked is not."""
    return all(
        not {value.casefold() for value in wanted}.isdisjoint(texts(attributes.get(name)))
        for name, wanted in where.items()
    )


def texts(value: Any) -> Iterable[str]:
    """An attribute's values as they would be typed: one, or those of a list; 42.0 is 42."""
    values = value if isinstance(value, list) else [] if value is None else [value]
    for each in values:
        if isinstance(each, bool):
            yield "true" if each else "false"
        elif isinstance(each, float) and each.is_integer():
            yield str(int(each))
        else:
            yield str(each).casefold()
