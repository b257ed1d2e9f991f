"""Shards: SQLite files that carry the products of a store. Format, version 1::

    meta(key TEXT PRIMARY KEY, value TEXT)
        format 'pocketshelf-shard' · version '1' · space · preprocessing (the embedder's preprocessing hash)
        · bundle (its name) · sequence (of the newest change in it) · dimension (D)
    products: the columns of `pocketshelf.formats.product`

Rows are written in the order of their ids, so that the same content is the same bytes.
"""

from __future__ import annotations

import functools
import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats import sqlite_file
from pocketshelf.formats.product import (
    COLUMNS,
    NAMES,
    Product,
    ProductFile,
    insert_products,
    open_product_file,
    quantize_vectors,
)

__all__ = ["Product", "Shard", "ShardMeta", "create_shard", "open_shard", "quantize_vectors"]

FORMAT, VERSION = "pocketshelf-shard", 1
TABLES = {"meta": sqlite_file.META_TABLE, "products": f"CREATE TABLE products({COLUMNS})"}


@dataclass(frozen=True)
class ShardMeta:
    """What a shard is: see the module's description."""

    space: str
    preprocessing: str
    bundle: str
    sequence: int
    dimension: int


class Shard(ProductFile):
    """An open shard.

    Attributes:
        path, meta: the file and what it says of itself.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, meta: ShardMeta) -> None:
        super().__init__(path, connection, meta.dimension)
        self.meta = meta

    def __len__(self) -> int:
        ((count,),) = self.query("SELECT count(*) FROM products")
        return count

    def __iter__(self) -> Iterator[Product]:
        """Every product, by id."""
        return self.rows(f"SELECT {NAMES} FROM products ORDER BY product_id")

    def get(self, product_id: str) -> Product | None:
        """The product with this id, if the shard has it."""
        return next(self.rows(f"SELECT {NAMES} FROM products WHERE product_id = ?", product_id), None)

    def categories(self) -> dict[str, int]:
        """Category → number of products, in alphabetical order."""
        return {name: len(rows) for name, rows in self._rows_by_category.items()}

    def owners(self, category: str) -> tuple[list[str], np.ndarray]:
        """Whose pictures a category holds.

        Returns:
            the products' ids, ascending; int64 (n,): for each picture its product's place among them.
        """
        rows = list(self._in_category("product_id, length(vectors)", category))
        counts = [size // self.meta.dimension for _, size in rows]
        return [product_id for product_id, _ in rows], np.repeat(np.arange(len(rows), dtype=np.int64), counts)

    def vectors(self, category: str) -> np.ndarray:
        """int8 (n, D): the category's pictures in the order of `owners`.

        Raises:
            StoreError: a product's vectors are damaged.
        """
        blobs: list[bytes] = []
        for product_id, blob in self._in_category("product_id, vectors", category):
            if not isinstance(blob, bytes) or not blob or len(blob) % self.meta.dimension:
                raise StoreError(f"{self.path}: product {product_id!r}: bad vectors; sync or build it again")
            blobs.append(blob)
        return np.frombuffer(b"".join(blobs), dtype=np.int8).reshape(-1, self.meta.dimension)

    @functools.cached_property
    def _rows_by_category(self) -> dict[str, array[int]]:
        """The format has no index on categories: one pass over the file serves them all."""
        found: dict[str, array[int]] = {}
        for category, row in self.query("SELECT category, rowid FROM products"):
            if not isinstance(category, str):
                raise StoreError(f"{self.path}: a category is no text; sync or build it again")
            found.setdefault(category, array("q")).append(row)
        return dict(sorted(found.items()))

    def _in_category(self, columns: str, category: str) -> Iterator[tuple[Any, ...]]:
        rows = json.dumps(list(self._rows_by_category.get(category, ())))
        chosen = "WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY product_id"
        return self.query(f"SELECT {columns} FROM products {chosen}", rows)

    def check(self) -> None:
        """Read everything and compare it with the format.

        Raises:
            StoreError: the first fault found.
        """
        sqlite_file.check_schema(self.connection, self.path, TABLES)
        sqlite_file.check_integrity(self.connection, self.path)
        for product in self:
            if product.sequence > self.meta.sequence:
                raise StoreError(f"{self.path}: product {product.product_id!r} is newer than its shard")


def create_shard(path: str | Path, meta: ShardMeta, products: Iterable[Product]) -> int:
    """Write a new shard; returns the number of products. ``products`` may come in any order.

    Raises:
        StoreError: the file exists or cannot be written, an id comes twice, or a row does not fit.
    """
    path = Path(path)
    with sqlite_file.create(path, TABLES) as connection:
        sqlite_file.write_meta(connection, {"format": FORMAT, "version": VERSION, **vars(meta)})
        return insert_products(connection, path, "products", products, meta.dimension)


def open_shard(path: str | Path) -> Shard:
    """Open a shard for reading; `Shard.check` reads it whole, this looks at schema and meta only.

    Raises:
        StoreError: it is missing, damaged, or of another format or version.
    """
    path = Path(path)
    return Shard(path, *open_product_file(path, FORMAT, VERSION, TABLES, ShardMeta))
