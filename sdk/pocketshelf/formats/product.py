"""One product with its int8 vectors: the row that shards and deltas share, and the files of such rows.

Columns: product_id TEXT PRIMARY KEY · sequence INTEGER · category TEXT · title TEXT · image TEXT or NULL ·
attributes TEXT (a JSON object) · vectors BLOB.

``vectors`` holds n · D bytes: n pictures, one after the other, each D signed bytes. A picture's float
vector v is stored as round(v · 127 / max|v|): cosine does not care for the length, so that no scale needs
keeping.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats import sqlite_file
from pocketshelf.formats.sqlite_file import wrapped

__all__ = [
    "COLUMNS",
    "NAMES",
    "Product",
    "ProductFile",
    "insert_products",
    "open_product_file",
    "quantize_vectors",
]

Meta = TypeVar("Meta")

COLUMNS = (
    "product_id TEXT PRIMARY KEY, sequence INTEGER NOT NULL, category TEXT NOT NULL, title TEXT NOT NULL, "
    "image TEXT, attributes TEXT NOT NULL, vectors BLOB NOT NULL"
)
NAMES = "product_id, sequence, category, title, image, attributes, vectors"


def quantize_vectors(vectors: np.ndarray) -> np.ndarray:
    """Float (n, D), or (D,), to int8 of the same shape, each vector scaled to ±127.

    Raises:
        ValueError: a vector is not finite.
    """
    vectors = np.asarray(vectors, dtype=np.float32)
    if not np.isfinite(vectors).all():
        raise ValueError("a vector holds NaN or infinity")
    top = np.abs(vectors).max(axis=-1, keepdims=True)
    # Divided first: 127 / top would overflow for vectors of nearly no length.
    return np.rint(vectors / np.where(top > 0, top, 1.0) * 127).astype(np.int8)


@dataclass(frozen=True)
class Product:
    """One row.

    Attributes:
        sequence: number of the change that last touched it.
        image: the picture as the catalogue names it (a path or URL), or None.
        vectors: int8 (n, D), one row a picture.
    """

    product_id: str
    sequence: int
    category: str
    title: str
    image: str | None
    vectors: np.ndarray = field(repr=False, compare=False)
    attributes: dict[str, Any] = field(default_factory=dict)

    def to_row(self) -> tuple[Any, ...]:
        """The values in the order of the table's columns."""
        attributes = json.dumps(self.attributes, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        vectors = np.ascontiguousarray(self.vectors, dtype=np.int8)
        return (
            self.product_id,
            self.sequence,
            self.category,
            self.title,
            self.image,
            attributes,
            vectors.tobytes(),
        )

    @classmethod
    def from_row(cls, row: tuple[Any, ...], dimension: int) -> Product:
        """The inverse of `to_row`.

        Raises:
            ValueError: a value does not fit the format; the message names the product.
        """
        product_id, sequence, category, title, image, attributes, blob = row
        if not isinstance(product_id, str) or not product_id:
            raise ValueError("a product without an id")
        texts = isinstance(category, str) and isinstance(title, str) and isinstance(image, str | None)
        if not texts or not isinstance(sequence, int) or not isinstance(blob, bytes):
            raise ValueError(f"product {product_id!r}: a column of the wrong type")
        if not blob or len(blob) % dimension:
            raise ValueError(f"product {product_id!r}: {len(blob)} bytes are no vectors of {dimension}")
        parsed = json.loads(attributes)
        if not isinstance(parsed, dict):
            raise ValueError(f"product {product_id!r}: attributes are no JSON object")
        vectors = np.frombuffer(blob, dtype=np.int8).reshape(-1, dimension)
        return cls(product_id, sequence, category, title, image, vectors, parsed)


class ProductFile:
    """An open read-only file of one of the two formats; a context manager."""

    def __init__(self, path: Path, connection: sqlite3.Connection, dimension: int) -> None:
        self.path = path
        self.connection = connection
        self._dimension = dimension

    def close(self) -> None:
        """Close the file; using it afterwards is an error."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def query(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement, with SQLite's errors as `StoreError`."""
        with wrapped(self.path):
            yield from self.connection.execute(sql, values)

    def rows(self, sql: str, *values: Any) -> Iterator[Product]:
        """`Product` for every row of a statement that selects the columns `NAMES`."""
        for row in self.query(sql, *values):
            try:
                yield Product.from_row(row, self._dimension)
            except (ValueError, TypeError) as error:
                raise StoreError(f"{self.path}: {error}; sync or build it again") from error


def open_product_file(
    path: Path, kind: str, version: int, tables: Mapping[str, str], meta: type[Meta]
) -> tuple[sqlite3.Connection, Meta]:
    """A read-only connection to a file of format ``kind``, and what the file says of itself.

    Raises:
        StoreError: it is missing, damaged, or of another format or version.
    """
    connection = sqlite_file.connect(path)
    try:
        found = sqlite_file.read_meta(connection, path, kind, version)
        sqlite_file.check_schema(connection, path, tables)
        return connection, meta(**_typed_meta(found, meta, path))
    except BaseException:
        connection.close()
        raise


def _typed_meta(meta: dict[str, str], kind: type, path: Path) -> dict[str, Any]:
    """The fields of ``kind`` out of ``meta``, integers as such."""
    values: dict[str, Any] = {}
    for name, annotation in kind.__annotations__.items():
        text = meta.get(name)
        if not isinstance(text, str) or not text:
            raise StoreError(f"{path}: its meta lacks {name!r}")
        if annotation == "int" and not (text.isascii() and text.isdigit()):
            raise StoreError(f"{path}: its meta has {name} = {text!r}, not a number")
        values[name] = int(text) if annotation == "int" else text
    if values["dimension"] < 1:
        raise StoreError(f"{path}: its meta has dimension 0")
    return values


def insert_products(
    connection: sqlite3.Connection, path: Path, table: str, products: Iterable[Product], dimension: int
) -> int:
    rows = sorted((_checked_row(product, path, dimension) for product in products), key=lambda row: row[0])
    try:
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    except sqlite3.IntegrityError as error:
        raise StoreError(f"{path}: a product id comes twice ({error})") from error
    return len(rows)


def _checked_row(product: Product, path: Path, dimension: int) -> tuple[Any, ...]:
    row = product.to_row()
    try:
        Product.from_row(row, dimension)
    except ValueError as error:
        raise StoreError(f"{path}: {error}") from error
    return row
