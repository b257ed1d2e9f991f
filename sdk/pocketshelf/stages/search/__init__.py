"""Finding the nearest products: an exact scan for small categories, a graph for large ones."""

from pocketshelf.stages.search.exact import ExactIndex
from pocketshelf.stages.search.graph import GraphIndex, graph_is_sound
from pocketshelf.stages.search.searcher import (
    EXACT_LIMIT,
    CategoryIndex,
    Match,
    Searcher,
    StoreSearcher,
    derive_graphs,
)

__all__ = [
    "EXACT_LIMIT",
    "CategoryIndex",
    "ExactIndex",
    "GraphIndex",
    "Match",
    "Searcher",
    "StoreSearcher",
    "derive_graphs",
    "graph_is_sound",
]
