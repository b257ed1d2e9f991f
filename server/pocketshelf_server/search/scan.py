"""An exact scan of int8 vectors held in memory: 128 bytes a vector, no index to go wrong.

The int8 dot products are the device's (`pocketshelf.stages.search.scanning`). Rows lie sorted by category,
so that a filtered search reads only its categories. Changes go to a small tail, and the rows they replace
are marked dead; when a tenth of the rows are dead or in the tail, everything is read afresh. A search works
on one immutable state and never waits for a refresh.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from pocketshelf.formats import Product, quantize_vectors
from pocketshelf.stages.search.scanning import cosines, norms
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search.follow import Pending, pending
from pocketshelf_server.search.mapped import Names, names_to_arrays
from pocketshelf_server.search.protocol import best_per_product

__all__ = ["ScanIndex", "ScanState"]

# A change list longer than this share of the rows costs more than reading everything again.
REBUILD_SHARE = 0.1
REBUILD_MINIMUM = 1000
# Rows that share one maximum while the best are picked: to partition them all takes as long as the scan.
STRIDE = 64
NEVER = np.float32(-2.0)
Scored = list[tuple[str, float]]


@dataclass(frozen=True)
class Block:
    """Rows sorted by category.

    Attributes:
        vectors: int8 (n, D).
        lengths: float32 (n,), of the rows.
        owners: int32 (n,), each row's place in ``ids``, ascending.
        ranges: category to the half-open range of its rows.
        most: the most rows that one product has.
    """

    vectors: np.ndarray
    lengths: np.ndarray
    owners: np.ndarray
    ids: Sequence[str]
    ranges: dict[str, tuple[int, int]]
    most: int

    @classmethod
    def of(cls, products: Iterable[Product], dimension: int) -> Block:
        """Sort ``products`` by category and put their vectors side by side."""
        parts = ((product.category, product.product_id, product.vectors) for product in products)
        ordered = sorted(parts, key=lambda part: part[:2])
        counts = [len(vectors) for _, _, vectors in ordered]
        matrix = np.empty((sum(counts), dimension), dtype=np.int8)
        ranges: dict[str, tuple[int, int]] = {}
        start = 0
        for (category, _, vectors), count in zip(ordered, counts, strict=True):
            matrix[start : start + count] = vectors
            ranges[category] = (ranges.get(category, (start, 0))[0], start + count)
            start += count
        owners = np.repeat(np.arange(len(ordered), dtype=np.int32), counts)
        ids = tuple(product_id for _, product_id, _ in ordered)
        return cls(matrix, norms(matrix), owners, ids, ranges, max(counts, default=1))

    def to_arrays(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All of it as arrays, and the rest, which is fit for JSON."""
        arrays = {"vectors": self.vectors, "lengths": self.lengths, "owners": self.owners}
        return {**arrays, **names_to_arrays(self.ids, "ids")}, {"ranges": self.ranges, "most": self.most}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, np.ndarray], rest: Mapping[str, Any]) -> Block:
        """The inverse of `to_arrays`; its ids stay in the arrays until they are asked for."""
        ranges = {name: (start, end) for name, (start, end) in rest["ranges"].items()}
        three = (arrays["vectors"], arrays["lengths"], arrays["owners"])
        return cls(*three, Names(arrays, "ids"), ranges, rest["most"])

    def spans(self, categories: frozenset[str] | None) -> Iterator[tuple[int, int]]:
        """The ranges of rows to look at."""
        if categories is None:
            yield 0, len(self.vectors)
        else:
            yield from (self.ranges[name] for name in sorted(categories) if name in self.ranges)

    def name(self, rows: np.ndarray, scores: np.ndarray) -> Scored:
        """(product_id, score) of each row."""
        owners = self.owners[rows].tolist()
        return [(self.ids[owner], score) for owner, score in zip(owners, scores.tolist(), strict=True)]


@dataclass(frozen=True)
class ScanState:
    """One state of the index; never changed, only replaced.

    Attributes:
        base: what was read at once.
        tail: what changed since.
        dead: int64, ascending: rows of base that count no more.
        changed: the products that the tail holds, by product_id.
    """

    sequence: int
    base: Block
    tail: Block
    dead: np.ndarray
    changed: dict[str, Product] = field(repr=False)

    @classmethod
    def empty(cls, dimension: int) -> ScanState:
        """Before anything was read."""
        none, nothing = np.empty(0, dtype=np.int64), Block.of([], dimension)
        return cls(-1, nothing, nothing, none, {})

    def score_rows(self, query: np.ndarray, rows: np.ndarray) -> Scored:
        """Cosines of some rows of the base with ``query`` (int8), without the dead ones."""
        rows = rows[~np.isin(rows, self.dead)]
        return self.base.name(rows, _scores(query, self.base.vectors[rows], self.base.lengths[rows]))

    def score_tail(self, query: np.ndarray, k: int) -> Scored:
        """The best of the tail."""
        return _best_rows(self.tail, query, (0, len(self.tail.vectors)), None, k * self.tail.most)

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> Scored:
        """The exact ``k`` nearest products to the query as int8."""
        rounded = quantize_vectors(query)
        scored: Scored = []
        for block, dead in ((self.base, self.dead), (self.tail, None)):
            for span in block.spans(categories):
                scored += _best_rows(block, rounded, span, dead, k * block.most)
        return best_per_product(scored, k)


