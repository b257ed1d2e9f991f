"""The pictures of a store for the exact scan: read from the shard's pages when asked for, held once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from pocketshelf.formats.layout import Layout
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.search.means import Means
from pocketshelf.stages.search.scanning import (
    bests,
    candidates,
    cosines,
    first_pictures,
    norms,
    rescore,
    rounding,
    wanted,
)

__all__ = ["Found", "Gallery"]

# Products by their places in the layout, and their cosines.
Found = tuple[np.ndarray, np.ndarray]
# A filter that leaves less than one of so many is scanned picture by picture.
SPARSE = 4
# From so many pictures on, of products of two and more, the means are scanned first.
MANY = 50_000
# Of so many more than are asked for, with the nearest means, the pictures say what the others must reach.
FIRST = 16
NONE: Found = (np.zeros(0, np.int64), np.zeros(0, np.float32))


class _Asked(NamedTuple):
    """A query: as it was asked, rounded, what that may change, how many hits, and of how many categories."""

    vector: np.ndarray
    rounded: np.ndarray
    slack: float
    k: int
    categories: int

    @classmethod
    def of(cls, vector: np.ndarray, k: int, categories: int) -> _Asked:
        rounded = quantize_vectors(vector)
        return cls(vector, rounded, rounding(vector, rounded), k, categories)

    @property
    def wanted(self) -> int:
        return wanted(self.k, self.categories)

    def candidates(self, near: np.ndarray, starts: np.ndarray) -> np.ndarray:
        return candidates(near, starts, self.k, self.wanted, self.slack)

    def floor(self, nearest: np.ndarray) -> float:
        """What a product's best must reach to be among the ``k`` best of these and others."""
        kth = len(nearest) - self.k
        return float(np.partition(nearest, kth)[kth]) - 2 * self.slack


