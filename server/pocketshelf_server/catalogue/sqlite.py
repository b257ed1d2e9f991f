"""The default catalogue: one SQLite file, no server to run."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Space
from pocketshelf.formats.sqlite_file import transaction
from pocketshelf_server.catalogue.base import Catalogue, new_meta
from pocketshelf_server.catalogue.view import Dialect, View
from pocketshelf_server.connections import ThreadConnections
from pocketshelf_server.owner import RUN_AS_ITS_USER, is_not_let

__all__ = ["SqliteCatalogue"]

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
DIALECT = Dialect(
    prefix="",
    mark="?",
    id_in="IN (SELECT value FROM json_each(?))",
    ids=lambda product_ids: json.dumps(list(product_ids)),
    has_table="SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?",
    blob="BLOB",
)


class SqliteCatalogue(Catalogue):
    """A `pocketshelf_server.catalogue.Catalogue` in a file; write-ahead logging, so readers never wait."""

    def __init__(self, path: Path) -> None:
        """Open a file that `create` made.

        Raises:
            CatalogueError: it is missing or no catalogue.
        """
        self._path = Path(path)
        if not self._path.is_file():
            raise CatalogueError(f"{path}: no catalogue; make one with `pocketshelf-server init`")
        super().__init__(DIALECT, str(path), ThreadConnections(self._open))

    @classmethod
    def create(cls, path: Path, space: Space) -> SqliteCatalogue:
        """Make an empty catalogue for vectors of ``space``.

        Raises:
            CatalogueError: the file exists, or cannot be written.
        """
        if Path(path).exists():
            raise CatalogueError(f"{path}: exists already")
        try:
            with closing(sqlite3.connect(path)) as connection, connection:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.executescript(SCHEMA)
                connection.executemany("INSERT INTO meta VALUES(?, ?)", new_meta(space))
        except sqlite3.Error as error:
            raise CatalogueError(f"{path}: {error}") from error
        return cls(path)

    @contextmanager
    def reading(self) -> Iterator[View]:
        """The whole catalogue as it is at one instant."""
        with self.errors(), closing(self._open()) as connection:
            connection.execute("BEGIN")
            yield View(connection, self._dialect, self.space.dimension)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction on this thread's connection, which holds the write lock from its start."""
        with self.errors(), transaction(self.connection()):
            yield self.connection()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA synchronous={SYNCHRONOUS}")
        return connection

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turns SQLite's errors into `CatalogueError`."""
        try:
            yield
        except sqlite3.Error as error:
            raise CatalogueError(f"{self._path}: {error}{_remedy(error, self._path)}") from error


def _remedy(error: sqlite3.Error, path: Path) -> str:
    if is_not_let(error, path):
        return f"; {RUN_AS_ITS_USER}"
    return "; is its disk full?" if "disk" in str(error) else ""
