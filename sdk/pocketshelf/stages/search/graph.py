"""The graph (HNSW; Malkov and Yashunin, TPAMI 2020) by USearch, int8, derived from the shard and cached."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING

import numpy as np

from pocketshelf.formats.derived import DerivedFile
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.search.scanning import rescore

if TYPE_CHECKING:
    from usearch.index import Index

__all__ = ["EXPANSION_SEARCH", "GraphIndex", "empty_graph", "graph_is_sound"]

# 16 gives 95 % recall at 276 bytes an item (100,000 x 128); 8 is one point worse, 4 is useless.
CONNECTIVITY = 16
EXPANSION_SEARCH = 128
# No graph of ours is longer: links, key and level of an item besides its vector, and the file's own head.
_ITEM_BYTES, _FILE_BYTES = 1024, 1 << 20


@functools.cache
def graph_is_sound() -> bool:
    """Whether this USearch computes int8 cosine rightly.

    A build without NumKong gives distance 0 to an orthogonal vector: known vectors tell.
    """
    with contextlib.suppress(Exception):
        known = np.zeros((3, 64), dtype=np.int8)
        known[0, :32], known[1, 32:], known[2, :32] = 100, 100, -100
        index = empty_graph(64)
        index.add(np.arange(3), known)
        found = index.search(known[0], 3)
        order, distances = list(found.keys), np.asarray(found.distances)
        return order == [0, 1, 2] and bool(np.allclose(distances, [0, 1, 2], atol=0.02))
    return False


class GraphIndex:
    """Approximate search over one large category.

    Args:
        owners: int64 (n,), ascending from 0: of each picture, the number of its product.
        index: USearch's, with the pictures' numbers 0 to n - 1 as keys.
        data: the bytes that ``index`` works on, if it does not hold them itself.
        ids: the products' ids, for `search`.
    """

    def __init__(
        self,
        owners: np.ndarray,
        index: Index,
        data: bytearray | None = None,
        ids: list[str] | None = None,
    ) -> None:
        self._owners = owners
        self._ids = ids
        # In this order: the index goes first.
        self._index = index
        self._data = data

    @classmethod
    def build(
        cls,
        owners: np.ndarray,
        vectors: np.ndarray,
        cache: DerivedFile | None = None,
        ids: list[str] | None = None,
    ) -> GraphIndex:
        """Build the graph over int8 (n, D) ``vectors`` and keep it in the file ``cache``, if that works."""
        index = empty_graph(vectors.shape[1])
        index.add(np.arange(len(vectors)), np.ascontiguousarray(vectors))
        if cache is not None:
            # A read-only store is searched all the same; it builds its graph anew each time.
            with contextlib.suppress(OSError, RuntimeError):
                cache.write(index.save(None) or b"")
        return cls(owners, index, ids=ids)

    @classmethod
    def load(cls, owners: np.ndarray, dimension: int, cache: DerivedFile) -> GraphIndex | None:
        """The graph in ``cache``; None if there is none that fits, so that it must be built.

        USearch believes what it is given, and a flipped bit makes it crash or answer wrongly: it sees
        verified bytes only, and works on them where they are.
        """
        data = cache.read(len(owners) * (dimension + _ITEM_BYTES) + _FILE_BYTES)
        if data is None:
            return None
        with contextlib.suppress(Exception):  # Another version's, perhaps: as good as none.
            index = empty_graph(dimension)
            index.view(data)
            if len(index) == len(owners) and index.ndim == dimension:
                return cls(owners, index, data)
        return None

    def search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The best ``k`` products for a float32 (D,) query: (product_id, cosine), best first."""
        if self._ids is None:
            raise ValueError("this graph knows no ids: take products()")
        products, scores = self.products(vector, k)
        named = [(self._ids[i], float(score)) for i, score in zip(products, scores, strict=True)]
        return sorted(named, key=lambda found: (-found[1], found[0]))[:k]

    def products(self, vector: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """(products' numbers, their cosines to a float32 (D,) query): the best ``k`` are among them.

        A product with many pictures may fill the nearest: the search widens until k differ.
        """
        total, query = len(self._owners), quantize_vectors(vector)
        held = int(self._owners[-1]) + 1 if total else 0
        # USearch answers garbage keys beyond its size.
        width = min(2 * k + 16, total)
        while k > 0 and total:
            scores = self._scores(vector, self._nearest(query, width))
            if len(scores) >= min(k, held) or width == total:
                return np.array(list(scores), np.int64), np.array(list(scores.values()), np.float32)
            width = min(2 * width, total)
        return np.zeros(0, np.int64), np.zeros(0, np.float32)

    def _nearest(self, query: np.ndarray, width: int) -> np.ndarray:
        """The pictures to score; all of them where all are wanted, for a graph may leave one unreachable."""
        if width == len(self._owners):
            return np.arange(width)
        return np.asarray(self._index.search(query, width).keys, dtype=np.int64)

    def _scores(self, vector: np.ndarray, pictures: np.ndarray) -> dict[int, float]:
        """Product → best cosine among the found pictures."""
        scores: dict[int, float] = {}
        gallery = np.asarray(self._index.get(pictures.astype(np.uint64)), dtype=np.int8)
        cosines = rescore(vector, gallery.reshape(len(pictures), -1))
        for picture, cosine in zip(pictures, cosines, strict=True):
            owner = int(self._owners[picture])
            scores[owner] = max(scores.get(owner, -2.0), float(cosine))
        return scores


def empty_graph(dimension: int, expansion_search: int = EXPANSION_SEARCH) -> Index:
    """A graph for int8 vectors of ``dimension`` numbers, compared by cosine."""
    # Not before it is needed: USearch brings a C++ library of its own, beside which a PyTorch that is loaded
    # later can no longer print numbers, so that its exports fail.
    from usearch.index import Index

    return Index(
        ndim=dimension,
        metric="cos",
        dtype="i8",
        connectivity=CONNECTIVITY,
        expansion_search=expansion_search,
    )
