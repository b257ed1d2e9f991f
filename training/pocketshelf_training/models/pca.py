"""PCA with whitening (Jégou and Chum, "Negative evidences and co-occurrences", ECCV 2012, section 3).

Directions of the largest variance, each divided by a power of its variance: ½ whitens, 0 is plain PCA.
No labels are used.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pocketshelf_training.models.projection import Projection, unit

__all__ = ["fit"]


def fit(
    features: np.ndarray, labels: np.ndarray, dimensions: Iterable[int], power: float = 0.5, seed: int = 0
) -> dict[int, Projection]:
    """One projection a dimension, from one decomposition.

    Args:
        features: (n, D), any length.
        labels: not used.
        dimensions: those above min(n, D) are left out.
        power: of the variance that each direction is divided by.
    """
    rows = unit(features)
    mean = rows.mean(0)
    values, vectors = np.linalg.eigh(np.cov(rows - mean, rowvar=False))
    # eigh sorts upwards. Directions with next to no variance are noise; dividing by it would make them loud.
    values, vectors = values[::-1], vectors[:, ::-1]
    usable = int((values > values[0] * 1e-7).sum())
    scale = np.maximum(values, values[0] * 1e-7) ** -power
    return {
        d: Projection(mean.astype(np.float32), (vectors[:, :d] * scale[:d]).astype(np.float32))
        for d in dimensions
        if d <= usable
    }
