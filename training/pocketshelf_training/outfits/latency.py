"""How long an answer takes beyond the search: garments at home as a store, the street's looks, photos."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.formats.space import space_of
from pocketshelf.outfit import Looks, OutfitHead, Outfitter
from pocketshelf.stages.colours import PALETTE
from pocketshelf.store import Store
from pocketshelf_training.outfits.garments import Garments

__all__ = ["latency"]


def latency(
    encoder: Encoder, head: OutfitHead | None, looks: Looks, garments: Garments, photos: Iterable[Path]
) -> dict[str, float]:
    """Milliseconds, median and 90th percentile over ``photos``; the first is a warm-up.

    Args:
        head: the bundle's if None.
        garments: the store's products, their labels the categories.
    """
    space = space_of(encoder.bundle)
    spent = []
    with tempfile.TemporaryDirectory() as folder:
        products = map(_product, garments.photos, garments.labels, garments.vectors, garments.palettes)
        with Store.create(Path(folder) / "store", ShardMeta.of(space, 1), products) as store:
            outfitter = Outfitter(encoder, store, looks, head)
            for photo in photos:
                try:
                    spent.append(outfitter.outfit(photo).outfit_ms)
                except PhotoError:  # No garment was found in it.
                    continue
    median, late = np.percentile(spent[1:], [50, 90])
    return {"products": len(garments), "looks": len(looks), "median": float(median), "p90": float(late)}


def _product(photo: str, label: str, vector: np.ndarray, palette: str) -> Product:
    stated = {PALETTE: str(palette)}
    vectors = quantize_vectors(vector[None])
    return Product(str(photo), 1, str(label), str(label), str(photo), vectors, attributes=stated)
