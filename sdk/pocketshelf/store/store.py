"""An open store: one generation of it, for reading."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.layout import Layout
from pocketshelf.formats.product import Product
from pocketshelf.formats.shard import Shard, ShardMeta, create_shard, open_shard
from pocketshelf.formats.space import require_same, space_of
from pocketshelf.store.digest import DigestCheck, standing
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.store.folder import StoreFolder
from pocketshelf.store.layouts import map_file, open_layout
from pocketshelf.store.writer import StoreWriter
from pocketshelf.types import StoreInfo

__all__ = ["Store", "current_sequence"]

# Between reading the pointer and opening its shard, a writer may publish twice and prune.
_ATTEMPTS = 5


class Store(AbstractContextManager):
    """The generation that was current when it was opened; it stays readable while others replace it.

    Attributes:
        folder: the store's paths.
        generation: name of the opened generation.
    """

    def __init__(self, folder: StoreFolder, generation: str) -> None:
        """Open one generation; its shard is compared with its digest, if it is large while it is used.

        Raises:
            StoreError: it is missing or damaged.
        """
        self.folder = folder
        self.generation = generation
        self._check = DigestCheck(folder, generation)
        self._layout: Layout | None = None
        # Reentrant: a signal's handler may close what its thread is searching.
        self._lock = threading.RLock()
        try:
            self._shard = open_shard(folder.shard(generation))
            try:
                self._data: np.ndarray | None = map_file(folder.shard(generation))
            except BaseException:
                self._shard.close()
                raise
        except BaseException:
            self._check.stop()
            raise

    @property
    def shard(self) -> Shard:
        """The products.

        Raises:
            StoreError: the shard has been found not to be the one that was written.
        """
        self._check.require_sound()
        return self._shard

    @property
    def data(self) -> np.ndarray:
        """The shard's bytes, uint8 (n,), mapped: they are read where they are looked at.

        Raises:
            StoreError: as `shard`, or the store has been closed.
        """
        self._check.require_sound()
        data = self._data
        if data is None:
            raise StoreError(f"{self._shard.path}: it has been closed; open it again")
        return data

    @property
    def layout(self) -> Layout:
        """Where the products' pictures are in `data`; made, and kept beside the shard, where it is missing.

        Raises:
            StoreError: the shard is damaged.
        """
        shard = self.shard
        with self._lock:
            if self._layout is None:
                folder = self.folder.index(self.generation)
                self._layout = open_layout(shard, self.data, self.digest, folder)
            return self._layout

    def sample(self) -> np.ndarray:
        """The first picture of each of some products drawn from all, int8 (n, D); the same in every session.

        Raises:
            StoreError: the shard is damaged.
        """
        data, layout = self.data, self.layout
        out = np.empty((len(layout.sample), layout.dimension), np.int8)
        layout.gather_each(data, layout.starts[layout.sample], out)
        return out

    def some_of(self, category: str, most: int = 32) -> np.ndarray:
        """The first picture of ``most`` products of a category, or of all it has; int8 (n, D).

        They are evenly apart in the order of their rows: of c products those at ⌊i · c / most⌋.

        Raises:
            StoreError: the shard is damaged.
        """
        data, layout = self.data, self.layout
        first, last = layout.spans.get(category, (0, 0))
        count = last - first
        most = min(most, count)
        chosen = first + np.arange(most) * count // max(most, 1)
        out = np.empty((len(chosen), layout.dimension), np.int8)
        layout.gather_each(data, layout.starts[chosen], out)
        return out

    @property
    def digest(self) -> str:
        """The shard's SHA-256."""
        return self._check.digest

    @classmethod
    def open(cls, path: str | Path) -> Store:
        """Open the current generation of the store at ``path``.

        Raises:
            StoreError: there is no store, or its current shard is missing or damaged.
        """
        folder = StoreFolder(path)
        name = folder.require_current()
        for _ in range(_ATTEMPTS):
            try:
                return cls(folder, name)
            except StoreError as error:
                failed, name = name, folder.require_current()
                if name == failed:
                    raise _with_remedy(folder, error) from error
        raise StoreError(f"{folder.path}: changes faster than it can be opened")

    @classmethod
    def create(
        cls,
        path: str | Path,
        meta: ShardMeta,
        products: Iterable[Product],
        files: FileSystem | None = None,
    ) -> Store:
        """Write a new generation with exactly ``products``, make it current, and open it.

        Raises:
            StoreError: it cannot be written; what was there before is unharmed and still current.
        """
        with StoreWriter.open(path, files) as writer, writer.staged() as staging:
            create_shard(staging / "shard.sqlite", meta, products)
            writer.publish(staging)
        return cls.open(path)

    @property
    def meta(self) -> ShardMeta:
        """What the shard says of itself."""
        return self.shard.meta

    @property
    def info(self) -> StoreInfo:
        """What a search result says about the store."""
        return StoreInfo(self.meta.sequence, self.meta.space, self.meta.bundle)

    def __len__(self) -> int:
        return len(self.layout.rowids)

    def categories(self) -> dict[str, int]:
        """Category → number of products, in alphabetical order."""
        self._check.require_sound()
        return dict(self.layout.counts)

    def product(self, product_id: str) -> Product | None:
        """The product with this id, if the store has it."""
        return self.shard.get(product_id)

    def products(self, product_ids: Sequence[str]) -> dict[str, Product]:
        """Those of the products with these ids, at most 999, that the store has, by id."""
        return {product.product_id: product for product in self.shard.of_ids(product_ids)}

    def first_pictures(self, product_ids: Sequence[str]) -> dict[str, np.ndarray]:
        """Of the same as `products`, by id: the vector of each one's first picture, int8 (D,). Sooner."""
        return self.shard.first_pictures(product_ids)

    def status(self) -> dict[str, Any]:
        """What the store holds, as one JSON object."""
        return {
            "store": str(self.folder.path),
            "generation": self.generation,
            "previous": self.folder.previous(),
            **vars(self.meta),
            "products": len(self),
            "bytes": self.shard.path.stat().st_size,
            "categories": self.categories(),
        }

    def is_current(self) -> bool:
        """Whether no other generation has replaced this one, of this store or of one put in its place."""
        return standing(self.folder) in ((self.generation, self.digest), (self.generation, None))

    def require_space(self, bundle: Bundle) -> None:
        """Refuse a bundle whose vectors do not compare with the store's.

        Raises:
            SpaceMismatch: space, dimension or preprocessing differ.
        """
        here, there = self.meta.vectors_of(), space_of(bundle)
        remedy = "build or sync the store again, or name its bundle with --bundle"
        us, them = f"{self.folder.path}: its vectors are", f"those of the bundle {bundle.name!r}"
        require_same(here, there, us, them, remedy)

    def close(self) -> None:
        """Close the shard; what still searches it in another thread ends in a `StoreError`."""
        self._check.stop()
        self._shard.close()
        with self._lock:
            self._layout, self._data = None, None

    def __exit__(self, *_: object) -> None:
        self.close()


def current_sequence(path: str | Path) -> int | None:
    """The sequence of the store at ``path``; None if there is none, or it cannot be opened."""
    try:
        folder = StoreFolder(path)
        with open_shard(folder.shard(folder.require_current())) as shard:
            return shard.meta.sequence
    except StoreError:
        return None


def _with_remedy(folder: StoreFolder, error: StoreError) -> StoreError:
    remedy = "" if folder.previous() is None else "; 'rollback' returns to the generation before"
    return StoreError(f"{error}{remedy}")
