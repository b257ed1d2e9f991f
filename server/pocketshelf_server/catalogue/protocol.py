"""What a catalogue is, whatever database holds it.

Every change takes one sequence number, given out in the order in which changes become visible:
who has read up to number *s* has missed nothing at or below *s*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from pocketshelf.errors import SpaceMismatch
from pocketshelf.formats import Product, Space

__all__ = [
    "Applied",
    "Catalogue",
    "Change",
    "Delete",
    "Entry",
    "Upsert",
    "View",
    "check_space",
]


@dataclass(frozen=True)
class Entry:
    """A product without its vectors and title: what shard rules look at."""

    product_id: str
    sequence: int
    category: str
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Upsert:
    """Put a product, new or changed.

    Attributes:
        product: its sequence does not count: it gets the change's.
        source: digest of what it was made from, "" if unknown: kept for whoever makes it again.
    """

    product: Product
    source: str = ""


@dataclass(frozen=True)
class Delete:
    """Take a product out; to delete an unknown one is no change."""

    product_id: str


@dataclass(frozen=True)
class Change:
    """One line of the change log. ``kind`` is "upsert", "delete", or "rule" (a shard's rule changed)."""

    sequence: int
    product_id: str
    kind: str


@dataclass(frozen=True)
class Applied:
    """What `Catalogue.apply` did: counts, and the catalogue's sequence after it."""

    upserted: int
    deleted: int
    unchanged: int
    sequence: int


class View(Protocol):
    """A catalogue at one instant; writers go on meanwhile and are not seen."""

    def sequence(self) -> int:
        """The number of the last change."""

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""

    def entries(self) -> Iterator[Entry]:
        """Every product without its vectors, ordered by product_id (by code point)."""

    def products(self) -> Iterator[Product]:
        """Every product, in the same order."""

    def get(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Those of ``product_ids`` that are stored."""

    def tombstones(self) -> dict[str, int]:
        """Deleted products still in the log, with the number of their deletion."""


@runtime_checkable
class Catalogue(Protocol):
    """Products with vectors, and a change log. Methods may be called from any thread.

    All of them raise `CatalogueError` when the database fails.
    """

    @property
    def space(self) -> Space:
        """What the vectors mean."""

    def sequence(self) -> int:
        """The number of the last change; 0 when there was none."""

    def count(self) -> int:
        """How many products there are."""

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""

    def apply(self, changes: Sequence[Upsert | Delete]) -> Applied:
        """Do all ``changes``, in their order, in one transaction.

        An upsert of what is stored already, to the byte, and a delete of what is not there, take no number:
        by whichever way a product comes, it is compared itself.
        """

    def take_number(self, kind: str) -> int:
        """Log a change that touches no product, such as a new shard rule; its number."""

    def sources(self, product_ids: Iterable[str]) -> dict[str, str]:
        """`Upsert.source` of those of ``product_ids`` that are stored."""

    def get(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Those of ``product_ids`` that are stored."""

    def titles(self, product_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(title, category) of those of ``product_ids`` that are stored."""

    def reading(self) -> AbstractContextManager[View]:
        """The whole catalogue as it is at one instant, for as long as the context lasts."""

    def changes(self, since: int, limit: int) -> list[Change]:
        """The log after ``since``, oldest first, at most ``limit`` lines."""

    def oldest_change(self) -> int:
        """Changes at or below this number may have been compacted away."""

    def compact(self, before: int) -> int:
        """Forget log lines numbered ``before`` and less; how many."""

    def close(self) -> None:
        """Release the database."""


def check_space(have: Space, want: Space) -> None:
    """Refuse to mix vectors that cannot be compared. Another bundle of the same space is welcome.

    Raises:
        SpaceMismatch: another space, preprocessing or dimension.
    """
    if (have.name, have.dimension) != (want.name, want.dimension):
        raise SpaceMismatch(
            f"the catalogue's vectors are of space {have.name!r} ({have.dimension} numbers), these of "
            f"{want.name!r} ({want.dimension}): use a bundle of that space, or start another site"
        )
    if have.preprocessing != want.preprocessing:
        raise SpaceMismatch(
            f"the catalogue was embedded with preprocessing {have.preprocessing}, this bundle uses "
            f"{want.preprocessing}: use the matching bundle, or start another site"
        )
