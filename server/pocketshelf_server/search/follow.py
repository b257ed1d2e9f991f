"""Following a catalogue by its change log: what an index has to take in since its own sequence."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from pocketshelf.formats import Product
from pocketshelf_server.catalogue import Catalogue

__all__ = ["Pending", "pending"]


@dataclass(frozen=True)
class Pending:
    """What changed.

    Attributes:
        sequence: where an index is once it has taken this in.
        touched: every product that was put or deleted.
        products: those of them that are stored now, by product_id; they may be newer than ``sequence``,
            in which case they come again.
    """

    sequence: int
    touched: Collection[str]
    products: dict[str, Product]


def pending(catalogue: Catalogue, since: int, most: int) -> Pending | None:
    """The changes after ``since``; None when everything must be read again.

    That is the case after more than ``most`` changes, when the log no longer reaches back so far, or when
    the catalogue is an older one than the index was made of.

    Raises:
        CatalogueError: the catalogue cannot be read.
    """
    if since < 0:
        return None
    changes = catalogue.changes(since, most + 1)
    # Asked after the log was read: a compaction in between would have left a gap unnoticed.
    if len(changes) > most or catalogue.oldest_change() > since:
        return None
    if not changes and catalogue.sequence() < since:
        return None
    touched = {change.product_id for change in changes if change.product_id}
    return Pending(changes[-1].sequence if changes else since, touched, catalogue.get(touched))
