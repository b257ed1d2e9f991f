"""What a catalogue is: products with vectors and a change log, in an SQL database.

Here is everything but what tells one database from another.

Statements are written with ``?`` for a value and ``{p}`` before each table's name; a `Dialect` has both in
its database's way. A product's column ``content_hash`` holds `Upsert.source`: its name is that of the first
version, whose catalogues still open.
"""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.errors import CatalogueError, one_line
from pocketshelf.formats import Product, Space
from pocketshelf.formats.product_rules import MAX_VECTORS, check_texts, fitting_categories, read_row
from pocketshelf.formats.space import require_same
from pocketshelf_server.catalogue.changes import Applied, Change, Delete, Entry, Upsert
from pocketshelf_server.catalogue.plan import plan_changes, product_ids, refused_changes
from pocketshelf_server.connections import ThreadConnections

__all__ = ["Catalogue", "Dialect", "View", "new_meta", "require_space"]

log = logging.getLogger("pocketshelf.server")

FORMAT, VERSION = "pocketshelf-catalogue", "1"
# Products left out of a publication that are named one by one.
NAMED = 20
COLUMNS = "product_id, sequence, category, title, image, attributes, vectors"
ENTRY_COLUMNS = COLUMNS.replace("vectors", "length(vectors)")
TOO_MANY_CATEGORIES = "the catalogue has more categories than devices take; give it one of the known ones"
# Both databases know this form; SQLite alone would do with less.
UPSERT = (
    f"INSERT INTO {{p}}products({COLUMNS}, content_hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (product_id) DO UPDATE SET "
    + ", ".join(f"{name} = EXCLUDED.{name}" for name in [*COLUMNS.split(", ")[1:], "content_hash"])
)
TOMBSTONES = (
    "SELECT product_id, max(sequence) FROM {p}changes c WHERE kind = 'delete' AND NOT EXISTS "
    "(SELECT 1 FROM {p}products p WHERE p.product_id = c.product_id) GROUP BY product_id"
)


def require_space(catalogue: Space, space: Space) -> None:
    """Refuse vectors that cannot be compared with those of a catalogue of the space ``catalogue``.

    Raises:
        SpaceMismatch: ``space`` is another.
    """
    remedy = "use a bundle of the catalogue's space, or start another site"
    require_same(catalogue, space, "the catalogue's vectors are", "these are", remedy)


@dataclass(frozen=True)
class Dialect:
    """How one database wants its statements.

    Attributes:
        prefix: of every table's name.
        mark: a value's place.
        id_in: a condition that an id is among those of one value.
        ids: that value, of ids.
        locked: behind a query, to keep other writers out until the transaction ends.
    """

    prefix: str
    mark: str
    id_in: str
    ids: Any
    locked: str = ""

    def translate(self, statement: str) -> str:
        """``statement`` as this database wants it."""
        return statement.replace("{p}", self.prefix).replace("?", self.mark)


