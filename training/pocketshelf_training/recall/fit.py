"""The logistic model of local recall: features standardised, weights by penalised maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["LogisticModel", "fit_logistic"]


@dataclass(frozen=True)
class LogisticModel:
    """p = sigmoid(bias + Σ weight · (x - mean) / scale).

    Attributes:
        mean, scale, weight: float64 (F,), in the order of ``names``.
    """

    names: tuple[str, ...]
    mean: np.ndarray
    scale: np.ndarray
    weight: np.ndarray
    bias: float

    def probability(self, features: np.ndarray) -> np.ndarray:
        """Float64 (n,) for float64 (n, F)."""
        logit = self.bias + ((features - self.mean) / self.scale) @ self.weight
        return 1.0 / (1.0 + np.exp(-np.clip(logit, -40, 40)))

    def to_json(self) -> dict[str, dict[str, float]]:
        """The "features" of `pocketshelf.recall.model`."""
        columns = zip(self.names, self.mean, self.scale, self.weight, strict=True)
        return {n: {"mean": float(m), "scale": float(s), "weight": float(w)} for n, m, s, w in columns}


def fit_logistic(
    names: tuple[str, ...],
    features: np.ndarray,
    hits: np.ndarray,
    penalty: float = 1.0,
    rounds: int = 50,
) -> LogisticModel:
    """Newton's method on the penalised log-likelihood (Hastie et al., Elements of Statistical Learning, 4.4).

    Args:
        features: float64 (n, F).
        hits: bool (n,): the wanted product was among the local hits.
        penalty: of the squared weights; the bias is free.

    Raises:
        ValueError: all examples are of one kind.
    """
    if hits.all() or not hits.any():
        raise ValueError("the evidence holds only hits or only misses; draw other shelves")
    mean, scale = features.mean(axis=0), features.std(axis=0)
    scale = np.where(scale > 1e-9, scale, 1.0)
    design = np.hstack([np.ones((len(features), 1)), (features - mean) / scale])
    ridge = np.full(design.shape[1], penalty)
    ridge[0] = 1e-6
    weights = np.zeros(design.shape[1])
    for _ in range(rounds):
        p = 1.0 / (1.0 + np.exp(-np.clip(design @ weights, -40, 40)))
        gradient = design.T @ (hits - p) - ridge * weights
        curvature = (design * (p * (1 - p))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return LogisticModel(names, mean, scale, weights[1:], float(weights[0]))