class ScanIndex:
    """A `pocketshelf_server.search.VectorIndex` that reads every vector, every time.

    Args:
        catalogue: read whole at the first `refresh`.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._guard = threading.Lock()
        self._dimension = catalogue.space.dimension
        self._places: dict[str, int] = {}
        self.state = ScanState.empty(self._dimension)

    def __len__(self) -> int:
        """How many vectors are held."""
        state = self.state
        return len(state.base.vectors) - len(state.dead) + len(state.tail.vectors)

    @property
    def base(self) -> np.ndarray:
        """The vectors that were read at once: int8 (n, D); another array after each full read."""
        return self.state.base.vectors

    def share(self, base: Block) -> None:
        """Hold ``base``, the same rows elsewhere in memory, in place of its own."""
        with self._guard:
            self.state = replace(self.state, base=base)

    def close(self) -> None:
        """Nothing is held outside memory."""

    def refresh(self) -> int:
        """Take in what changed; others may search meanwhile."""
        if self.state.sequence == self._catalogue.sequence():
            return self.state.sequence
        with self._guard:
            state = self.state
            most = max(REBUILD_MINIMUM, int(REBUILD_SHARE * len(state.base.vectors)))
            room = most - len(state.changed) - len(state.dead)
            changes = pending(self._catalogue, state.sequence, room) if room > 0 else None
            if changes is None:
                self._reload()
            elif changes.sequence > state.sequence:
                self.state = self._advanced(state, changes)
            return self.state.sequence

    def _reload(self) -> None:
        with self._catalogue.reading() as view:
            empty = ScanState.empty(self._dimension)
            base = Block.of(view.products(), self._dimension)
            state = replace(empty, sequence=view.sequence(), base=base)
        self._places = {product_id: place for place, product_id in enumerate(state.base.ids)}
        self.state = state

    def _advanced(self, state: ScanState, changes: Pending) -> ScanState:
        changed = {key: product for key, product in state.changed.items() if key not in changes.touched}
        changed.update(changes.products)
        places = [self._places[key] for key in changes.touched if key in self._places]
        # Rows of one product lie side by side, and owners are ascending.
        starts = np.searchsorted(state.base.owners, places, side="left")
        ends = np.searchsorted(state.base.owners, places, side="right")
        fresh = [np.arange(start, end) for start, end in zip(starts, ends, strict=True)]
        dead = np.unique(np.concatenate([state.dead, *fresh])).astype(np.int64)
        return ScanState(
            changes.sequence, state.base, Block.of(changed.values(), self._dimension), dead, changed
        )

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> Scored:
        """See `ScanState.search`."""
        return self.state.search(query, k, categories)


def _best_rows(
    block: Block, query: np.ndarray, span: tuple[int, int], dead: np.ndarray | None, wanted: int
) -> Scored:
    start, end = span
    if start == end:
        return []
    scores = _scores(query, block.vectors[start:end], block.lengths[start:end])
    if dead is not None and len(dead):
        low, high = np.searchsorted(dead, (start, end))
        scores[dead[low:high] - start] = NEVER
    rows = _largest(scores, wanted)
    rows = rows[scores[rows] != NEVER]
    return block.name(rows + start, scores[rows])


def _largest(scores: np.ndarray, count: int) -> np.ndarray:
    """Places of the ``count`` largest of ``scores``; among equals the first."""
    n = len(scores)
    if n <= count:
        return np.arange(n)
    groups = n // STRIDE
    if groups > count:
        # Groups of any rows will do; side by side they are compared in one go.
        tops = scores[: groups * STRIDE].reshape(STRIDE, groups).max(axis=0)
        # At least `count` scores reach the count-th largest of the maxima: none of the best is below it.
        candidates = np.flatnonzero(scores >= np.partition(tops, groups - count)[groups - count])
    else:
        candidates = np.arange(n)
    return candidates[np.argsort(-scores[candidates], kind="stable")[:count]]


def _scores(query: np.ndarray, vectors: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Cosines of int8 rows with ``query`` (int8): float32."""
    scores = cosines(query, vectors, lengths)
    scores /= max(float(np.linalg.norm(query.astype(np.float32))), 1e-6)
    return scores
