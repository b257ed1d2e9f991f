"""The default catalogue: one SQLite file, no server to run."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue.plan import check_changes, plan_changes, product_ids
from pocketshelf_server.catalogue.protocol import Applied, Change, Delete, Entry, Row, Space, Upsert
from pocketshelf_server.catalogue.stored import COLUMNS, from_columns, new_meta, space_from_meta, to_columns

__all__ = ["SqliteCatalogue"]

# Below SQLite's oldest limit of bound variables (999).
CHUNK = 500
# A number that a device has seen must survive a power cut, or it would be given out twice.
SYNCHRONOUS = "FULL"

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE products(
    product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, category TEXT NOT NULL, title TEXT NOT NULL,
    image TEXT, attributes TEXT NOT NULL, vectors BLOB NOT NULL, content_hash TEXT NOT NULL);
CREATE INDEX products_by_category ON products(category);
CREATE TABLE changes(sequence INTEGER PRIMARY KEY, product_id TEXT NOT NULL, kind TEXT NOT NULL);
"""
CATEGORIES = "SELECT category, count(*) FROM products GROUP BY category ORDER BY category"
UPSERT = f"INSERT OR REPLACE INTO products({COLUMNS}) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"


class SqliteCatalogue:
    """A `pocketshelf_server.catalogue.Catalogue` in a file; write-ahead logging, so readers never wait."""

    def __init__(self, path: Path) -> None:
        """Open a file that `create` made.

        Raises:
            CatalogueError: it is missing or no catalogue.
        """
        self._path = Path(path)
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        if not self._path.is_file():
            raise CatalogueError(f"{path}: no catalogue; make one with `pocketshelf-server init`")
        with self._errors():
            meta = dict(self._connection().execute("SELECT key, value FROM meta"))
        self._space = space_from_meta(meta, str(path))

    @classmethod
    def create(cls, path: Path, space: Space) -> SqliteCatalogue:
        """Make an empty catalogue for vectors of ``space``.

        Raises:
            CatalogueError: the file exists, or cannot be written.
        """
        if Path(path).exists():
            raise CatalogueError(f"{path}: exists already")
        try:
            connection = sqlite3.connect(path)
            with connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(SCHEMA)
                connection.executemany("INSERT INTO meta VALUES(?, ?)", new_meta(space))
            connection.close()
        except sqlite3.Error as error:
            raise CatalogueError(f"{path}: {error}") from error
        return cls(path)

    @property
    def space(self) -> Space:
        """What the vectors mean."""
        return self._space

    def sequence(self) -> int:
        """The number of the last change."""
        return self._meta("sequence")

    def oldest_change(self) -> int:
        """Changes at or below this number may have been compacted away."""
        return self._meta("compacted")

    def count(self) -> int:
        """How many products there are."""
        with self._errors():
            return self._connection().execute("SELECT count(*) FROM products").fetchone()[0]

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        with self._errors():
            return dict(self._connection().execute(CATEGORIES))

    def apply(self, changes: Sequence[Upsert | Delete]) -> Applied:
        """Do all ``changes``, in their order, in one transaction."""
        check_changes(changes, self._space.dimension)
        with self._writing() as connection:
            stored = dict(_by_id(connection, "product_id, content_hash", product_ids(changes)))
            plan = plan_changes(changes, stored, _meta(connection, "sequence"))
            connection.executemany(
                "DELETE FROM products WHERE product_id = ?", [(key,) for key in plan.deletes]
            )
            connection.executemany(UPSERT, [to_columns(*item) for item in plan.upserts.values()])
            _log(connection, plan.log)
            self._set_meta(connection, "sequence", plan.sequence)
        return plan.applied()

    def take_number(self, kind: str) -> int:
        """Log a change that touches no product; its number."""
        with self._writing() as connection:
            number = self._meta("sequence") + 1
            _log(connection, [Change(number, "", kind)])
            self._set_meta(connection, "sequence", number)
        return number

    def content_hashes(self, product_ids: Iterable[str]) -> dict[str, str]:
        """The content hash of those of ``product_ids`` that are stored."""
        return dict(self._by_id("product_id, content_hash", product_ids))

    def titles(self, product_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(title, category) of those of ``product_ids`` that are stored."""
        return {key: (t, c) for key, t, c in self._by_id("product_id, title, category", product_ids)}

    def get(self, product_ids: Iterable[str]) -> dict[str, Row]:
        """The rows of those of ``product_ids`` that are stored."""
        return {row[0]: from_columns(row, self._space.dimension) for row in self._by_id(COLUMNS, product_ids)}

    def _by_id(self, columns: str, product_ids: Iterable[str]) -> list[tuple]:
        with self._errors():
            return _by_id(self._connection(), columns, product_ids)

    @contextmanager
    def reading(self) -> Iterator[SqliteView]:
        """The whole catalogue as it is at one instant."""
        with self._errors():
            connection = self._open()
            try:
                connection.execute("BEGIN")
                yield SqliteView(connection, self._space.dimension)
            finally:
                connection.close()

    def changes(self, since: int, limit: int) -> list[Change]:
        """The log after ``since``, oldest first, at most ``limit`` lines."""
        query = "SELECT sequence, product_id, kind FROM changes WHERE sequence > ? ORDER BY sequence LIMIT ?"
        with self._errors():
            return [Change(*row) for row in self._connection().execute(query, (since, limit))]

    def compact(self, before: int) -> int:
        """Forget log lines numbered ``before`` and less; how many."""
        with self._writing() as connection:
            gone = connection.execute("DELETE FROM changes WHERE sequence <= ?", (before,)).rowcount
            if before > self._meta("compacted"):
                self._set_meta(connection, "compacted", min(before, self._meta("sequence")))
        return gone

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def _meta(self, key: str) -> int:
        with self._errors():
            return _meta(self._connection(), key)

    def _set_meta(self, connection: sqlite3.Connection, key: str, value: int) -> None:
        connection.execute("UPDATE meta SET value = ? WHERE key = ?", (str(value), key))

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        return connection

    def _connection(self) -> sqlite3.Connection:
        """This thread's own connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._open()
            with self._guard:
                self._connections.append(connection)
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start, so numbers follow commits."""
        with self._errors():
            connection = self._connection()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            remedy = "; is its disk full?" if "disk" in str(error) else ""
            raise CatalogueError(f"{self._path}: {error}{remedy}") from error


def _log(connection: sqlite3.Connection, changes: Iterable[Change]) -> None:
    rows = [(change.sequence, change.product_id, change.kind) for change in changes]
    connection.executemany("INSERT INTO changes VALUES(?, ?, ?)", rows)


def _meta(connection: sqlite3.Connection, key: str) -> int:
    return int(connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()[0])


def _by_id(connection: sqlite3.Connection, columns: str, product_ids: Iterable[str]) -> list[tuple]:
    wanted = list(product_ids)
    found: list[tuple] = []
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        marks = ",".join("?" * len(chunk))
        query = f"SELECT {columns} FROM products WHERE product_id IN ({marks})"
        found += connection.execute(query, chunk)
    return found


class SqliteView:
    """A `pocketshelf_server.catalogue.View`: one read transaction on a connection of its own."""

    def __init__(self, connection: sqlite3.Connection, dimension: int) -> None:
        self._connection = connection
        self._dimension = dimension

    def sequence(self) -> int:
        """The number of the last change."""
        return _meta(self._connection, "sequence")

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        return dict(self._connection.execute(CATEGORIES))

    def entries(self) -> Iterator[Entry]:
        """Every product without its vectors, ordered by product_id."""
        query = "SELECT product_id, sequence, category, attributes FROM products ORDER BY product_id"
        for product_id, sequence, category, attributes in self._connection.execute(query):
            yield Entry(product_id, sequence, category, json.loads(attributes))

    def rows(self) -> Iterator[Row]:
        """Every product with its vectors, ordered by product_id."""
        for row in self._connection.execute(f"SELECT {COLUMNS} FROM products ORDER BY product_id"):
            yield from_columns(row, self._dimension)

    def get(self, product_ids: Iterable[str]) -> dict[str, Row]:
        """The rows of those of ``product_ids`` that are stored."""
        return {
            row[0]: from_columns(row, self._dimension)
            for row in _by_id(self._connection, COLUMNS, product_ids)
        }

    def tombstones(self) -> dict[str, int]:
        """Deleted products still in the log, with the number of their deletion."""
        query = (
            "SELECT product_id, max(sequence) FROM changes WHERE kind = 'delete' "
            "AND product_id NOT IN (SELECT product_id FROM products) GROUP BY product_id"
        )
        return dict(self._connection.execute(query))
