"""The catalogue in PostgreSQL, for when one machine is not enough.

Same tables as the SQLite one, with a prefix. The row ``sequence`` of the meta table is locked by each
writer, so that numbers are given out in the order of the commits. Several sites share a database when
each address names a schema: ``postgresql://host/db?options=-csearch_path%3Dberlin,public``.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue.plan import check_changes, plan_changes, product_ids
from pocketshelf_server.catalogue.protocol import Applied, Change, Delete, Entry, Row, Space, Upsert
from pocketshelf_server.catalogue.stored import COLUMNS, from_columns, new_meta, space_from_meta, to_columns

__all__ = ["PostgresCatalogue"]

SCHEMA = """
CREATE TABLE pocketshelf_meta(key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE pocketshelf_products(
    product_id TEXT COLLATE "C" PRIMARY KEY, sequence BIGINT NOT NULL, category TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL, image TEXT, attributes TEXT NOT NULL, vectors BYTEA NOT NULL,
    content_hash TEXT NOT NULL);
CREATE INDEX pocketshelf_by_category ON pocketshelf_products(category);
CREATE TABLE pocketshelf_changes(sequence BIGINT PRIMARY KEY, product_id TEXT NOT NULL, kind TEXT NOT NULL);
"""
CATEGORIES = "SELECT category, count(*) FROM pocketshelf_products GROUP BY category ORDER BY category"
UPSERT = (
    f"INSERT INTO pocketshelf_products({COLUMNS}) VALUES(%s, %s, %s, %s, %s, %s, %s, %s) "
    "ON CONFLICT (product_id) DO UPDATE SET sequence = EXCLUDED.sequence, "
    "category = EXCLUDED.category, title = EXCLUDED.title, image = EXCLUDED.image, "
    "attributes = EXCLUDED.attributes, vectors = EXCLUDED.vectors, "
    "content_hash = EXCLUDED.content_hash"
)
FETCH = 2000


class PostgresCatalogue:
    """A `pocketshelf_server.catalogue.Catalogue` in a PostgreSQL database.

    Args:
        address: ``postgresql://…``; libpq's environment variables apply.
    """

    def __init__(self, address: str) -> None:
        """Open what `create` made.

        Raises:
            CatalogueError: the database cannot be reached, or holds no catalogue.
        """
        self._address = address
        self._local = threading.local()
        self._connections: list[psycopg.Connection] = []
        self._guard = threading.Lock()
        try:
            with self._errors():
                meta: dict[str, str] = dict(self.query("SELECT key, value FROM pocketshelf_meta"))
        except CatalogueError as error:
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
                raise CatalogueError(
                    "the database holds no catalogue; make one with `pocketshelf-server init`"
                ) from error
            raise
        self._space = space_from_meta(meta, "the database")

    @classmethod
    def create(cls, address: str, space: Space) -> PostgresCatalogue:
        """Make an empty catalogue for vectors of ``space``.

        Raises:
            CatalogueError: there is one already, or the database cannot be reached.
        """
        with _wrapped(), psycopg.connect(address) as connection:
            connection.execute(SCHEMA)
            with connection.cursor() as cursor:
                cursor.executemany("INSERT INTO pocketshelf_meta VALUES(%s, %s)", new_meta(space))
        return cls(address)

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
        return self.query("SELECT count(*) FROM pocketshelf_products")[0][0]

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        return dict(self.query(CATEGORIES))

    def apply(self, changes: Sequence[Upsert | Delete]) -> Applied:
        """Do all ``changes``, in their order, in one transaction."""
        check_changes(changes, self._space.dimension)
        with self.writing() as connection:
            sequence = _locked_sequence(connection)
            stored = dict(_by_id(connection, "product_id, content_hash", product_ids(changes)))
            plan = plan_changes(changes, stored, sequence)
            query = "DELETE FROM pocketshelf_products WHERE product_id = ANY(%s)"
            connection.execute(query, (list(plan.deletes),))
            with connection.cursor() as cursor:
                cursor.executemany(UPSERT, [to_columns(*item) for item in plan.upserts.values()])
            _log(connection, plan.log)
            _set_meta(connection, "sequence", plan.sequence)
        return plan.applied()

    def take_number(self, kind: str) -> int:
        """Log a change that touches no product; its number."""
        with self.writing() as connection:
            number = _locked_sequence(connection) + 1
            _log(connection, [Change(number, "", kind)])
            _set_meta(connection, "sequence", number)
        return number

    def content_hashes(self, product_ids: Iterable[str]) -> dict[str, str]:
        """The content hash of those of ``product_ids`` that are stored."""
        with self._errors():
            return dict(_by_id(self.connection(), "product_id, content_hash", product_ids))

    def titles(self, product_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """(title, category) of those of ``product_ids`` that are stored."""
        with self._errors():
            rows = _by_id(self.connection(), "product_id, title, category", product_ids)
            return {product_id: (title, category) for product_id, title, category in rows}

    def get(self, product_ids: Iterable[str]) -> dict[str, Row]:
        """The rows of those of ``product_ids`` that are stored."""
        with self._errors():
            return _get(self.connection(), product_ids, self._space.dimension)

    @contextmanager
    def reading(self) -> Iterator[PostgresView]:
        """The whole catalogue as it is at one instant."""
        with self._errors(), psycopg.connect(self._address) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield PostgresView(connection, self._space.dimension)

    def changes(self, since: int, limit: int) -> list[Change]:
        """The log after ``since``, oldest first, at most ``limit`` lines."""
        query = (
            "SELECT sequence, product_id, kind FROM pocketshelf_changes "
            "WHERE sequence > %s ORDER BY sequence LIMIT %s"
        )
        return [Change(*row) for row in self.query(query, (since, limit))]

    def compact(self, before: int) -> int:
        """Forget log lines numbered ``before`` and less; how many."""
        with self.writing() as connection:
            before = min(before, _locked_sequence(connection))
            gone = connection.execute(
                "DELETE FROM pocketshelf_changes WHERE sequence <= %s", (before,)
            ).rowcount
            if before > _read_meta(connection, "compacted"):
                _set_meta(connection, "compacted", before)
        return gone

    def close(self) -> None:
        """Close every thread's connection."""
        with self._guard:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
        self._local = threading.local()

    def connection(self) -> psycopg.Connection:
        """This thread's own connection, in autocommit mode; opened again if the server closed it."""
        connection = getattr(self._local, "connection", None)
        if connection is None or connection.closed:
            connection = self._local.connection = psycopg.connect(self._address, autocommit=True)
            with self._guard:
                self._connections = [known for known in self._connections if not known.closed]
                self._connections.append(connection)
        return connection

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple]:
        """Rows of a statement.

        Raises:
            CatalogueError: the database failed.
        """
        with self._errors():
            return self.connection().execute(sql, values).fetchall()  # type: ignore[call-overload]

    def _meta(self, key: str) -> int:
        return int(self.query("SELECT value FROM pocketshelf_meta WHERE key = %s", (key,))[0][0])

    @contextmanager
    def writing(self) -> Iterator[psycopg.Connection]:
        """One transaction on this thread's connection.

        Raises:
            CatalogueError: the database failed; nothing was written.
        """
        with self._errors():
            connection = self.connection()
            with connection.transaction():
                yield connection

    def execute(self, *statements: str) -> None:
        """Run statements without values, in one transaction; raises as `writing`."""
        with self.writing() as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        with _wrapped():
            yield


