"""Shards: SQLite files that carry the products of a store. Format, version 1::

    meta(key TEXT PRIMARY KEY, value TEXT)
        format 'pocketshelf-shard' · version '1' · space · preprocessing (the embedder's preprocessing hash)
        · bundle (its name) · sequence (of the newest change in it) · dimension (D)
    products: the columns of `pocketshelf.formats.product`

The tables are ``contract/sql/shard.sql``. Rows are written in the order of their ids, so that the same
content is the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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

    def of_ids(self, product_ids: Sequence[str]) -> Iterator[Product]:
        """The products with these ids (at most 999), of those that the shard has: sooner than one by one."""
        return self.products(f"WHERE product_id IN ({', '.join('?' * len(product_ids))})", *product_ids)

    def first_pictures(self, product_ids: Sequence[str]) -> dict[str, np.ndarray]:
        """The first picture, int8 (D,), of the products with these ids (at most 999), of those it has.

        Raises:
            StoreError: the shard is damaged.
        """
        chosen = f"WHERE product_id IN ({', '.join('?' * len(product_ids))})"
        first = f"SELECT product_id, substr(vectors, 1, {self.meta.dimension}) FROM products {chosen}"
        rows = dict(self.query(first, *product_ids))
        if not all(isinstance(row, bytes) and len(row) == self.meta.dimension for row in rows.values()):
            raise StoreError(f"{self.path}: bad vectors; sync or build it again")
        return {name: np.frombuffer(row, np.int8) for name, row in rows.items()}

    def categories(self) -> dict[str, int]:
        """Category → number of products, in alphabetical order."""
        found = dict(
            self.query("SELECT category, count(*) FROM products GROUP BY category ORDER BY category")
        )
        if not all(isinstance(category, str) for category in found):
            raise StoreError(f"{self.path}: a category is no text; sync or build it again")
        return found

    def ids(self, rows: Iterable[int]) -> dict[int, str]:
        """Row → its product's id."""
        chosen = "WHERE rowid IN (SELECT value FROM json_each(?))"
        return dict(self.query(f"SELECT rowid, product_id FROM products {chosen}", json.dumps(list(rows))))


open_shard = Shard
"""Open a shard for reading: see `ProductFile`."""


def create_shard(path: str | Path, meta: ShardMeta, products: Iterable[Product]) -> int:
    """Write a new shard; returns the number of products. ``products`` may come in any order.

    Raises:
        StoreError: the file exists or cannot be written, an id comes twice, or a row does not fit.
    """
    return Shard.create(Path(path), meta, products)
