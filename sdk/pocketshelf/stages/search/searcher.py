"""Search a store: categories are opened when first asked for; each product once."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from pocketshelf.formats.derived import DerivedFile
from pocketshelf.formats.layout import Layout
from pocketshelf.formats.shard import open_shard
from pocketshelf.stages.search.facts import Facts, open_facts
from pocketshelf.stages.search.gallery import MANY, Found, Gallery
from pocketshelf.stages.search.graph import GraphIndex, graph_is_sound
from pocketshelf.stages.where import Where
from pocketshelf.store import Store
from pocketshelf.store.layouts import map_file, open_layout

__all__ = ["EXACT_LIMIT", "FilteringSearcher", "Match", "Searcher", "StoreSearcher", "derive_indexes"]

# An exact scan of fewer pictures is no slower than a graph, misses nothing, and needs no minutes of building.
EXACT_LIMIT = 50_000

_log = logging.getLogger(__name__)


class Match(NamedTuple):
    """A product and its cosine to the query."""

    product_id: str
    score: float


class Searcher(Protocol):
    """The stage that finds products by vector."""

    def search(self, vector: np.ndarray, categories: Iterable[str], k: int) -> list[Match]:
        """The best ``k`` products of ``categories`` for a float32 (D,) query, best first, each once."""


@runtime_checkable
class FilteringSearcher(Protocol):
    """A `Searcher` that knows what products state, so that a filter costs no second look."""

    def search_where(
        self, vector: np.ndarray, categories: Iterable[str], k: int, where: Where
    ) -> list[Match]:
        """`Searcher.search`, among those products alone that fit ``where``."""


class StoreSearcher:
    """The default `Searcher`: exact below ``exact_limit`` pictures a category, a graph from there on.

    What fits a filter is scanned exactly, in a large category, too. Where as many pictures are scanned
    together, several a product, and `pocketshelf.stages.search.gallery.MANY` at least, the means of these say
    which to look at (`pocketshelf.stages.search.means`, which says what that misses).
    """

    def __init__(self, store: Store, exact_limit: int = EXACT_LIMIT) -> None:
        self._store = store
        self._exact_limit = exact_limit
        self._gallery: Gallery | None = None
        self._facts: Facts | None = None
        self._graphs: dict[str, GraphIndex] = {}
        self._lock = threading.Lock()

    def search(self, vector: np.ndarray, categories: Iterable[str], k: int) -> list[Match]:
        """See `Searcher`.

        Raises:
            StoreError: the shard is damaged.
        """
        gallery, layout = self._opened(), self._store.layout
        exact, found = [], []
        for name in dict.fromkeys(categories):
            if (graph := self.graph(name)) is None:
                exact.append(name)
            else:
                products, scores = graph.products(vector, k)
                found.append((products + layout.spans[name][0], scores))
        return self._named([gallery.search(vector, exact, k), *found], k)

    def search_where(
        self, vector: np.ndarray, categories: Iterable[str], k: int, where: Where
    ) -> list[Match]:
        """See `FilteringSearcher`.

        Raises:
            StoreError: the shard is damaged.
        """
        gallery = self._opened()
        with self._lock:
            if self._facts is None:
                folder = self._store.folder.index(self._store.generation)
                self._facts = open_facts(self._store.shard, self._store.layout, self._store.digest, folder)
        return self._named([gallery.search(vector, list(categories), k, self._facts.chosen(where))], k)

    def graph(self, category: str) -> GraphIndex | None:
        """The graph of a large category, opened or built now if it was not yet; None of one to be scanned."""
        if _count(self._store.layout, category) < max(self._exact_limit, 1) or not _trusts_graph():
            return None
        with self._lock:
            if category not in self._graphs:
                folder = self._store.folder.index(self._store.generation)
                cache = DerivedFile.of_category(folder, self._store.digest, category)
                self._graphs[category] = _open_graph(self._store.layout, self._store.data, category, cache)
            return self._graphs[category]

    def _opened(self) -> Gallery:
        data, layout = self._store.data, self._store.layout  # Raise what was found of the shard meanwhile.
        with self._lock:
            if self._gallery is None:
                self._gallery = Gallery(layout, data, max(MANY, self._exact_limit))
            return self._gallery

    def _named(self, parts: Sequence[Found], k: int) -> list[Match]:
        """The best of all, with their ids: of equals the first ids."""
        products = np.concatenate([part[0] for part in parts])
        scores = np.concatenate([part[1] for part in parts])
        if not len(products) or k < 1:
            return []
        if len(products) > k:
            best = scores >= np.partition(scores, len(scores) - k)[len(scores) - k]
            products, scores = products[best], scores[best]
        rows = self._store.layout.rowids[products].tolist()
        ids = self._store.shard.ids(rows)
        matches = [Match(ids[row], float(score)) for row, score in zip(rows, scores, strict=True)]
        return sorted(matches, key=lambda match: (-match.score, match.product_id))[:k]


def _trusts_graph() -> bool:
    if not graph_is_sound():
        _log.warning("this build of usearch computes int8 cosine wrongly; searching exactly instead")
        return False
    return True


def _open_graph(layout: Layout, data: np.ndarray, category: str, cache: DerivedFile) -> GraphIndex:
    owners = _owners(layout, category)
    return GraphIndex.load(owners, layout.dimension, cache) or _build_graph(layout, data, category, cache)


def _build_graph(layout: Layout, data: np.ndarray, category: str, cache: DerivedFile) -> GraphIndex:
    first, last = layout.pictures(category)
    vectors = np.empty((last - first, layout.dimension), np.int8)
    layout.gather(data, first, last, vectors)
    return GraphIndex.build(_owners(layout, category), vectors, cache)


def _owners(layout: Layout, category: str) -> np.ndarray:
    first, last = layout.spans[category]
    return np.repeat(np.arange(last - first), np.diff(layout.starts[first : last + 1]))


def derive_indexes(staging: Path, exact_limit: int = EXACT_LIMIT) -> list[str]:
    """Derive what searches need of a generation that is not published yet, so that the first need not wait.

    The layout, what products state, and the graphs of large categories, which are returned.

    Raises:
        StoreError: the shard is damaged.
    """
    shard_file, folder = staging / "shard.sqlite", staging / "index"
    with shard_file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    with open_shard(shard_file) as shard:
        data = map_file(shard_file)
        layout = open_layout(shard, data, digest, folder)
        open_facts(shard, layout, digest, folder)
    large = [name for name in layout.counts if _count(layout, name) >= max(exact_limit, 1)]
    if not large or not graph_is_sound():
        return []
    for name in large:
        _build_graph(layout, data, name, DerivedFile.of_category(folder, digest, name))
    return large


def _count(layout: Layout, category: str) -> int:
    first, last = layout.pictures(category)
    return last - first