class Rows:
    """What can be read of a catalogue on one connection of a DB-API module."""

    def __init__(self, connection: Any, dialect: Dialect, dimension: int) -> None:
        self._connection = connection
        self._dialect = dialect
        self._dimension = dimension

    def run(self, statement: str, *values: Any) -> Any:
        """A cursor with the rows of ``statement``."""
        return self._connection.execute(self._dialect.translate(statement), values)

    def write(self, statement: str, rows: Iterable[tuple]) -> None:
        """Run ``statement`` for each of ``rows``."""
        self._connection.cursor().executemany(self._dialect.translate(statement), list(rows))

    def by_id(self, do: str, product_ids: Iterable[str]) -> Any:
        """Do something ("SELECT … FROM") with the rows of those of ``product_ids`` that are stored."""
        statement = f"{do} {{p}}products WHERE product_id {self._dialect.id_in}"
        return self.run(statement, self._dialect.ids(product_ids))

    def get(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Those of ``product_ids`` that are stored."""
        rows = self.by_id(f"SELECT {COLUMNS} FROM", product_ids)
        return {row[0]: product for row in rows if (product := self.read(row))}

    def stored(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """The same; one that breaks the rules is stood in for by one that equals none, so that it can go."""
        rows = self.by_id(f"SELECT {COLUMNS} FROM", product_ids)
        nothing = np.empty((0, self._dimension), np.int8)
        return {row[0]: self.read(row) or Product(row[0], row[1], "", "", None, nothing) for row in rows}

    def read(self, row: tuple) -> Product | None:
        """The product of a row; None if it breaks rules that have come since it was stored."""
        try:
            return read_row(row, self._dimension)
        except (ValueError, TypeError):
            return None

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        query = "SELECT category, count(*) FROM {p}products GROUP BY category ORDER BY category"
        return dict(self.run(query).fetchall())

    def number(self, key: str, more: str = "") -> int:
        """A number of the meta table."""
        return int(self.run(f"SELECT value FROM {{p}}meta WHERE key = ?{more}", key).fetchone()[0])

    def set_number(self, key: str, value: int) -> None:
        """The inverse of `number`."""
        self.run("UPDATE {p}meta SET value = ? WHERE key = ?", str(value), key)

    def log(self, changes: Iterable[Change]) -> None:
        """Add to the change log."""
        rows = ((change.sequence, change.product_id, change.kind) for change in changes)
        self.write("INSERT INTO {p}changes VALUES(?, ?, ?)", rows)


class View(Rows):
    """A catalogue at one instant; writers go on meanwhile and are not seen."""

    def sequence(self) -> int:
        """The number of the last change."""
        return self.number("sequence")

    def product_ids(self) -> Iterator[str]:
        """Of every product, ordered (by code point)."""
        for (product_id,) in self._stream("ids", "product_id"):
            yield product_id

    def entries(self) -> Iterator[Entry]:
        """Every product without its vectors, ordered by product_id, but those that a device would refuse.

        None joins by `Catalogue.apply`; one may be left from before a rule, and is named in the log.
        """
        fitting = self.publishable_categories()
        left_out = 0
        for row in self._stream("entries", ENTRY_COLUMNS):
            product_id, sequence, *texts, length = row
            try:
                if texts[0] not in fitting:
                    raise ValueError(TOO_MANY_CATEGORIES)
                check_texts(product_id, *texts)
                if length % self._dimension or not 1 <= length // self._dimension <= MAX_VECTORS:
                    raise ValueError(f"{length} bytes of vectors")
            except (ValueError, TypeError) as error:
                left_out += 1
                if left_out <= NAMED:
                    log.warning("product %s is left out: %s", one_line(repr(product_id)), one_line(error))
                continue
            yield Entry(product_id, sequence, texts[0], json.loads(texts[-1]))
        if left_out > NAMED:
            log.warning("%d products are left out, %d of them not named", left_out, left_out - NAMED)

    def publishable_categories(self) -> dict[str, int]:
        """Of `categories`, those that a manifest has room for: rather the large ones."""
        counts = self.categories()
        fitting = fitting_categories(sorted(counts, key=lambda name: (-counts[name], name)))
        return {name: count for name, count in counts.items() if name in fitting}

    def products(self) -> Iterator[Product]:
        """Every product, in the same order, but those that break a rule."""
        for row in self._stream("products", COLUMNS):
            if product := self.read(row):
                yield product

    def tombstones(self) -> dict[str, int]:
        """Deleted products still in the log, with the number of their deletion."""
        return dict(self.run(TOMBSTONES).fetchall())

    def _stream(self, name: str, columns: str) -> Iterator[tuple]:
        yield from self.run(f"SELECT {columns} FROM {{p}}products ORDER BY product_id")


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
            plan = plan_changes(changes, rows.stored(product_ids(changes)), sequence)
            rows.by_id("DELETE FROM", plan.deletes)
            rows.write(UPSERT, ((*product.to_row(), source) for product, source in plan.upserts.values()))
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

    def titles(self, product_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(title, category) of those of ``product_ids`` that are stored."""
        with self._rows() as rows:
            found = rows.by_id("SELECT product_id, title, category FROM", product_ids)
            return {product_id: (title, category) for product_id, title, category in found}

    def get(self, product_ids: Iterable[str]) -> dict[str, Product]:
        """Those of ``product_ids`` that are stored."""
        with self._rows() as rows:
            return rows.get(product_ids)

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
