"""An exact scan of int8 vectors held in memory: 128 bytes a vector, no index to go wrong.

NumKong's kernel computes the int8 dot products. Rows lie sorted by category, so that a filtered search
reads only its categories. Changes go to a small tail, and the rows they replace are marked dead; when
a tenth of the rows are dead or in the tail, everything is read afresh. A search works on one immutable
state and never waits for a refresh.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numkong
import numpy as np

from sdk.formats import quantize_vectors
from server.catalogue import Catalogue, Row
from server.search.protocol import best_per_product

__all__ = ["ScanIndex"]

# A change list longer than this share of the rows costs more than reading everything again.
REBUILD_SHARE = 0.1
REBUILD_MINIMUM = 1000
# Rows that share one maximum while the best are picked: to partition them all takes as long as the scan.
STRIDE = 64
NEVER = np.float32(-2.0)


@dataclass(frozen=True)
class _Block:
    """Rows sorted by category.

    Attributes:
        vectors: int8 (n, D).
        inverse_norms: float32 (n,), 1 / |row|.
        owners: int32 (n,), each row's place in ``ids``.
        ranges: category to the half-open range of its rows.
    """

    vectors: np.ndarray
    inverse_norms: np.ndarray
    owners: np.ndarray
    ids: tuple[str, ...]
    ranges: dict[str, tuple[int, int]]
    most: int

    @classmethod
    def of(cls, rows: Iterable[Row], dimension: int) -> _Block:
        """Sort ``rows`` by category and put them side by side."""
        ordered = sorted(
            ((r.product.category, r.product.product_id, r.product.vectors) for r in rows),
            key=lambda row: row[:2],
        )
        counts = [len(vectors) for _, _, vectors in ordered]
        # One copy at a time: a million rows are 128 MB.
        matrix = np.empty((sum(counts), dimension), dtype=np.int8)
        ranges: dict[str, tuple[int, int]] = {}
        start = 0
        for (category, _, vectors), count in zip(ordered, counts, strict=True):
            matrix[start : start + count] = vectors
            ranges[category] = (ranges.get(category, (start, 0))[0], start + count)
            start += count
        owners = np.repeat(np.arange(len(ordered), dtype=np.int32), counts)
        ids = tuple(product_id for _, product_id, _ in ordered)
        return cls(matrix, _inverse_norms(matrix), owners, ids, ranges, max(counts, default=1))

    def spans(self, categories: frozenset[str] | None) -> Iterator[tuple[int, int]]:
        """The ranges of rows to look at."""
        if categories is None:
            yield 0, len(self.vectors)
        else:
            yield from (self.ranges[name] for name in sorted(categories) if name in self.ranges)


@dataclass(frozen=True)
class _State:
    sequence: int
    base: _Block
    tail: _Block
    dead: np.ndarray  # int64, sorted: rows of base that count no more.
    changed: dict[str, Row] = field(repr=False)  # What the tail holds, by product.


class ScanIndex:
    """A `server.search.VectorIndex` that reads every vector, every time.

    Args:
        catalogue: read whole at the first `refresh`.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._guard = threading.Lock()
        self._dimension = catalogue.space.dimension
        self._places: dict[str, int] = {}
        empty = _Block.of([], self._dimension)
        self._state = _State(-1, empty, empty, np.empty(0, dtype=np.int64), {})

    def __len__(self) -> int:
        """How many vectors are held."""
        state = self._state
        return len(state.base.vectors) - len(state.dead) + len(state.tail.vectors)

    def close(self) -> None:
        """Nothing is held outside memory."""

    def refresh(self) -> int:
        """Take in what changed; others may search meanwhile."""
        state = self._state
        if state.sequence == self._catalogue.sequence():
            return state.sequence
        with self._guard:
            state = self._state
            limit = max(REBUILD_MINIMUM, int(REBUILD_SHARE * len(state.base.vectors)))
            room = limit - len(state.changed) - len(state.dead)
            if state.sequence < 0 or room <= 0 or self._catalogue.oldest_change() > state.sequence:
                return self._reload()
            changes = self._catalogue.changes(state.sequence, room + 1)
            if len(changes) > room:
                return self._reload()
            if changes:
                self._advance(state, {c.product_id for c in changes if c.product_id}, changes[-1].sequence)
            return self._state.sequence

    def _reload(self) -> int:
        with self._catalogue.reading() as view:
            sequence = view.sequence()
            base = _Block.of(view.rows(), self._dimension)
        self._places = {product_id: place for place, product_id in enumerate(base.ids)}
        empty = _Block.of([], self._dimension)
        self._state = _State(sequence, base, empty, np.empty(0, dtype=np.int64), {})
        return sequence

    def _advance(self, state: _State, touched: set[str], sequence: int) -> None:
        changed = {key: row for key, row in state.changed.items() if key not in touched}
        changed.update(self._catalogue.get(touched))
        places = [self._places[key] for key in touched if key in self._places]
        # Rows of one product lie side by side, and owners are ascending.
        starts = np.searchsorted(state.base.owners, places, side="left")
        ends = np.searchsorted(state.base.owners, places, side="right")
        fresh = [np.arange(a, b) for a, b in zip(starts, ends, strict=True)]
        dead = np.unique(np.concatenate([state.dead, *fresh])).astype(np.int64)
        tail = _Block.of(changed.values(), self._dimension)
        self._state = _State(sequence, state.base, tail, dead, changed)

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The exact ``k`` nearest products, of the query rounded to int8."""
        state = self._state
        rounded = quantize_vectors(query).reshape(1, -1)
        scored: list[tuple[str, float]] = []
        for block, dead in ((state.base, state.dead), (state.tail, None)):
            wanted = k * block.most
            for start, end in block.spans(categories):
                scored += _best_rows(block, rounded, start, end, dead, wanted)
        return best_per_product(scored, k)


def _best_rows(
    block: _Block, query: np.ndarray, start: int, end: int, dead: np.ndarray | None, wanted: int
) -> list[tuple[str, float]]:
    if start == end:
        return []
    dots = np.asarray(numkong.cdist(query, block.vectors[start:end], "inner"))[0]
    scores = dots * block.inverse_norms[start:end]
    if dead is not None and len(dead):
        low, high = np.searchsorted(dead, (start, end))
        scores[dead[low:high] - start] = NEVER
    norm = float(np.linalg.norm(query.astype(np.float32)))
    rows = _largest(scores, wanted)
    return [
        (block.ids[block.owners[start + row]], float(scores[row] / norm))
        for row in rows
        if scores[row] != NEVER
    ]


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    """Places of the ``count`` largest (and of any equal to the least of them, as far as they come)."""
    n = len(scores)
    if n <= max(4 * count, 4096):
        return np.argsort(-scores, kind="stable")[:count] if n > count else np.arange(n)
    whole = n // STRIDE * STRIDE
    tops = scores[:whole].reshape(-1, STRIDE).max(axis=1)
    if len(tops) <= count:
        return np.argpartition(-scores, count)[:count]
    # At least `count` scores reach the count-th largest of the groups' maxima: none of the best is below it.
    floor = np.partition(tops, len(tops) - count)[len(tops) - count]
    rows = np.flatnonzero(scores >= floor)
    return rows if len(rows) <= count else rows[np.argsort(-scores[rows], kind="stable")[:count]]


def _inverse_norms(matrix: np.ndarray) -> np.ndarray:
    norms = np.empty(len(matrix), dtype=np.float32)
    for start in range(0, len(matrix), 65536):
        part = matrix[start : start + 65536].astype(np.float32)
        norms[start : start + 65536] = np.sqrt(np.einsum("nd,nd->n", part, part))
    return 1.0 / np.maximum(norms, 1.0)
