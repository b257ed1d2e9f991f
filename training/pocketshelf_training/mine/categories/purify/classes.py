"""Categories as Gaussians of one shape (linear discriminant analysis): whose a vector is, and how far off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Classes", "calibrated"]


@dataclass(frozen=True)
class Classes:
    """k categories.

    Attributes:
        centres: (k, d), in coordinates in which every category is round and of width 1.
        whitening: (d, d), from vectors to those coordinates.
        log_shares: (k,) how much of everything each category is; minus infinity for one without a vector.
    """

    centres: np.ndarray
    whitening: np.ndarray
    log_shares: np.ndarray

    @classmethod
    def fit(cls, vectors: np.ndarray, labels: np.ndarray, count: int) -> Classes:
        """Means, and the scatter around them shrunk as much as Ledoit and Wolf (2004) find best.

        Args:
            vectors: (n, d).
            labels: int (n,) of 0 to ``count`` - 1.
        """
        from sklearn.covariance import ledoit_wolf

        sizes = np.bincount(labels, minlength=count)
        sums = np.zeros((count, vectors.shape[1]))
        np.add.at(sums, labels, vectors)
        means = sums / np.maximum(sizes, 1)[:, None]
        covariance, _ = ledoit_wolf(vectors - means[labels], assume_centered=True)
        floor = 1e-9 * max(float(np.trace(covariance)) / len(covariance), 1e-12)
        whitening = np.linalg.inv(np.linalg.cholesky(covariance + floor * np.eye(len(covariance)))).T
        with np.errstate(divide="ignore"):
            log_shares = np.log(sizes / max(sizes.sum(), 1))
        return cls(means @ whitening, whitening, log_shares)

    def distances(self, vectors: np.ndarray) -> np.ndarray:
        """Squared Mahalanobis distances (n, k) to the centres."""
        rows = vectors @ self.whitening
        squares = (rows**2).sum(1)[:, None] + (self.centres**2).sum(1) - 2 * rows @ self.centres.T
        return np.maximum(squares, 0.0)

    def scores(self, distances: np.ndarray) -> np.ndarray:
        """Logarithms (n, k) of the categories' probabilities, but for a constant in each row."""
        return self.log_shares - distances / 2


def calibrated(scores: np.ndarray, labels: np.ndarray, trusted: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) from log scores (n, k), at the temperature (Guo, 2017) that suits the labels.

    In many dimensions Gaussians are far too sure; the labels that are trusted, bool (n,), say how much.
    """
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    rows = np.flatnonzero(trusted)

    def loss(log_temperature: float) -> float:
        said = log_softmax(scores[rows] / np.exp(log_temperature), axis=1)[np.arange(len(rows)), labels[rows]]
        return -float(np.maximum(said, -50.0).mean())

    best = minimize_scalar(loss, bounds=(-2.0, 7.0), method="bounded")
    return np.exp(log_softmax(scores / np.exp(best.x), axis=1))
