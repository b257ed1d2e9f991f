"""sqlite-vec: an exact scan inside SQLite, in a temporary file that no other process can open.

SQLite makes the file without a name, and it is gone with the process: nothing that lay on a disk is ever
taken for an index, and each start makes it anew from the catalogue (three seconds for 100,000 vectors). One
connection serves all threads, in turn.

It needs a SQLite that can load extensions. Many Pythons' own cannot (``python -c "import sqlite3;
sqlite3.Connection.enable_load_extension"``); then the package pysqlite3-binary is used.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf.formats.sqlite_file import transaction
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search.follow import pending
from pocketshelf_server.search.protocol import best_per_product

__all__ = ["SqliteVecIndex"]

REBUILD_CHANGES = 100_000
# sqlite-vec refuses a larger k.
MAX_K = 4096


class SqliteVecIndex:
    """A `pocketshelf_server.search.VectorIndex` in a ``vec0`` table.

    Raises:
        CatalogueError: sqlite-vec is not installed, or no SQLite here can load it.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._dimension = catalogue.space.dimension
        self._guard = threading.Lock()
        self._sqlite = _loadable_sqlite()
        with self._errors():
            self._connection = self._open()
            self._create()

    def close(self) -> None:
        """Close the file, which goes with it."""
        with self._guard:
            self._connection.close()

    def refresh(self) -> int:
        """Take in what changed, in one transaction."""
        with self._guard, self._errors():
            connection = self._connection
            ((since, most),) = connection.execute("SELECT sequence, most FROM state")
            if since == self._catalogue.sequence():
                return since
            with transaction(connection):
                return self._take_in(connection, since, most)

    def _take_in(self, connection: Any, since: int, most: int) -> int:
        changes = pending(self._catalogue, since, REBUILD_CHANGES)
        if changes is None:
            connection.execute("DELETE FROM vectors")
            connection.execute("DELETE FROM owners")
            with self._catalogue.reading() as view:
                sequence = view.sequence()
                most = _insert(connection, view.products(), 1)
        else:
            sequence = changes.sequence
            for product_id in changes.touched:
                query = "DELETE FROM owners WHERE product_id = ? RETURNING row"
                gone = connection.execute(query, (product_id,)).fetchall()
                connection.executemany("DELETE FROM vectors WHERE rowid = ?", gone)
            most = _insert(connection, changes.products.values(), most)
        connection.execute("UPDATE state SET sequence = ?, most = ?", (sequence, most))
        return sequence

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products to the query as int8, exact as far as 4,096 pictures reach."""
        with self._guard, self._errors():
            connection = self._connection
            ((most,),) = connection.execute("SELECT most FROM state")
            blob = quantize_vectors(query).tobytes()
            wanted = min(k * most, MAX_K)
            scored: list[tuple[str, float]] = []
            # The category is a partition of the table: one that is not asked for is not read.
            for category in [None] if categories is None else sorted(categories):
                clause, values = ("", ()) if category is None else (" AND category = ?", (category,))
                rows = connection.execute(
                    "SELECT o.product_id, v.distance FROM (SELECT rowid, distance FROM vectors WHERE "
                    f"embedding MATCH vec_int8(?) AND k = ?{clause}) v JOIN owners o ON o.row = v.rowid",
                    (blob, wanted, *values),
                )
                scored += [(product_id, 1.0 - distance) for product_id, distance in rows]
        return best_per_product(scored, k)

    def _create(self) -> None:
        self._connection.executescript(
            f"""
            CREATE VIRTUAL TABLE vectors USING vec0(category TEXT PARTITION KEY,
                embedding INT8[{self._dimension}] DISTANCE_METRIC=cosine);
            CREATE TABLE owners(row INTEGER PRIMARY KEY, product_id TEXT NOT NULL);
            CREATE INDEX owners_by_product ON owners(product_id);
            CREATE TABLE state(id INTEGER PRIMARY KEY CHECK (id = 1),
                sequence INTEGER NOT NULL, most INTEGER NOT NULL);
            INSERT INTO state VALUES(1, -1, 1);
            """
        )

    def _open(self) -> Any:
        connection = self._sqlite.connect("", isolation_level=None, check_same_thread=False)
        _load(connection)
        return connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._sqlite.Error as error:
            raise CatalogueError(
                f"sqlite-vec's temporary file: {error}; make room in SQLITE_TMPDIR, or set index to 'scan'"
            ) from error


def _insert(connection: Any, products: Iterable[Product], most: int) -> int:
    """Add the vectors of ``products``; the most that one product has, at least ``most``."""
    (last,) = connection.execute("SELECT coalesce(max(row), 0) FROM owners").fetchone()
    for product in products:
        most = max(most, len(product.vectors))
        for vector in product.vectors:
            last += 1
            connection.execute("INSERT INTO owners VALUES(?, ?)", (last, product.product_id))
            connection.execute(
                "INSERT INTO vectors(rowid, category, embedding) VALUES(?, ?, vec_int8(?))",
                (last, product.category, vector.tobytes()),
            )
    return most


def _loadable_sqlite() -> Any:
    """A DB-API module whose connections can load extensions."""
    import sqlite3

    if hasattr(sqlite3.Connection, "enable_load_extension"):
        return sqlite3
    try:
        import pysqlite3
    except ImportError as error:
        raise CatalogueError(
            "this Python's SQLite cannot load sqlite-vec: pip install pysqlite3-binary, or set index 'scan'"
        ) from error
    return pysqlite3


def _load(connection: Any) -> None:
    try:
        import sqlite_vec
    except ImportError as error:
        raise CatalogueError("index 'sqlite-vec' needs the package: pip install sqlite-vec") from error
    connection.enable_load_extension(True)
    sqlite_vec.load(connection)
    connection.enable_load_extension(False)
