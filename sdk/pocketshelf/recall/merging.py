"""Local hits and a server's as one answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pocketshelf.types import FALLBACK_UNAVAILABLE, FallbackState, Hit

__all__ = ["merged", "overall"]


def merged(local: list[Hit], found: list[Hit], k: int) -> list[Hit]:
    """Best first, each product once; the local one where both have it, as it is at hand."""
    best = {hit.product_id: replace(hit, source="server") for hit in found}
    best |= {hit.product_id: hit for hit in local}
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.product_id))[:k]


def overall(states: Iterable[FallbackState]) -> FallbackState:
    """One word for all regions: True where one was answered, "unavailable" where one was asked in vain."""
    states = list(states)
    if True in states:
        return True
    return FALLBACK_UNAVAILABLE if FALLBACK_UNAVAILABLE in states else False
