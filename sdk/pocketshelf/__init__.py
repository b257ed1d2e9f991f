"""Pocketshelf: a photo in, the products in it out, on the device, without a network.

    from pocketshelf import Retriever

    result = Retriever.open("shelf").search("photo.jpg")
    result.regions[0].hits[0].product_id

Names are loaded on first use (PEP 562), so that ``import pocketshelf`` costs next to nothing and needs
neither a model runtime nor the server's libraries.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pocketshelf.shipped import version

if TYPE_CHECKING:
    from pocketshelf.catalogue import build_store
    from pocketshelf.encoder import Encoder
    from pocketshelf.errors import PocketshelfError
    from pocketshelf.formats.bundle import Bundle, load_bundle
    from pocketshelf.formats.preprocessing import Preprocessing
    from pocketshelf.retriever import Retriever
    from pocketshelf.stages.detect import Detector
    from pocketshelf.stages.embed import Embedder, Embedding
    from pocketshelf.stages.preprocess import Photo, decode_photo
    from pocketshelf.stages.rerank import Reranker
    from pocketshelf.stages.route import Router
    from pocketshelf.stages.search import Match, Searcher
    from pocketshelf.store import Store
    from pocketshelf.types import Box, Detection, Hit, Region, SearchResult

__all__ = [
    "Box",
    "Bundle",
    "Detection",
    "Detector",
    "Embedder",
    "Embedding",
    "Encoder",
    "Hit",
    "Match",
    "Photo",
    "PocketshelfError",
    "Preprocessing",
    "Region",
    "Reranker",
    "Retriever",
    "Router",
    "SearchResult",
    "Searcher",
    "Store",
    "build_store",
    "decode_photo",
    "load_bundle",
]

_HOMES = {
    "Box": "pocketshelf.types",
    "Bundle": "pocketshelf.formats.bundle",
    "Detection": "pocketshelf.types",
    "Detector": "pocketshelf.stages.detect",
    "Embedder": "pocketshelf.stages.embed",
    "Embedding": "pocketshelf.stages.embed",
    "Encoder": "pocketshelf.encoder",
    "Hit": "pocketshelf.types",
    "Match": "pocketshelf.stages.search",
    "Photo": "pocketshelf.stages.preprocess",
    "PocketshelfError": "pocketshelf.errors",
    "Preprocessing": "pocketshelf.formats.preprocessing",
    "Region": "pocketshelf.types",
    "Reranker": "pocketshelf.stages.rerank",
    "Retriever": "pocketshelf.retriever",
    "Router": "pocketshelf.stages.route",
    "SearchResult": "pocketshelf.types",
    "Searcher": "pocketshelf.stages.search",
    "Store": "pocketshelf.store",
    "build_store": "pocketshelf.catalogue",
    "decode_photo": "pocketshelf.stages.preprocess",
    "load_bundle": "pocketshelf.formats.bundle",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
