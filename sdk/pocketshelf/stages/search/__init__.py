"""Finding the nearest products: an exact scan for small categories, a graph for large ones."""

from pocketshelf.stages.search.exact import ExactIndex
from pocketshelf.stages.search.graph import GraphIndex, graph_is_sound
from pocketshelf.stages.search.searcher import (
    EXACT_LIMIT,
    FilteringSearcher,
    Match,
    Searcher,
    StoreSearcher,
    derive_indexes,
)

__all__ = [
    "EXACT_LIMIT",
    "ExactIndex",
    "FilteringSearcher",
    "GraphIndex",
    "Match",
    "Searcher",
    "StoreSearcher",
    "derive_indexes",
    "graph_is_sound",
]
