"""A USearch graph (HNSW) of int8 vectors beside an exact scan.

USearch's removals are not used: in its tracker, remove-then-add can hide other entries. A changed
product's old vectors stay in the graph until it is built again, and are dropped from the answers; the
changes since the graph was built are scanned exactly, and so is a search within categories, where a
graph that is filtered afterwards would come back with too little.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import quantize_vectors
from pocketshelf.stages.search.graph import empty_graph, graph_is_sound
from pocketshelf_server.catalogue import Catalogue
from pocketshelf_server.search.protocol import best_per_product
from pocketshelf_server.search.scan import ScanIndex, ScanState

if TYPE_CHECKING:
    from usearch.index import Index

__all__ = ["EF", "Graph", "GraphIndex"]

# Candidates of a search, as chosen on a draw that is not measured: docs/server.md.
EF = 256


class GraphIndex:
    """A `pocketshelf_server.search.VectorIndex` that is approximate where nothing is filtered.

    Args:
        threads: used to build the graph; 0 for all.
        ef: candidates of a search; more find more, and take longer.
    """

    def __init__(self, catalogue: Catalogue, threads: int = 0, ef: int = EF) -> None:
        self._scan = ScanIndex(catalogue)
        self._threads = threads
        self._ef = ef
        self._guard = threading.Lock()
        self._graph: Graph | None = None

    @property
    def scan(self) -> ScanIndex:
        """The exact one beside it."""
        return self._scan

    @property
    def graph(self) -> Graph | None:
        """None before the first `refresh`."""
        return self._graph

    @property
    def ef(self) -> int:
        """Candidates of a search."""
        return self._ef

    @ef.setter
    def ef(self, ef: int) -> None:
        with self._guard:
            self._ef = ef
            if self._graph is not None:
                self._graph.index.expansion_search = ef  # type: ignore[misc]

    def close(self) -> None:
        """Nothing is held outside memory."""

    def refresh(self) -> int:
        """Take in what changed; the graph is built again when the scan's base is."""
        sequence = self._scan.refresh()
        with self._guard:
            base = self._scan.base
            if self._graph is None or self._graph.vectors is not base:
                self._graph = Graph(base, _build(base, self._threads, self._ef))
        return sequence

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products, most of them."""
        graph, state = self._graph, self._scan.state
        return (
            state.search(query, k, categories) if graph is None else graph.search(state, query, k, categories)
        )


@dataclass(frozen=True)
class Graph:
    """A graph over the base of a `ScanState`.

    Attributes:
        vectors: the base's, int8 (n, D).
        index: USearch's, with rows as keys.
        memory: what ``index`` works on, if it does not hold that itself.
    """

    vectors: np.ndarray
    index: Index
    memory: np.ndarray | None = None

    @classmethod
    def view(cls, vectors: np.ndarray, memory: np.ndarray, ef: int = EF) -> Graph:
        """One that another process has built and saved to ``memory``, uint8."""
        index = empty_graph(vectors.shape[1], ef)
        index.view(memory.data)
        return cls(vectors, index, memory)

    def save(self) -> np.ndarray:
        """The inverse of `view`."""
        return np.frombuffer(self.index.save(None) or b"", np.uint8)

    def search(
        self, state: ScanState, query: np.ndarray, k: int, categories: frozenset[str] | None
    ) -> list[tuple[str, float]]:
        """The ``k`` nearest products of ``state``, most of them.

        All of them within categories, and where its base is another than the graph's.
        """
        if categories is not None or self.vectors is not state.base.vectors:
            return state.search(query, k, categories)
        rounded = quantize_vectors(query)
        rows = self.nearest(rounded, min(k * state.base.most + len(state.dead), len(self.vectors)))
        return best_per_product([*state.score_rows(rounded, rows), *state.score_tail(rounded, k)], k)

    def nearest(self, query: np.ndarray, count: int) -> np.ndarray:
        """Rows of the nearest vectors; fewer when the graph does not reach so many."""
        if count == 0:
            return np.empty(0, dtype=np.int64)
        keys = np.asarray(self.index.search(query, count, threads=1).keys, dtype=np.int64)
        # Beyond what it found, USearch may leave keys that it never had.
        return np.unique(keys[(keys >= 0) & (keys < len(self.vectors))])


def _build(vectors: np.ndarray, threads: int, ef: int) -> Index:
    """The graph over int8 (n, D).

    Raises:
        CatalogueError: this USearch would answer wrongly.
    """
    if not graph_is_sound():
        raise CatalogueError("this build of USearch computes int8 cosines wrongly; set index to 'scan'")
    index = empty_graph(vectors.shape[1], ef)
    if len(vectors):
        index.add(np.arange(len(vectors)), vectors, threads=threads)
    return index
