"""Pocketshelf: a photo in, the products in it out, on the device, without a network.

    from sdk import Retriever

    result = Retriever.open("shelf").search("photo.jpg")
    result.regions[0].hits[0].product_id

Names are loaded on first use (PEP 562), so that ``import sdk`` costs next to nothing and needs
neither a model runtime nor the server's libraries.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdk.catalogue import build_store
    from sdk.errors import PocketshelfError
    from sdk.formats.bundle import Bundle, load_bundle
    from sdk.preprocess import Photo, Preprocessing, decode_photo
    from sdk.retriever import Retriever
    from sdk.store import Store
    from sdk.types import Box, Detection, Hit, Region, SearchResult

__all__ = [
    "Box",
    "Bundle",
    "Detection",
    "Hit",
    "Photo",
    "PocketshelfError",
    "Preprocessing",
    "Region",
    "Retriever",
    "SearchResult",
    "Store",
    "build_store",
    "decode_photo",
    "load_bundle",
]

__version__ = "0.1.0"

_HOMES = {
    "Box": "sdk.types",
    "Bundle": "sdk.formats.bundle",
    "Detection": "sdk.types",
    "Hit": "sdk.types",
    "Photo": "sdk.preprocess",
    "PocketshelfError": "sdk.errors",
    "Preprocessing": "sdk.preprocess",
    "Region": "sdk.types",
    "Retriever": "sdk.retriever",
    "SearchResult": "sdk.types",
    "Store": "sdk.store",
    "build_store": "sdk.catalogue",
    "decode_photo": "sdk.preprocess",
    "load_bundle": "sdk.formats.bundle",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
