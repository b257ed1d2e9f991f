"""What a catalogue is: products with vectors and a change log, in an SQL database.

Here is everything but what tells one database from another.

A product's column ``content_hash`` holds `Upsert.source`: its name is that of the first
version, whose catalogues still open.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Product, Space
from pocketshelf.formats.product_rules import fitting_categories
from pocketshelf.formats.space import require_same
from pocketshelf_server.catalogue.changes import Applied, Change, Delete, Upsert
from pocketshelf_server.catalogue.plan import plan_changes, product_ids, refused_changes
from pocketshelf_server.catalogue.view import COLUMNS, TOO_MANY_CATEGORIES, Dialect, Rows, View
from pocketshelf_server.connections import ThreadConnections

__all__ = ["Catalogue", "new_meta", "require_space"]

FORMAT, VERSION = "pocketshelf-catalogue", "1"
# Both databases know this form; SQLite alone would do with less.
UPSERT = (
    f"INSERT INTO {{p}}products({COLUMNS}, content_hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (product_id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in [*COLUMNS.split(", ")[1:], "content_hash"])
)


def require_space(catalogue: Space, space: Space) -> None:
    """Refuse vectors that cannot be compared with those of a catalogue of the space ``catalogue``.

    Raises:
        SpaceMismatch: ``space`` is another.
    """
    remedy = "use a bundle of the catalogue's space, or start another site"
    require_same(catalogue, space, "the catalogue's vectors are", "these are", remedy)


class Catalogue(ABC):
    """Products with vectors, and a change log. Methods may be called from any thread.

    All of them raise `CatalogueError` when the database fails.

    Attributes:
        space: what the vectors mean.
    """

    def __init__(self, dialect: Dialect, where: str, connections: ThreadConnections) -> None:
        """Open one that was made before.

        Args:
            connections: to its database, in autocommit mode.
            where: what to call it in messages.

        Raises:
            CatalogueError: there is none, or its database cannot be reached.
        """
        self._dialect = dialect
        self._connections = connections
        self.space = Space("", "")
        # Found to have room in a manifest. They may have gone again; then another is asked for.
        self._known_categories: set[str] = set()
        with self._rows() as rows:
            self.space = _space(dict(rows.run("SELECT key, value FROM {p}meta").fetchall()), where)

    def connection(self) -> Any:
        """This thread's own connection; opened again if it was closed."""
        return self._connections.get()

    def close(self) -> None:
        """Close every thread's connection."""
        self._connections.close()

    @abstractmethod
    def errors(self) -> AbstractContextManager[None]:
        """Turns the database's errors into `CatalogueError`."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Any]:
        """One transaction on this thread's connection; nothing is kept if the body fails.

        Raises:
            CatalogueError: the database failed.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[View]:
        """The whole catalogue as it is at one instant, for as long as the context lasts."""

    def require_space(self, space: Space) -> None:
        """Refuse vectors that cannot be compared with the catalogue's.

        Raises:
            SpaceMismatch: ``space`` is another.
        """
        require_space(self.space, space)

    def sequence(self) -> int:
        """The number of the last change; 0 when there was none."""
        with self._rows() as rows:
            return rows.number("sequence")

    def oldest_change(self) -> int:
        """Changes at or below this number may have been compacted away."""
        with self._rows() as rows:
            return rows.number("compacted")

    def count(self) -> int:
        """How many products there are."""
        with self._rows() as rows:
            return rows.run("SELECT count(*) FROM {p}products").fetchone()[0]

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        with self._rows() as rows:
            return rows.categories()

    def apply(self, changes: Sequence[Upsert | Delete]) -> Applied:
        """Do all ``changes``, in their order, in one transaction.

        An upsert of what is stored already, to the byte, and a delete of what is not there, take no number:
        by whichever way a product comes, it is compared itself.
        """
        for reason in self.refusals(changes).values():
            raise CatalogueError(reason)
        with self._writing() as (rows, sequence):
            ids = product_ids(changes)
            plan = plan_changes(changes, rows.stored(ids), rows.prints(ids), sequence)
            rows.by_id("DELETE FROM", plan.deletes)
            rows.write(UPSERT, ((*product.to_row(), source) for product, source in plan.upserts.values()))
            rows.write_prints(plan.prints)
            rows.log(plan.log)
            rows.set_number("sequence", plan.sequence)
        return plan.applied()

    def missing_categories(self, names: Iterable[str]) -> list[str]:
        """Those of ``names`` that no product is of, in their order."""
        query = "SELECT 1 FROM {p}products WHERE category = ? LIMIT 1"
        with self._rows() as rows:
            return [name for name in names if rows.run(query, name).fetchone() is None]

    def refusals(self, changes: Sequence[Upsert | Delete]) -> dict[int, str]:
        """Which of ``changes``, by their place, `apply` would refuse, and why."""
        refused = refused_changes(changes, self.space.dimension)
        new = [
            c.product.category for i, c in enumerate(changes) if isinstance(c, Upsert) and i not in refused
        ]
        if not self._known_categories.issuperset(new):
            stored = self.categories()
            self._known_categories = fitting_categories(dict.fromkeys([*stored, *new]))
            for i, change in enumerate(changes):
                if isinstance(change, Upsert) and change.product.category not in self._known_categories:
                    refused.setdefault(i, f"{change.product.product_id!r}: {TOO_MANY_CATEGORIES}")
        return refused

    def take_number(self, kind: str) -> int:
        """Log a change that touches no product, such as a new shard rule; its number."""
        with self._writing() as (rows, sequence):
            rows.log([Change(sequence + 1, "", kind)])
            rows.set_number("sequence", sequence + 1)
        return sequence + 1

    def jump(self, to: int) -> int:
        """Go on from number ``to``, or from the next one if that is higher; the number.

        For a catalogue that was restored to an older state: numbers that others have seen are not given out
        again. The log is dropped, so that everyone who follows it reads everything anew.
        """
        with self._writing() as (rows, sequence):
            to = max(to, sequence + 1)
            rows.run("DELETE FROM {p}changes")
            rows.set_number("sequence", to)
            rows.set_number("compacted", to)
        return to

    def sources(self, product_ids: Iterable[str]) -> dict[str, str]:
        """`Upsert.source` of those of ``product_ids`` that are stored."""
        with self._rows() as rows:
            return dict(rows.by_id("SELECT product_id, content_hash FROM", product_ids).fetchall())

    def looked_at(self, product_ids: Iterable[str]) -> set[str]:
        """Those of ``product_ids`` whose pictures were looked at for local features."""
        with self._rows() as rows:
            return set(rows.prints(product_ids))

    def titles(self, product_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(title, category) of those of ``product_ids`` that are stored."""
        with self._rows() as rows:
            found = rows.by_id("SELECT product_id, title, category FROM", product_ids)
            return {product_id: (title, category) for product_id, title, category in found}

    def get(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Those of ``product_ids`` that are stored."""
        with self._rows() as rows:
            return rows.get(product_ids)

    def first_vectors(self, product_ids: Iterable[str]) -> dict[str, np.ndarray]:
        """The first picture's vector, int8 (D,), of those of ``product_ids`` that are stored."""
        size = self.space.dimension
        with self._rows() as rows:
            found = rows.by_id("SELECT product_id, vectors FROM", product_ids)
            return {key: np.frombuffer(blob, np.int8)[:size] for key, blob in found if len(blob) >= size}

    def changes(self, since: int, limit: int) -> list[Change]:
        """The log after ``since``, oldest first, at most ``limit`` lines."""
        query = (
            "SELECT sequence, product_id, kind FROM {p}changes WHERE sequence > ? ORDER BY sequence LIMIT ?"
        )
        with self._rows() as rows:
            return [Change(*row) for row in rows.run(query, since, limit)]

    def compact(self, before: int) -> int:
        """Forget log lines numbered ``before`` and less; how many."""
        with self._writing() as (rows, sequence):
            before = min(before, sequence)
            gone = rows.run("DELETE FROM {p}changes WHERE sequence <= ?", before).rowcount
            if before > rows.number("compacted"):
                rows.set_number("compacted", before)
        return gone

    @contextmanager
    def _rows(self) -> Iterator[Rows]:
        with self.errors():
            yield Rows(self.connection(), self._dialect, self.space.dimension)

    @contextmanager
    def _writing(self) -> Iterator[tuple[Rows, int]]:
        """A transaction that other writers wait for, so that numbers follow commits; and the last number."""
        with self.transaction() as connection:
            rows = Rows(connection, self._dialect, self.space.dimension)
            yield rows, rows.number("sequence", self._dialect.locked)


def new_meta(space: Space) -> list[tuple[str, str]]:
    """The meta table, (key, value), of an empty catalogue."""
    meta = {"format": FORMAT, "version": VERSION, "space": space.name, "sequence": "0", "compacted": "0",
            "preprocessing": space.preprocessing, "bundle": space.bundle,
            "dimension": str(space.dimension)}  # fmt: skip
    return sorted(meta.items())


def _space(meta: Mapping[str, str], where: str) -> Space:
    if (meta.get("format"), meta.get("version")) != (FORMAT, VERSION):
        raise CatalogueError(f"{where}: not a {FORMAT} of version {VERSION}")
    return Space(meta["space"], meta["preprocessing"], meta["bundle"], int(meta["dimension"]))
