"""The catalogue in PostgreSQL, for when one machine is not enough.

Same tables as the SQLite one, with a prefix. The row ``sequence`` of the meta table is locked by each
writer, so that numbers are given out in the order of the commits. Several sites share a database when
each address names a schema: ``postgresql://host/db?options=-csearch_path%3Dberlin,public``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from pocketshelf.errors import CatalogueError, one_line
from pocketshelf.formats import Space
from pocketshelf_server.catalogue.base import Catalogue, new_meta
from pocketshelf_server.catalogue.view import Dialect, View
from pocketshelf_server.connections import ThreadConnections

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
DIALECT = Dialect(
    prefix="pocketshelf_",
    mark="%s",
    id_in="= ANY(?)",
    # What PostgreSQL cannot even hold cannot be stored.
    ids=lambda product_ids: [product_id for product_id in product_ids if "\x00" not in product_id],
    has_table="SELECT 1 WHERE to_regclass(%s) IS NOT NULL",
    blob="BYTEA",
    locked=" FOR UPDATE",
)
FETCH = 2000
# Until a database that is silent, as behind a cut network, is given up; an address may say otherwise. TCP by
# itself would wait for a quarter of an hour, and with it every thread of the server.
PATIENCE: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}


class PostgresCatalogue(Catalogue):
    """A `pocketshelf_server.catalogue.Catalogue` in a PostgreSQL database.

    Args:
        address: ``postgresql://…``; libpq's environment variables apply.
    """

    def __init__(self, address: str) -> None:
        """Open what `create` made.

        Raises:
            CatalogueError: the database cannot be reached, or holds no catalogue.
        """
        self._address = _checked(address)
        connections = ThreadConnections(lambda: psycopg.connect(self._address, autocommit=True))
        try:
            super().__init__(DIALECT, "the database", connections)
        except CatalogueError as error:
            if isinstance(error.__cause__, psycopg.errors.UndefinedTable):
                raise CatalogueError(
                    "the database holds no catalogue; make one with `pocketshelf-server init`"
                ) from error
            raise

    @classmethod
    def create(cls, address: str, space: Space) -> PostgresCatalogue:
        """Make an empty catalogue for vectors of ``space``.

        Raises:
            CatalogueError: there is one already, or the database cannot be reached.
        """
        with cls.errors(), psycopg.connect(_checked(address)) as connection:
            connection.execute(SCHEMA)
            connection.cursor().executemany("INSERT INTO pocketshelf_meta VALUES(%s, %s)", new_meta(space))
        return cls(address)

    @contextmanager
    def reading(self) -> Iterator[View]:
        """The whole catalogue as it is at one instant."""
        with self.errors(), psycopg.connect(self._address) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield PostgresView(connection, self._dialect, self.space.dimension)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """One transaction on this thread's connection.

        Raises:
            CatalogueError: the database failed; nothing was written.
        """
        with self.errors(), self.connection().transaction():
            yield self.connection()

    def query(self, sql: str, values: Sequence[Any] = ()) -> list[tuple]:
        """Rows of a statement.

        Raises:
            CatalogueError: the database failed.
        """
        with self.errors():
            return self.connection().execute(sql, values).fetchall()  # type: ignore[call-overload]

    @staticmethod
    @contextmanager
    def errors() -> Iterator[None]:
        """Turns PostgreSQL's errors into `CatalogueError`."""
        try:
            yield
        except psycopg.Error as error:
            remedy = "check the address in config.json and the server"
            raise CatalogueError(f"PostgreSQL: {one_line(error, 1000)}; {remedy}") from error


def _checked(address: str) -> str:
    """``address`` with `PATIENCE`, once libpq can read it: what it says else may quote the password.

    Raises:
        CatalogueError: it cannot.
    """
    try:
        parts = conninfo_to_dict(address)
        ports = str(parts.get("port") or "1").split(",")
        if "@" not in str(parts.get("host")) and all(port.isdecimal() or not port for port in ports):
            return make_conninfo(**{**PATIENCE, **parts})
    except (psycopg.ProgrammingError, ValueError):
        pass
    raise CatalogueError(
        "PostgreSQL: the address cannot be read; write what is special in its password (@ : / # ? %) as %40, "
        "%3A, … or leave the password to PGPASSWORD or ~/.pgpass"
    )


class PostgresView(View):
    """A `pocketshelf_server.catalogue.View`: one repeatable-read transaction."""

    def _stream(self, name: str, columns: str) -> Iterator[tuple]:
        query = self._dialect.translate(f"SELECT {columns} FROM {{p}}products ORDER BY product_id")
        # A cursor on the server: the whole catalogue would not fit beside itself in memory.
        with self._connection.cursor(f"pocketshelf_{name}") as cursor:
            cursor.itersize = FETCH
            yield from cursor.execute(query)
