"""Vectors of products that mining should find: points around centres."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import Embedded, embedded_of

__all__ = ["blobs"]


def blobs(centres: np.ndarray, each: int, spread: float, seed: int = 0, sources: int = 2) -> Embedded:
    """``each`` pictures around every centre (k, d), all of one category."""
    rng = np.random.default_rng(seed)
    points = np.repeat(centres, each, axis=0) + rng.normal(
        scale=spread, size=(len(centres) * each, centres.shape[1])
    )
    pictures = [
        Picture(Path(f"{n}.jpg"), f"{n}.jpg", f"s{n % sources}" if sources else "")
        for n in range(len(points))
    ]
    return embedded_of(pictures, points, np.ones((len(points), 1), np.float32), ["Thing"])
