"""What is put into a catalogue, and what it tells of it.

Every change takes one sequence number, given out in the order in which changes become visible:
who has read up to number *s* has missed nothing at or below *s*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pocketshelf.formats import Product

__all__ = ["Applied", "Change", "Delete", "Entry", "Upsert"]


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
        features: the local features of its pictures (`pocketshelf.formats.features.Print.to_bytes`), b"" if
            they have none; None if unknown: those stored stay as long as the vectors do.
    """

    product: Product
    source: str = ""
    features: bytes | None = None


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
