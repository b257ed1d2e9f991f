"""Which products of several pictures may be among the best, by one vector each: the mean of their pictures.

With unit vectors u of a product's pictures, c their mean and r the largest distance of a picture from it,
Cauchy and Schwarz bound every cosine to a unit query q: q·u = q·c + q·(u - c) <= q·c + r. A scan of the means
and a look at the best of them tell what a product must reach; the pictures of those that can are scanned.

That bound leaves too many: in 128 dimensions hardly a picture comes near it, for the query would have to lie
in the very direction in which that picture differs from the others. A share of r stands for it, `REACH`.
"""

from __future__ import annotations

import numpy as np

from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.search.scanning import cosines, norms

__all__ = ["REACH", "SHARE", "Means"]

# The share of r that a picture is believed to reach: at 1 nothing can be missed. `benchmarks/shelf_screen.py`
# counts what is, with real and with drawn vectors: nothing at 0.6, but for products made of any four garments
# two hits in ten thousand; of those so many are left that `SHARE` has all of them scanned.
REACH = 0.6
SHARE = 4
_BLOCK = 1024


class Means:
    """The means of a gallery's products, of those spans that were held.

    Args:
        starts: int64 (P + 1,): the first picture of each product.
        dimension: numbers a vector.
        reach: see `REACH`.
        share: at most one of so many products is looked at; where more would be, all are scanned.
    """

    def __init__(self, starts: np.ndarray, dimension: int, reach: float = REACH, share: int = SHARE) -> None:
        self._starts, self._reach, self._share = starts, reach, share
        products = len(starts) - 1
        self._centres = np.empty((products, dimension), np.int8)
        # By what a centre's dot product is divided to be that of the mean.
        self._lengths = np.empty(products, np.float32)
        self._radii = np.empty(products, np.float32)

    def hold(self, first: int, last: int, vectors: np.ndarray, lengths: np.ndarray) -> None:
        """Take the means of products ``first`` to ``last`` from all pictures, int8 (N, D)."""
        for begin in range(first, last, _BLOCK):
            end = min(begin + _BLOCK, last)
            at, to = int(self._starts[begin]), int(self._starts[end])
            units = vectors[at:to] * (1 / lengths[at:to, None])
            firsts, counts = self._starts[begin:end] - at, np.diff(self._starts[begin : end + 1])
            centres = quantize_vectors(_sums(units, firsts, counts))
            sizes = norms(centres)
            along = np.einsum("ij,ij->i", units, np.repeat(centres / sizes[:, None], counts, axis=0))
            # The mean's part along the rounded centre: the bound holds for any point, with its own distances.
            length = np.maximum(np.add.reduceat(along, firsts) / counts, np.float32(1e-6))
            far = np.repeat(length, counts)
            squares = np.maximum.reduceat(1 - 2 * along * far + far * far, firsts)
            self._centres[begin:end] = centres
            self._lengths[begin:end] = sizes / length
            self._radii[begin:end] = np.sqrt(np.maximum(squares, 0)) + np.float32(1e-4)

    def near(self, rounded: np.ndarray, spans: list[tuple[int, int]]) -> np.ndarray:
        """Of each product of ``spans``, its mean's dot product with an int8 query: float32 (n,)."""
        return _side_by_side([cosines(rounded, self._centres[a:b], self._lengths[a:b]) for a, b in spans])

    def within_reach(
        self, near: np.ndarray, spans: list[tuple[int, int]], floor: float, length: float
    ) -> np.ndarray | None:
        """Which products may have a picture that is as near as ``floor``; None if they are too many.

        Args:
            near: what `near` returned for ``spans``.
            length: the rounded query's.

        Returns:
            bool, of each product of ``spans``.
        """
        highest = _side_by_side([self._radii[a:b] for a, b in spans]) * np.float32(self._reach * length)
        highest += near
        found = highest >= floor
        return found if self._share * np.count_nonzero(found) <= len(found) else None


def _side_by_side(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _sums(rows: np.ndarray, firsts: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Of each product, the sum of its ``counts`` rows; `np.add.reduceat` takes eight times as long."""
    sums = rows[firsts]
    for number in range(1, int(counts.max())):
        more = counts > number
        if more.all():
            sums += rows[firsts + number]
        else:
            sums[more] += rows[firsts[more] + number]
    return sums
