"""Correlation alignment: "Return of frustratingly easy domain adaptation", Sun, Feng and Saenko, AAAI 2016.

A shop's pictures are whitened and given the street photos' covariance and mean, so that a rule learnt on the
street holds for the shop's: no pairs of the two are needed. "Learning fashion compatibility from in-the-wild
images" brings the two together for the same end.
"""

from __future__ import annotations

import numpy as np

__all__ = ["alignment", "balanced", "distance"]

RIDGE = 0.1


def alignment(shop: np.ndarray, street: np.ndarray, ridge: float = RIDGE) -> tuple[np.ndarray, np.ndarray]:
    """(matrix (d, d), shift (d,)): x · matrix + shift brings a shop's x to the street's mean and covariance.

    Args:
        shop, street: float (n, d) and (m, d).
        ridge: added to both covariances, in units of the mean variance: directions that hardly vary in the
            one are not blown up to what they vary in the other.
    """
    shop_mean, street_mean = shop.mean(0), street.mean(0)
    matrix = _power(_covariance(shop, ridge), -0.5) @ _power(_covariance(street, ridge), 0.5)
    return matrix, street_mean - shop_mean @ matrix


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """How far covariances of (n, d) and (m, d) lie apart: their difference's Frobenius norm over b's."""
    there = np.cov(b, rowvar=False)
    return float(np.linalg.norm(np.cov(a, rowvar=False) - there) / np.linalg.norm(there))


def balanced(groups: np.ndarray, like: np.ndarray, seed: int = 0) -> np.ndarray:
    """Rows of ``groups`` (n,), drawn with replacement, in which each group has its share of ``like`` (m,).

    So that a shop that sells mostly tops is not taken for a domain of tops. Groups that either lacks go.
    """
    rng = np.random.default_rng(seed)
    shared = [name for name in np.unique(like) if (groups == name).any()]
    counts = {name: int((like == name).sum()) for name in shared}
    return np.concatenate([rng.choice(np.flatnonzero(groups == name), counts[name]) for name in shared])


def _covariance(rows: np.ndarray, ridge: float) -> np.ndarray:
    covariance = np.cov(rows, rowvar=False)
    return covariance + ridge * np.trace(covariance) / len(covariance) * np.eye(len(covariance))


def _power(matrix: np.ndarray, power: float) -> np.ndarray:
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.maximum(values, 1e-12) ** power) @ vectors.T
