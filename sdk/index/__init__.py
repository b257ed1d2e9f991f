"""Finding the nearest products: an exact scan for small categories, a graph for large ones."""

from sdk.index.exact import ExactIndex
from sdk.index.graph import GraphIndex, graph_is_sound
from sdk.index.searcher import EXACT_LIMIT, CategoryIndex, Match, Searcher, StoreSearcher, derive_graphs

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
