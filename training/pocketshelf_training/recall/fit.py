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
    weights: np.ndarray | None = None,
) -> LogisticModel:
    """The maximum of the penalised likelihood (Hastie et al., Elements of Statistical Learning, 4.4).

    Args:
        features: float64 (n, F).
        hits: bool (n,): the wanted product was among the local hits.
        weights: float (n,), of the examples; 1 each if None.
        penalty: of the squared weights; the bias is free.

    Raises:
        ValueError: all examples are of one kind.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    if hits.all() or not hits.any():
        raise ValueError("the evidence holds only hits or only misses; draw other shelves")
    scaler = StandardScaler().fit(features)
    fitted = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-10, max_iter=200)
    fitted.fit(scaler.transform(features), hits, sample_weight=weights)
    return LogisticModel(names, scaler.mean_, scaler.scale_, fitted.coef_[0], float(fitted.intercept_[0]))