class Gallery:
    """The pictures of a shard; safe to share between threads.

    What is in memory is a copy, of categories that were asked for: what happens to the file afterwards
    changes nothing. Categories lie side by side, so that neighbours are scanned in one go.

    Args:
        layout: where the pictures are.
        data: the shard's bytes, uint8.
        many: a search among so many pictures scans the products' means first, unless it is the first of its
            kind: they take as long to compute as a shelf takes to open.
        make_means: of the first picture of each product, and the numbers a vector.
    """

    def __init__(
        self,
        layout: Layout,
        data: np.ndarray,
        many: int = MANY,
        make_means: Callable[[np.ndarray, int], Means] = Means,
    ) -> None:
        self._layout, self._data = layout, data
        # The system gives memory where it is written to.
        self._vectors = np.empty((len(layout.offsets), layout.dimension), np.int8)
        self._norms = np.empty(len(layout.offsets), np.float32)
        self._held: set[str] = set()
        self._many, self._make_means, self._scanned_many = many, make_means, False
        self._means: Means | None = None
        self._averaged: set[str] = set()
        # As many pictures as every product has; 0 where they differ.
        each = len(layout.offsets) // max(len(layout.rowids), 1)
        self._each = each if (np.diff(layout.starts) == each).all() else 0
        self._lock = threading.Lock()

    def hold(self, categories: Sequence[str]) -> None:
        """Take the pictures of ``categories`` into memory, of those that are not there."""
        with self._lock:
            for name in categories:
                if name not in self._held:
                    first, last = self._layout.pictures(name)
                    self._layout.gather(self._data, first, last, self._vectors[first:last])
                    self._norms[first:last] = norms(self._vectors[first:last])
                    self._held.add(name)

    def pictures(self, products: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(int8 (n, D), where each product's begin) of ``products``, whether held or not."""
        numbers, firsts = first_pictures(self._layout.starts, products)
        out = np.empty((len(numbers), self._layout.dimension), np.int8)
        self._layout.gather_each(self._data, numbers, out)
        return out, firsts

    def search(
        self, vector: np.ndarray, categories: Sequence[str], k: int, chosen: np.ndarray | None = None
    ) -> Found:
        """The products of ``categories`` among which are the best ``k``, for a float32 (D,) query.

        Args:
            chosen: bool (products,): only these.
        """
        spans = sorted(self._layout.spans[name] for name in set(categories) if name in self._layout.spans)
        if not spans or k < 1:
            return NONE
        joined, allowed = _joined(spans), None
        asked = _Asked.of(vector, k, len(spans))
        if chosen is not None:
            allowed = np.concatenate([chosen[first:last] for first, last in joined])
            few = np.flatnonzero(allowed)
            if not len(few):
                return NONE
            if SPARSE * len(few) < len(allowed):
                places = _placed(few, joined)
                vectors, firsts = self.pictures(places)
                return _best_of(asked, places, vectors, norms(vectors), firsts)
        self.hold(categories)
        if allowed is None and (means := self._means_of(categories, joined)) is not None:
            found = self._reaching(asked, means, joined)
            if found is not None:
                reaching, floor = found
                return _best_of(asked, reaching, *self._pictures_held(reaching), floor)
        near, starts = self._scan(asked.rounded, joined)
        if allowed is not None:
            near = np.where(np.repeat(allowed, np.diff(starts)), near, -np.inf)
        best = asked.candidates(near, starts)
        if allowed is not None:  # Where fewer fit than are candidates, the rest is not wanted.
            best = best[allowed[best]]
        products = _placed(best, joined)
        vectors, _, firsts = self._pictures_held(products)
        return products, np.maximum.reduceat(rescore(vector, vectors), firsts)

    def _scan(self, rounded: np.ndarray, joined: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        """(near of each picture, starts of each product) of spans of products, side by side."""
        near, starts, total = [], [], 0
        for first, last in joined:
            bounds = self._layout.starts[first : last + 1]
            a, b = int(bounds[0]), int(bounds[-1])
            near.append(cosines(rounded, self._vectors[a:b], self._norms[a:b]))
            starts.append(bounds + (total - a) if total != a else bounds)
            total += b - a
        if len(joined) == 1:
            return near[0], starts[0]
        return np.concatenate(near), np.append(np.concatenate([bounds[:-1] for bounds in starts]), total)

    def _pictures_held(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`pictures` of what is held: (int8 (n, D), their lengths, where each product's begin)."""
        # More than twice as fast as an index in brackets.
        if each := self._each:
            vectors = self._vectors.reshape(-1, each * self._layout.dimension).take(places, axis=0)
            lengths = self._norms.reshape(-1, each).take(places, axis=0)
            firsts = np.arange(0, each * len(places), each)
            return vectors.reshape(-1, self._layout.dimension), lengths.reshape(-1), firsts
        numbers, firsts = first_pictures(self._layout.starts, places)
        return self._vectors.take(numbers, axis=0), self._norms.take(numbers), firsts

    def _means_of(self, categories: Sequence[str], joined: list[tuple[int, int]]) -> Means | None:
        """The means of these products, if scanning them first is worth it."""
        starts = self._layout.starts
        pictures = sum(int(starts[last] - starts[first]) for first, last in joined)
        if pictures < max(self._many, 2 * sum(last - first for first, last in joined)):
            return None
        with self._lock:
            if not self._scanned_many:
                self._scanned_many = True
                return None
            if self._means is None:
                self._means = self._make_means(starts, self._layout.dimension)
            for name in set(categories) - self._averaged:
                self._means.hold(*self._layout.spans.get(name, (0, 0)), self._vectors, self._norms)
                self._averaged.add(name)
            return self._means

    def _reaching(
        self, asked: _Asked, means: Means, joined: list[tuple[int, int]]
    ) -> tuple[np.ndarray, float] | None:
        """(the places of the products whose means let them be among the best, what the best must reach).

        None if the means say too little.
        """
        near = means.near(asked.rounded, joined)
        # However far below the others: the more are looked at, the higher the bar.
        first = candidates(near, np.arange(len(near) + 1), asked.k, asked.k + FIRST, np.inf)
        if len(first) < asked.k:
            return None
        vectors, lengths, firsts = self._pictures_held(_placed(first, joined))
        nearest = bests(cosines(asked.rounded, vectors, lengths), firsts)
        length = float(np.linalg.norm(asked.rounded.astype(np.float32)))
        floor = asked.floor(nearest)
        found = means.within_reach(near, joined, floor, length)
        if found is None:
            return None
        found[first] = True
        return _placed(np.flatnonzero(found), joined), floor


def _best_of(
    asked: _Asked,
    places: np.ndarray,
    vectors: np.ndarray,
    lengths: np.ndarray,
    firsts: np.ndarray,
    floor: float = -np.inf,
) -> Found:
    """The candidates among the products at ``places``, whose pictures these are, and their cosines.

    Args:
        floor: what they must reach, where that is known.
    """
    starts = np.append(firsts, len(vectors))
    near = cosines(asked.rounded, vectors, lengths)
    best = np.flatnonzero(bests(near, firsts) >= floor)
    if len(best) > asked.wanted:
        best = asked.candidates(near, starts)
    chosen, begins = first_pictures(starts, best)
    return places[best], np.maximum.reduceat(rescore(asked.vector, vectors.take(chosen, axis=0)), begins)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours as one."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _placed(numbers: np.ndarray, joined: list[tuple[int, int]]) -> np.ndarray:
    """The places of products that are counted through ``joined`` spans, ascending."""
    if len(joined) == 1:
        return numbers + joined[0][0]
    firsts = np.array([first for first, _ in joined])
    sizes = np.array([last - first for first, last in joined])
    before = np.cumsum(sizes) - sizes
    span = np.searchsorted(before, numbers, side="right") - 1
    return numbers + (firsts - before)[span]
