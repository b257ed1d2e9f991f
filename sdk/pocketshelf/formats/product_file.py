"""An open file of products: what shards and deltas share."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from pocketshelf.errors import StoreError, one_line
from pocketshelf.formats import sqlite_file
from pocketshelf.formats.product import NAMES, Product
from pocketshelf.formats.product_rules import MAX_TEXT, check_row, check_texts, read_row
from pocketshelf.formats.strict_json import MAX_INTEGER

__all__ = ["Meta", "ProductFile"]

Meta = TypeVar("Meta")
# Numbers a vector; models have some hundreds.
MAX_DIMENSION = 65_536
# So many rows are fetched at a time.
_ROWS = 256


class ProductFile(AbstractContextManager, Generic[Meta]):
    """An open read-only file of one of the two formats; a context manager. Safe to share between threads.

    One that is closed under a query of another thread is an error there, as it is afterwards.

    Attributes:
        path, meta: the file and what it says of itself.
        connection: to the file.
    """

    KIND: ClassVar[str]
    """The format's name after "pocketshelf-", and that of its tables and checks in ``contract/sql``."""
    TABLE: ClassVar[str]
    META: ClassVar[type]
    VERSION: ClassVar[int] = 1

    def __init__(self, path: str | Path, connection: sqlite3.Connection | None = None) -> None:
        """Look at schema and meta; `check` reads the file whole.

        Args:
            connection: used, and closed, instead of one that is opened here.

        Raises:
            StoreError: the file is missing, damaged, or of another format or version.
        """
        self.path = Path(path)
        # Reentrant: a signal's handler may close what its thread is reading.
        self._lock = threading.RLock()
        self.connection = connection or sqlite_file.connect(self.path)
        try:
            found = sqlite_file.read_meta(
                self.connection, self.path, f"pocketshelf-{self.KIND}", self.VERSION
            )
            sqlite_file.check_schema(self.connection, self.path, self.KIND)
            self.meta: Meta = self.META(**_typed_meta(found, self.META, self.path))
        except BaseException:
            self.close()
            raise
        self._dimension = int(found["dimension"])

    @classmethod
    def create(cls, path: Path, meta: Any, products: Iterable[Product], **more: Iterable[tuple]) -> int:
        """Write a new file; the number of products.

        Args:
            more: rows of further tables, by the table's name.

        Raises:
            StoreError: the file exists or cannot be written, an id comes twice, or a row does not fit.
        """
        kind = {"format": f"pocketshelf-{cls.KIND}", "version": cls.VERSION}
        with sqlite_file.create(path, cls.KIND) as connection:
            sqlite_file.write_meta(connection, {**kind, **vars(meta)})
            count = _insert(connection, path, cls.TABLE, products, meta.dimension)
            for table, rows in more.items():
                connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)
        return count

    def close(self) -> None:
        """Close the file; using it afterwards is an error."""
        with self._lock:
            self.connection.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def query(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement, with SQLite's errors as `StoreError`."""
        with sqlite_file.wrapped(self.path):
            with self._lock:
                cursor = self.connection.execute(sql, values)
            while rows := self._fetch(cursor):
                yield from rows

    def _fetch(self, cursor: sqlite3.Cursor) -> list[tuple[Any, ...]]:
        with self._lock:
            return cursor.fetchmany(_ROWS)

    def products(self, condition: str = "", *values: Any) -> Iterator[Product]:
        """The products for which ``condition`` (a WHERE clause) holds, by id."""
        for row in self.query(f"SELECT {NAMES} FROM {self.TABLE} {condition} ORDER BY product_id", *values):
            try:
                yield read_row(row, self._dimension)
            except (ValueError, TypeError) as error:
                raise StoreError(f"{self.path}: {error}; sync or build it again") from error

    def check(self) -> None:
        """Read everything and compare it with the format.

        Most of it is SQL, which runs without holding Python's lock: a search goes on meanwhile.

        Raises:
            StoreError: the first fault found.
        """
        sqlite_file.check_integrity(self.connection, self.path)
        values = {**vars(self.meta), "max_text": MAX_TEXT}
        with sqlite_file.wrapped(self.path):
            for statement in sqlite_file.statements(f"check_{self.KIND}"):
                for what, product_id in self.connection.execute(statement, values):
                    who = str(product_id)[:80]
                    raise StoreError(f"{self.path}: holds a {what} (product {who!r}); sync or build it again")
        # What SQL cannot say; and it stores bytes that are no UTF-8 without complaint.
        for texts in self.query(f"SELECT product_id, category, title, image, attributes FROM {self.TABLE}"):
            try:
                check_texts(*texts)
            except ValueError as error:
                raise StoreError(f"{self.path}: {one_line(error)}; sync or build it again") from error


def _typed_meta(meta: dict[str, str], kind: type, path: Path) -> dict[str, Any]:
    """The fields of ``kind`` out of ``meta``, integers as such."""
    values: dict[str, Any] = {}
    for name, annotation in kind.__annotations__.items():
        text = meta.get(name)
        if not isinstance(text, str) or not text:
            raise StoreError(f"{path}: its meta lacks {name!r}")
        if annotation == "int" and not (text.isascii() and text.isdigit()):
            raise StoreError(f"{path}: its meta has {name} = {text!r}, not a number")
        if annotation == "int" and (len(text) > 19 or int(text) > MAX_INTEGER):
            raise StoreError(f"{path}: its meta has {name} = {text[:19]}…, beyond 63 bits")
        values[name] = int(text) if annotation == "int" else text
    if not 1 <= values["dimension"] <= MAX_DIMENSION:
        raise StoreError(f"{path}: its meta has dimension {values['dimension']}, not 1 to {MAX_DIMENSION}")
    return values


def _insert(
    connection: sqlite3.Connection, path: Path, table: str, products: Iterable[Product], dimension: int
) -> int:
    """Add ``products`` in the order of their ids, so that the same content is the same bytes; how many."""
    rows = sorted((_checked_row(product, path, dimension) for product in products), key=lambda row: row[0])
    try:
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    except sqlite3.IntegrityError as error:
        raise StoreError(f"{path}: a product id comes twice ({error})") from error
    return len(rows)


def _checked_row(product: Product, path: Path, dimension: int) -> tuple[Any, ...]:
    try:
        row = product.to_row()
        check_row(row, dimension)
    except (ValueError, TypeError) as error:
        raise StoreError(f"{path}: {error}") from error
    return row
