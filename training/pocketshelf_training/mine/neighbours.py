"""Each picture's nearest others: by the SDK's exact scan, by its USearch graph where there are many."""

from __future__ import annotations

import numpy as np

from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.search import ExactIndex, GraphIndex

__all__ = ["nearest"]


def nearest(vectors: np.ndarray, k: int, exact_limit: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` nearest others of each of n vectors (fewer if there are fewer), nearest first.

    Args:
        vectors: float32 (n, d), of length 1.
        exact_limit: up to so many are scanned; beyond, a graph is asked, which may miss one.

    Returns:
        int64 (n, k) rows and float32 (n, k) cosine distances. A place that no other takes holds the
        row itself, at distance 0.
    """
    count = len(vectors)
    k = min(k, max(count - 1, 0))
    rows = np.tile(np.arange(count)[:, None], (1, k))
    distances = np.zeros((count, k), np.float32)
    if not k:
        return rows, distances
    stored, names = quantize_vectors(vectors), [str(row) for row in range(count)]
    index: ExactIndex | GraphIndex
    if count <= exact_limit:
        index = ExactIndex(names, np.arange(count), stored)
    else:
        index = GraphIndex.build(np.arange(count), stored, ids=names)
    for row, vector in enumerate(vectors):
        others = [(int(name), cosine) for name, cosine in index.search(vector, k + 1) if int(name) != row][:k]
        for place, (other, cosine) in enumerate(others):
            rows[row, place], distances[row, place] = other, max(0.0, 1.0 - cosine)
    return rows, distances
