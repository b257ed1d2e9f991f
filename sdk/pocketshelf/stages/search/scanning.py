"""What every exact scan does: int8 dot products, the candidates among them, and their rescoring.

NumKong's kernel scans 20,000 vectors of 128 in a tenth of a millisecond; numpy, which stands in where NumKong
is missing, takes a few.
"""

from __future__ import annotations

import numpy as np

__all__ = ["candidates", "cosines", "first_pictures", "norms", "rescore"]

# The query is rounded to int8 for the scan; so many more candidates a category make up for it before the
# rescoring, and of many categories together so many.
SPARE_CANDIDATES, MOST_SPARE = 16, 128
# Products whose best is looked at together, and vectors that numpy widens at once.
_GROUP, _BLOCK = 16, 8192


def norms(vectors: np.ndarray) -> np.ndarray:
    """Lengths of int8 (n, D), float32 (n,); never 0."""
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.int32)
    return np.maximum(np.sqrt(squares, dtype=np.float32), np.float32(1e-6))


def cosines(rounded: np.ndarray, vectors: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Dot products of an int8 (D,) query with int8 (n, D) by their lengths: float32 (n,)."""
    near = _dots(rounded, vectors)
    near /= lengths
    return near


def candidates(near: np.ndarray, starts: np.ndarray, k: int, categories: int) -> np.ndarray:
    """The places of the products that are worth rescoring, ascending.

    Whoever ties with the last one enters, too: which of equals are found depends on their ids alone.

    Args:
        near: (n,): of each picture.
        starts: int64 (p + 1,): the first picture of each product, beginning with 0.
    """
    products = len(starts) - 1
    wanted = min(k + min(SPARE_CANDIDATES * categories, MOST_SPARE), products)
    # The wanted-th best of groups is not above the wanted-th best of products: nearly all fall below it.
    groups = starts[:-1:_GROUP]
    if len(groups) > wanted:
        bests = np.maximum.reduceat(near, groups)
        found = np.flatnonzero(near >= np.partition(bests, len(bests) - wanted)[len(bests) - wanted])
    else:
        found = np.arange(len(near))
    owners = found if len(near) == products else np.searchsorted(starts, found, side="right") - 1
    places, firsts = np.unique(owners, return_index=True)
    best = np.maximum.reduceat(near[found], firsts)
    return places[best >= np.partition(best, len(best) - wanted)[len(best) - wanted]]


def first_pictures(starts: np.ndarray, products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pictures of ``products``, and where in them each product's begin."""
    counts = starts[products + 1] - starts[products]
    firsts = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(starts[products] - firsts, counts), firsts


def rescore(vector: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Cosines of a float32 (D,) query, not rounded, to int8 (n, D); the same whatever index found them.

    Summed in double precision and rounded once: so equal vectors have equal cosines, which a library's
    float32 sums do not promise, and every language's core ranks them alike.
    """
    gallery, query = vectors.astype(np.float64), vector.astype(np.float64)
    lengths = np.linalg.norm(gallery, axis=1) * np.linalg.norm(query)
    return ((gallery @ query) / np.maximum(lengths, 1e-6)).astype(np.float32)


def _dots(query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Dot products of an int8 (D,) query with int8 (n, D): float32 (n,), a fresh array."""
    try:
        import numkong
    except ImportError:
        wide = query.astype(np.float32)
        blocks = [
            vectors[at : at + _BLOCK].astype(np.float32) @ wide for at in range(0, len(vectors), _BLOCK)
        ]
        return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    if not len(vectors):
        return np.zeros(0, np.float32)
    # This way round: one query's row against many columns takes four times as long.
    return np.asarray(numkong.cdist(vectors, query[None], "inner", out_dtype="float32"))[:, 0]
