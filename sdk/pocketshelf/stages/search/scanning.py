"""What every exact scan does: int8 dot products, the candidates among them, and their rescoring.

NumKong's kernels scan 20,000 vectors of 128 in a tenth of a millisecond, in three tenths without AVX-512
VNNI; numpy, which stands in where NumKong is missing, takes a few milliseconds.
"""

from __future__ import annotations

import functools
import math
from types import ModuleType

import numpy as np

__all__ = ["bests", "candidates", "cosines", "first_pictures", "norms", "rescore", "rounding", "wanted"]

# The query is rounded to int8 for the scan; so many more candidates a category make up for it before the
# rescoring, and of many categories together so many.
SPARE_CANDIDATES, MOST_SPARE = 16, 128
# Products whose best is looked at together, unless they are few, and vectors that numpy widens at once.
_GROUP, _FEW, _BLOCK = 16, 3000, 8192
# Of products with as many pictures each, so many at most, the bests are taken a picture at a time: faster.
_FEW_PICTURES = 8
# Several vectors are one row of a matrix, multiplied by as many columns, each of them the query beside zeros:
# one step of the kernel for all. Bytes a row, of what fits the processor's cache and of what does not.
_CACHED, _NEAR_ROW, _FAR_ROW, _MOST_TOGETHER = 8 << 20, 512, 256, 4
# Fewer are faster pair by pair: no matrix is packed for them.
_LEAST = 2048


def norms(vectors: np.ndarray) -> np.ndarray:
    """Lengths of int8 (n, D), float32 (n,); never 0."""
    try:
        import numkong
    except ImportError:
        squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.int32)
    else:  # Row by row, in a third of the time; whole numbers.
        squares = np.asarray(numkong.inner(vectors, vectors)).reshape(-1) if len(vectors) else np.zeros(0)
    return np.maximum(np.sqrt(squares.astype(np.float32)), np.float32(1e-6))


def cosines(rounded: np.ndarray, vectors: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Dot products of an int8 (D,) query with int8 (n, D) by their lengths: float32 (n,)."""
    near = _dots(rounded, vectors)
    near /= lengths
    return near


def rounding(vector: np.ndarray, rounded: np.ndarray) -> float:
    """How far `cosines` may be from those to the query before it was rounded, times the rounded one's length.

    By Cauchy and Schwarz, the distance of the two unit vectors.
    """
    asked, taken = vector.astype(np.float64), rounded.astype(np.float64)
    length = math.sqrt(taken @ taken)
    alike = float(asked @ taken) / max(math.sqrt(asked @ asked) * length, 1e-12)
    # And for sums and divisions in single precision.
    return length * (math.sqrt(max(2 - 2 * alike, 0)) + 1e-5)


def wanted(k: int, categories: int) -> int:
    """How many candidates are rescored for the ``k`` best of so many categories."""
    return k + min(SPARE_CANDIDATES * categories, MOST_SPARE)


def candidates(near: np.ndarray, starts: np.ndarray, k: int, most: int, slack: float) -> np.ndarray:
    """The places of the products that are worth rescoring, ascending.

    Whoever ties with the last one enters, too: which of equals are found depends on their ids alone.

    Args:
        near: (n,): of each picture.
        starts: int64 (p + 1,): the first picture of each product, beginning with 0.
        most: how many they may be.
        slack: what `rounding` said: who is more than twice that below the k-th is not among the best ``k``.
    """
    products = len(starts) - 1
    most, single = min(most, products), len(near) == products
    if products <= max(_FEW, _GROUP * most):
        best = near if single else bests(near, starts[:-1])
        return np.flatnonzero(best >= _floor(best, k, most, slack))
    # The last that is wanted of groups is not above the last of products: nearly all fall below it.
    if single:  # Groups of any products will do; side by side they are compared in one go.
        groups = near[: products - products % _GROUP].reshape(_GROUP, -1).max(axis=0)
    else:
        groups = np.maximum.reduceat(near, starts[:-1:_GROUP])
    found = np.flatnonzero(near >= np.partition(groups, len(groups) - most)[len(groups) - most])
    if single:
        places, best = found, near[found]
    else:
        owners = np.searchsorted(starts, found, side="right") - 1
        places, firsts = np.unique(owners, return_index=True)
        best = np.maximum.reduceat(near[found], firsts)
    return places[best >= _floor(best, k, most, slack)]


def bests(near: np.ndarray, firsts: np.ndarray) -> np.ndarray:
    """Of each product the largest of ``near``, (n,) of each picture; ``firsts`` are their first pictures'."""
    each, rest = divmod(len(near), len(firsts))
    if rest or each > _FEW_PICTURES or (firsts != np.arange(0, len(near), each)).any():
        return np.maximum.reduceat(near, firsts)
    best = near[::each].copy()
    for number in range(1, each):
        np.maximum(best, near[number::each], out=best)
    return best


def _floor(best: np.ndarray, k: int, most: int, slack: float) -> float:
    """The last of the ``most`` best, or what is too far below the k-th, if that is more."""
    last, kth = len(best) - most, len(best) - min(k, most)
    least = np.partition(best, (last, kth))
    return max(float(least[last]), float(least[kth]) - 2 * slack)


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
    if len(vectors) >= _LEAST and _has_matrix_kernel():
        return _dots_by_matrix(numkong, query, vectors)
    # This way round: one query's row against many columns takes four times as long.
    return np.asarray(numkong.cdist(vectors, query[None], "inner", out_dtype="float32"))[:, 0]


@functools.cache
def _has_matrix_kernel() -> bool:
    """Whether NumKong multiplies int8 matrices faster than pair by pair.

    With AVX-512 VNNI two to three times; with AVX2 alone it is slower, and with AMX it was not measured.
    """
    import numkong

    found = numkong.get_capabilities()
    return bool(found.get("icelake")) and not (found.get("sapphireamx") or found.get("graniteamx"))


def _dots_by_matrix(numkong: ModuleType, query: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    count, dimension = vectors.shape
    row = _NEAR_ROW if vectors.nbytes <= _CACHED else _FAR_ROW
    together = min(max(row // dimension, 1), _MOST_TOGETHER)
    columns = np.zeros((together, together, dimension), np.int8)
    columns[np.arange(together), np.arange(together)] = query
    packed = numkong.dots_pack(columns.reshape(together, -1), dtype="int8")
    near, whole = np.empty(count, np.float32), count - count % together
    rows = vectors[:whole].reshape(-1, together * dimension)
    near[:whole] = np.asarray(numkong.dots_packed(rows, packed)).reshape(-1)
    near[whole:] = vectors[whole:].astype(np.int32) @ query.astype(np.int32)
    return near
