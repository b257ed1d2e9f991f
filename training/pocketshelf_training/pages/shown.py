"""A gallery as a shelf shows it: vectors and colours of one picture a product, to search in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.stages.colours import WEIGHT, histograms, looked_at, palette_of
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.data.protocol import Sample

__all__ = ["Shown", "shown_gallery"]


class Shown(NamedTuple):
    """A gallery: its products, unit vectors (n, D) and histograms (n, B)."""

    products: np.ndarray
    vectors: np.ndarray
    colours: np.ndarray

    def first(self, vector: np.ndarray, colours: np.ndarray | None = None) -> str:
        """The first product, by the vector and ``colours``: histograms (n, B), of which the likest counts."""
        scores = self.vectors @ vector
        if colours is not None:
            scores = scores + WEIGHT * (self.colours @ colours.T).max(axis=1)
        return str(self.products[scores.argmax()])


def shown_gallery(encoder: Encoder, gallery: Sequence[Sample], what: str) -> Shown:
    """The vectors and colours of a gallery's pictures, enrolled as a shelf enrols them."""
    photos = (read_photo(sample.image) for sample in tqdm(gallery, f"{what}: gallery", disable=None))
    seen = [(encoder.enrol(photo), palette_of(looked_at(photo))) for photo in photos]
    return Shown(
        np.array([sample.identity for sample in gallery]),
        np.stack([vector for vector, _ in seen]),
        histograms([palette for _, palette in seen]),
    )
