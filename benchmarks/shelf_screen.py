"""What a look at products' means first misses, of the ten hits that a scan of all their pictures finds.

Galleries of real photos, each product of four: groceries (four photos of one product, of the grocery data's
train and test photos; what is left of a product's photos asks), and, as hard as it gets, products that are
four garments of one label, or four garments of any (the clothing data's train photos); then drawn vectors
(synthetic, seed 0), as `shelf_parts` has them, with pictures less and more alike. Each is asked with every
share of the bound (`pocketshelf.stages.search.means.REACH`), and never scanned whole instead::

    python benchmarks/shelf_screen.py            # results/shelf_screen.json; about five minutes
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from common import record
from common.shelf_parts import drawn, with_views
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Product, ShardMeta, Space, quantize_vectors
from pocketshelf.stages.search.gallery import Gallery
from pocketshelf.stages.search.means import REACH, Means
from pocketshelf.store import Store
from pocketshelf_training.data import clothing, grocery
from pocketshelf_training.data.protocol import Sample

K, PICTURES, MOST_ASKED = 10, 4, 1000
REACHES = (0.4, 0.5, 0.6, 0.7, 1.0)
DRAWN, ASKED = 20_000, 200
# Of a picture's own numbers, the noise between two pictures of one product.
NOISES = (0.25, 0.5, 1.0)


def main() -> int:
    """See the module."""
    record.parser(__doc__).parse_args()
    rows = [row for name, *gallery in _galleries() for row in _missed(name, *gallery)]
    record.write("shelf_screen", {"k": K, "in_use": REACH, "rows": rows})
    return 0


def _galleries() -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """(name, int8 (products, 4, D), float32 (queries, D))"""
    encoder = Encoder.open(None, detects=False)
    chance = np.random.default_rng(0)
    for split in ("train", "test"):
        photos = grocery.photos(split)
        products, asking = _grouped(_embedded(encoder, photos), [str(s.identity) for s in photos], chance)
        yield f"groceries, {split}", products, asking
    photos = [sample for sample in clothing.load() if sample.split == "train"]
    vectors = _embedded(encoder, photos)
    queries, rest = np.split(chance.permutation(len(photos)), [len(photos) // 5])
    for name, labels in (
        ("garments, four of one label", [str(photos[i].attributes) for i in rest]),
        ("garments, any four", [""] * len(rest)),
    ):
        yield name, _grouped(vectors[rest], labels, chance, 0)[0], vectors[queries]
    gallery, asked = drawn(DRAWN, ASKED)
    for noise in NOISES:
        yield f"drawn, noise {noise:g} (synthetic)", with_views(gallery, noise), asked


def _embedded(encoder: Encoder, photos: Sequence[Sample]) -> np.ndarray:
    """float32 (n, D), of whole frames."""
    return np.stack([encoder.encode(s.image).regions[0].embedding.vector for s in photos])


def _grouped(
    vectors: np.ndarray, names: list[str], chance: np.random.Generator, asking: int = 4
) -> tuple[np.ndarray, np.ndarray]:
    """(Products of four pictures of one name, ``asking`` pictures of each name that are in none)"""
    products, queries = [], []
    for name in sorted(set(names)):
        own = chance.permutation([i for i, other in enumerate(names) if other == name])
        queries += [vectors[i] for i in own[:asking]]
        products += [
            vectors[own[at : at + PICTURES]] for at in range(asking, len(own) - PICTURES + 1, PICTURES)
        ]
    return np.stack([quantize_vectors(product) for product in products]), np.array(queries)


def _missed(name: str, products: np.ndarray, asked: np.ndarray) -> Iterator[dict[str, Any]]:
    """A row for every reach: of how many hits how many are missed, and what was looked at."""
    asked = asked[:MOST_ASKED]
    space = Space("screen", "0" * 16, "screen", products.shape[2])
    rows = (Product(f"p{i:07}", 1, "all", "", None, views, {}) for i, views in enumerate(products))
    with (
        tempfile.TemporaryDirectory(prefix="pocketshelf-screen-") as folder,
        Store.create(Path(folder) / "s", ShardMeta.of(space, 1), rows) as store,
    ):
        exact = Gallery(store.layout, store.data, many=1 << 60)
        truth = [_best(exact, query) for query in asked]
        for reach in REACHES:
            looked: list[float] = []
            screening = _screening(store, reach, looked)
            found = [_best(screening, query) for query in asked]
            yield {
                "gallery": name,
                "products": len(products),
                "queries": len(asked),
                "reach": reach,
                "hits": sum(map(len, truth)),
                "missed": sum(len(true - hits) for true, hits in zip(truth, found, strict=True)),
                "looked_at": round(float(np.mean(looked)), 4),
            }


def _screening(store: Store, reach: float, looked: list[float]) -> Gallery:
    """A gallery that always looks at means first; ``looked`` gets the share of products that are left."""

    class Noting(Means):
        def within_reach(self, *args: Any) -> np.ndarray | None:
            found = super().within_reach(*args)
            looked.append(float(found.mean()) if found is not None else 1.0)
            return found

    gallery = Gallery(store.layout, store.data, 1, partial(Noting, reach=reach, share=1))
    gallery.search(np.ones(store.layout.dimension, np.float32), ["all"], 1)
    return gallery


def _best(gallery: Gallery, query: np.ndarray) -> set[int]:
    products, cosines = gallery.search(query, ["all"], K)
    order = np.lexsort((products, -cosines))
    return set(products[order[:K]].tolist())


if __name__ == "__main__":
    record.run(main)
