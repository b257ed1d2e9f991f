"""The pictures of a store for the exact scan: read from the shard's pages when asked for, held once."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from pocketshelf.formats.layout import Layout
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.stages.search.scanning import candidates, cosines, first_pictures, norms, rescore

__all__ = ["Found", "Gallery"]

# Products by their places in the layout, and their cosines.
Found = tuple[np.ndarray, np.ndarray]
# A filter that leaves less than one of so many is scanned picture by picture.
SPARSE = 4
NONE: Found = (np.zeros(0, np.int64), np.zeros(0, np.float32))


class Gallery:
    """The pictures of a shard; safe to share between threads.

    What is in memory is a copy, of categories that were asked for: what happens to the file afterwards
    changes nothing. Categories lie side by side, so that neighbours are scanned in one go.

    Args:
        layout: where the pictures are.
        data: the shard's bytes, uint8.
    """

    def __init__(self, layout: Layout, data: np.ndarray) -> None:
        self._layout, self._data = layout, data
        # The system gives memory where it is written to.
        self._vectors = np.empty((len(layout.offsets), layout.dimension), np.int8)
        self._norms = np.empty(len(layout.offsets), np.float32)
        self._held: set[str] = set()
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
        wanted, firsts = first_pictures(self._layout.starts, products)
        out = np.empty((len(wanted), self._layout.dimension), np.int8)
        self._layout.gather_each(self._data, wanted, out)
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
        joined = _joined(spans)
        allowed = None
        if chosen is not None:
            allowed = np.concatenate([chosen[first:last] for first, last in joined])
            few = np.flatnonzero(allowed)
            if not len(few):
                return NONE
            if SPARSE * len(few) < len(allowed):
                return self._search_few(vector, _placed(few, joined), len(spans), k)
        self.hold(categories)
        near, starts = self._scan(quantize_vectors(vector), joined)
        if allowed is not None:
            near = np.where(np.repeat(allowed, np.diff(starts)), near, -np.inf)
        best = candidates(near, starts, k, len(spans))
        if allowed is not None:  # Where fewer fit than are candidates, the rest is not wanted.
            best = best[allowed[best]]
        products = _placed(best, joined)
        pictures, firsts = first_pictures(self._layout.starts, products)
        return products, np.maximum.reduceat(rescore(vector, self._vectors[pictures]), firsts)

    def _scan(self, rounded: np.ndarray, joined: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        """(near of each picture, starts of each product) of spans of products, side by side."""
        near, starts, total = [], [], 0
        for first, last in joined:
            bounds = self._layout.starts[first : last + 1]
            a, b = int(bounds[0]), int(bounds[-1])
            near.append(cosines(rounded, self._vectors[a:b], self._norms[a:b]))
            starts.append(bounds[:-1] + (total - a) if total != a else bounds[:-1])
            total += b - a
        return np.concatenate(near), np.append(np.concatenate(starts), total)

    def _search_few(self, vector: np.ndarray, places: np.ndarray, categories: int, k: int) -> Found:
        pictures, firsts = self.pictures(places)
        near = cosines(quantize_vectors(vector), pictures, norms(pictures))
        starts = np.append(firsts, len(pictures))
        best = candidates(near, starts, k, categories)
        chosen, begins = first_pictures(starts, best)
        return places[best], np.maximum.reduceat(rescore(vector, pictures[chosen]), begins)


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
    firsts = np.array([first for first, _ in joined])
    sizes = np.array([last - first for first, last in joined])
    before = np.cumsum(sizes) - sizes
    span = np.searchsorted(before, numbers, side="right") - 1
    return numbers + (firsts - before)[span]