class PostgresView:
    """A `pocketshelf_server.catalogue.View`: one repeatable-read transaction."""

    def __init__(self, connection: psycopg.Connection, dimension: int) -> None:
        self._connection = connection
        self._dimension = dimension

    def sequence(self) -> int:
        """The number of the last change."""
        return _read_meta(self._connection, "sequence")

    def categories(self) -> dict[str, int]:
        """Products a category, by name."""
        return dict(self._connection.execute(CATEGORIES).fetchall())

    def entries(self) -> Iterator[Entry]:
        """Every product without its vectors, ordered by product_id."""
        query = (
            "SELECT product_id, sequence, category, attributes FROM pocketshelf_products ORDER BY product_id"
        )
        for product_id, sequence, category, attributes in self._stream("entries", query):
            yield Entry(product_id, sequence, category, json.loads(attributes))

    def rows(self) -> Iterator[Row]:
        """Every product with its vectors, ordered by product_id."""
        for row in self._stream("rows", f"SELECT {COLUMNS} FROM pocketshelf_products ORDER BY product_id"):
            yield from_columns(row, self._dimension)

    def get(self, product_ids: Iterable[str]) -> dict[str, Row]:
        """The rows of those of ``product_ids`` that are stored."""
        return _get(self._connection, product_ids, self._dimension)

    def tombstones(self) -> dict[str, int]:
        """Deleted products still in the log, with the number of their deletion."""
        query = (
            "SELECT product_id, max(sequence) FROM pocketshelf_changes c WHERE kind = 'delete' "
            "AND NOT EXISTS (SELECT 1 FROM pocketshelf_products p WHERE p.product_id = c.product_id) "
            "GROUP BY product_id"
        )
        return dict(self._connection.execute(query).fetchall())

    def _stream(self, name: str, query: str) -> Iterator[tuple]:
        # A cursor on the server: the whole catalogue would not fit beside itself in memory.
        with self._connection.cursor(f"pocketshelf_{name}") as cursor:
            cursor.itersize = FETCH
            yield from cursor.execute(query)  # type: ignore[call-overload]


def _log(connection: psycopg.Connection, changes: Iterable[Change]) -> None:
    rows = [(change.sequence, change.product_id, change.kind) for change in changes]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO pocketshelf_changes VALUES(%s, %s, %s)", rows)


def _locked_sequence(connection: psycopg.Connection) -> int:
    """The last number, its row locked until the transaction ends: one writer at a time."""
    query = "SELECT value FROM pocketshelf_meta WHERE key = 'sequence' FOR UPDATE"
    (value,) = connection.execute(query).fetchone()  # type: ignore[misc]
    return int(value)


def _read_meta(connection: psycopg.Connection, key: str) -> int:
    query = "SELECT value FROM pocketshelf_meta WHERE key = %s"
    (value,) = connection.execute(query, (key,)).fetchone()  # type: ignore[misc]
    return int(value)


def _set_meta(connection: psycopg.Connection, key: str, value: int) -> None:
    connection.execute("UPDATE pocketshelf_meta SET value = %s WHERE key = %s", (str(value), key))


def _by_id(connection: psycopg.Connection, columns: str, product_ids: Iterable[str]) -> list[tuple]:
    # What PostgreSQL cannot even hold cannot be stored.
    wanted = [product_id for product_id in product_ids if "\x00" not in product_id]
    query = f"SELECT {columns} FROM pocketshelf_products WHERE product_id = ANY(%s)"
    return connection.execute(query, (wanted,)).fetchall()  # type: ignore[call-overload]


def _get(connection: psycopg.Connection, product_ids: Iterable[str], dimension: int) -> dict[str, Row]:
    return {row[0]: from_columns(row, dimension) for row in _by_id(connection, COLUMNS, product_ids)}


@contextmanager
def _wrapped() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        line = " ".join(str(error).split())
        raise CatalogueError(
            f"PostgreSQL: {line}; check the address in config.json and the server"
        ) from error
