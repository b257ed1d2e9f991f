"""The exact scan of vectors in memory: every picture of some categories, by int8 dot products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.search.scanning import (
    candidates,
    cosines,
    first_pictures,
    norms,
    rescore,
    rounding,
    wanted,
)

__all__ = ["ExactIndex", "search_exactly"]


class ExactIndex:
    """Exact search over one category.

    Args:
        ids: the products' ids.
        owners: int64 (n,), ascending: each picture's place in ``ids``.
        vectors: int8 (n, D).
    """

    def __init__(self, ids: list[str], owners: np.ndarray, vectors: np.ndarray) -> None:
        self.ids = ids
        self.vectors = np.ascontiguousarray(vectors)
        self.starts = np.append(np.searchsorted(owners, np.arange(len(ids))), len(owners))
        self._norms = norms(self.vectors)

    def search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The best ``k`` products for a float32 (D,) query: (product_id, cosine), best first."""
        return search_exactly([self], vector, k)

    def near(self, rounded: np.ndarray) -> np.ndarray:
        """Of each picture, its cosine to an int8 query, times the query's length: float32 (n,)."""
        return cosines(rounded, self.vectors, self._norms)


def search_exactly(indexes: Sequence[ExactIndex], vector: np.ndarray, k: int) -> list[tuple[str, float]]:
    """The best ``k`` products of several categories for a float32 (D,) query: (product_id, cosine).

    Best first. Each is scanned by itself; what is near is chosen among all, and rescored once.
    """
    indexes = [index for index in indexes if index.ids]
    if not indexes or k < 1:
        return []
    rounded = quantize_vectors(vector)
    near = np.concatenate([index.near(rounded) for index in indexes])
    first = np.cumsum([0, *(len(index.vectors) for index in indexes)])
    starts = np.concatenate(
        [*(index.starts[:-1] + at for index, at in zip(indexes, first, strict=False)), first[-1:]]
    )
    chosen = candidates(near, starts, k, wanted(k, len(indexes)), rounding(vector, rounded))
    pictures, firsts = first_pictures(starts, chosen)
    part = np.searchsorted(first, pictures, side="right") - 1
    gallery = np.stack([indexes[i].vectors[at] for i, at in zip(part, pictures - first[part], strict=True)])
    scores = np.maximum.reduceat(rescore(vector, gallery), firsts)
    products = np.cumsum([0, *(len(index.ids) for index in indexes)])
    whose = np.searchsorted(products, chosen, side="right") - 1
    names = [indexes[i].ids[at] for i, at in zip(whose, chosen - products[whose], strict=True)]
    best = sorted(range(len(names)), key=lambda i: (-scores[i], names[i]))[:k]
    return [(names[i], float(scores[i])) for i in best]
