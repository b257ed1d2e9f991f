"""Search a store: one index a category, opened when first asked for; each product once."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from pocketshelf.formats.derived import DerivedFile
from pocketshelf.formats.shard import Shard
from pocketshelf.stages.search.exact import ExactIndex, search_exactly
from pocketshelf.stages.search.graph import GraphIndex, graph_is_sound
from pocketshelf.store import Store

__all__ = ["EXACT_LIMIT", "CategoryIndex", "Match", "Searcher", "StoreSearcher", "derive_graphs"]

# An exact scan of so many pictures is faster than a graph, and misses nothing.
EXACT_LIMIT = 20_000

_log = logging.getLogger(__name__)


class Match(NamedTuple):
    """A product and its cosine to the query."""

    product_id: str
    score: float


class CategoryIndex(Protocol):
    """The pictures of one category."""

    def search(self, vector: np.ndarray, k: int) -> list[tuple[str, float]]:
        """The best ``k`` products for a float32 (D,) query, best first."""


class Searcher(Protocol):
    """The stage that finds products by vector."""

    def search(self, vector: np.ndarray, categories: Iterable[str], k: int) -> list[Match]:
        """The best ``k`` products of ``categories`` for a float32 (D,) query, best first, each once."""


class StoreSearcher:
    """The default `Searcher`: exact below ``exact_limit`` pictures a category, a graph from there on."""

    def __init__(self, store: Store, exact_limit: int = EXACT_LIMIT) -> None:
        self._store = store
        self._exact_limit = exact_limit
        self._indexes: dict[str, CategoryIndex] = {}
        self._lock = threading.Lock()

    def search(self, vector: np.ndarray, categories: Iterable[str], k: int) -> list[Match]:
        """See `Searcher`.

        Raises:
            StoreError: the shard is damaged.
        """
        indexes = [self.index(name) for name in categories]
        exact = [index for index in indexes if isinstance(index, ExactIndex)]
        matches = [Match(*found) for found in search_exactly(exact, vector, k)]
        for index in indexes:
            if not isinstance(index, ExactIndex):
                matches += [Match(*found) for found in index.search(vector, k)]
        return sorted(matches, key=lambda match: (-match.score, match.product_id))[:k]

    def index(self, category: str) -> CategoryIndex:
        """The category's index, opened or built now if it was not yet."""
        with self._lock:
            if category not in self._indexes:
                self._indexes[category] = self._open(category)
            return self._indexes[category]

    def _open(self, category: str) -> CategoryIndex:
        shard = self._store.shard
        ids, owners = shard.owners(category)
        if len(owners) < self._exact_limit or not self._trusts_graph():
            return ExactIndex(ids, owners, shard.vectors(category))
        folder = self._store.folder.index(self._store.generation)
        cache = DerivedFile.of_category(folder, self._store.digest, category)
        loaded = GraphIndex.load(ids, owners, shard.meta.dimension, cache)
        return loaded or GraphIndex.build(ids, owners, shard.vectors(category), cache)

    def _trusts_graph(self) -> bool:
        if not graph_is_sound():
            _log.warning("this build of usearch computes int8 cosine wrongly; searching exactly instead")
            return False
        return True


def derive_graphs(shard: Shard, folder: Path, exact_limit: int = EXACT_LIMIT) -> list[str]:
    """Build the graphs of a shard's large categories in ``folder``, where `StoreSearcher` will look for them.

    For a generation that is not published yet, so that the first search in it need not wait.

    Returns:
        the categories that got one.
    """
    large = [
        name
        for name, pictures in shard.query(
            "SELECT category, sum(length(vectors)) / ? FROM products GROUP BY category", shard.meta.dimension
        )
        if pictures >= exact_limit
    ]
    if not large or not graph_is_sound():
        return []
    with shard.path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    for name in large:
        ids, owners = shard.owners(name)
        cache = DerivedFile.of_category(folder, digest, name)
        GraphIndex.build(ids, owners, shard.vectors(name), cache)
    return large
