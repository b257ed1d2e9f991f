"""Products to search among, and what must be found, computed plainly."""

from __future__ import annotations

import numpy as np
from server_products import DIMENSION, make_product

from pocketshelf_server.catalogue import Catalogue, Upsert

CATEGORIES = ("Apple", "Pear", "Plum")


def fill(catalogue: Catalogue, count: int, seed: int = 0, pictures: int = 1) -> None:
    changes = [
        Upsert(make_product(f"p{i:03d}", seed, CATEGORIES[i % 3], 1 + i % pictures)) for i in range(count)
    ]
    catalogue.apply(changes)


def expected(catalogue: Catalogue, query: np.ndarray, k: int, categories: frozenset[str] | None) -> list[str]:
    """The truth, computed plainly in float64."""
    scores: dict[str, float] = {}
    with catalogue.reading() as view:
        for product in view.products():
            if categories is None or product.category in categories:
                v = product.vectors.astype(np.float64)
                scores[product.product_id] = float(
                    (v @ query / np.linalg.norm(v, axis=1) / np.linalg.norm(query)).max()
                )
    return sorted(scores, key=lambda key: (-scores[key], key))[:k]


def query(seed: int) -> np.ndarray:
    """A query that int8 holds exactly, so that every index must agree."""
    vector = np.random.default_rng(seed).integers(-127, 128, DIMENSION).astype(np.float32)
    vector[0] = 127
    return vector / 127
