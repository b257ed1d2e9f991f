"""What every index of the full catalogue offers."""

from __future__ import annotations

from typing import Protocol

import numpy as np

__all__ = ["VectorIndex", "best_per_product"]


class VectorIndex(Protocol):
    """The catalogue's vectors, searched by cosine. Methods may be called from any thread."""

    def refresh(self) -> int:
        """Take in what changed in the catalogue; the sequence that the index is at.

        Raises:
            CatalogueError: the catalogue cannot be read.
        """

    def search(self, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[tuple[str, float]]:
        """The ``k`` nearest products as (product_id, cosine), best first, each product once.

        Args:
            query: float32 (D,), finite, not all zero.
            categories: only products of these; None for all.
        """

    def close(self) -> None:
        """Release what the index holds."""


def best_per_product(scored: list[tuple[str, float]], k: int) -> list[tuple[str, float]]:
    """Each product once, with its best picture's score; equal scores in order of product_id."""
    best: dict[str, float] = {}
    for product_id, score in scored:
        if score > best.get(product_id, -np.inf):
            best[product_id] = score
    return sorted(best.items(), key=lambda item: (-item[1], item[0]))[:k]
