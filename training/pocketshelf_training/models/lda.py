"""Linear discriminant analysis (Fisher, 1936; Rao, 1948) with a shrunk within-class covariance.

The directions in which products differ most against how much photos of one product do. With a
hundred features a photo the covariance must be shrunk towards its diagonal (Friedman, 1989). There
are at most one direction fewer than products.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pocketshelf_training.models.projection import Projection, unit

__all__ = ["fit", "limit"]


def limit(labels: np.ndarray) -> int:
    """The most directions that there are for these classes."""
    return len(np.unique(labels)) - 1


def fit(
    features: np.ndarray, labels: np.ndarray, dimensions: Iterable[int], shrinkage: float = 0.1, seed: int = 0
) -> dict[int, Projection]:
    """One projection a dimension, from one eigendecomposition (scikit-learn's solver "eigen").

    Args:
        features: (n, D), any length.
        labels: (n,) products.
        dimensions: those above the number of products less one are left out.
        shrinkage: share of the scaled identity in the within-class covariance, 0 to 1.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    rows = unit(features).astype(np.float64)
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage=shrinkage).fit(rows, labels)
    mean = rows.mean(0).astype(np.float32)
    return {
        d: Projection(mean, analysis.scalings_[:, :d].astype(np.float32))
        for d in dimensions
        if d <= limit(labels)
    }
