"""Shards: SQLite files that carry the products of a store. Format, version 1::

    meta(key TEXT PRIMARY KEY, value TEXT)
        format 'pocketshelf-shard' · version '1' · space · preprocessing (the embedder's preprocessing hash)
        · bundle (its name) · sequence (of the newest change in it) · dimension (D)
    products: the columns of `pocketshelf.formats.product`

The tables are ``contract/sql/shard.sql``. Rows are written in the order of their ids, so that the same
content is the same bytes.
"""

from __future__ import annotations

import functools
import json
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats.product import Product
from pocketshelf.formats.product_file import ProductFile
from pocketshelf.formats.space import Space

__all__ = ["Shard", "ShardMeta", "create_shard", "open_shard"]


@dataclass(frozen=True)
class ShardMeta:
    """What a shard is: see the module's description."""

    space: str
    preprocessing: str
    bundle: str
    sequence: int
    dimension: int

    @classmethod
    def of(cls, space: Space, sequence: int) -> ShardMeta:
        """That of a shard with vectors of ``space``."""
        return cls(space.name, space.preprocessing, space.bundle, sequence, space.dimension)

    def vectors_of(self) -> Space:
        """What its vectors mean."""
        return Space(self.space, self.preprocessing, self.bundle, self.dimension)


class Shard(ProductFile[ShardMeta]):
    """An open shard."""

    KIND, TABLE, META = "shard", "products", ShardMeta

    def __len__(self) -> int:
        ((count,),) = self.query("SELECT count(*) FROM products")
        return count

    def __iter__(self) -> Iterator[Product]:
        """Every product, by id."""
        return self.products()

    def get(self, product_id: str) -> Product | None:
        """The product with this id, if the shard has it."""
        return next(self.products("WHERE product_id = ?", product_id), None)

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


open_shard = Shard
"""Open a shard for reading: see `ProductFile`."""


def create_shard(path: str | Path, meta: ShardMeta, products: Iterable[Product]) -> int:
    """Write a new shard; returns the number of products. ``products`` may come in any order.

    Raises:
        StoreError: the file exists or cannot be written, an id comes twice, or a row does not fit.
    """
    return Shard.create(Path(path), meta, products)
