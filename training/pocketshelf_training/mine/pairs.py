"""Pairs of photos, found and true, with intervals over categories.

Of all pairs of photos: precision is the share of those put into one cluster that show one product, recall the
share of those that show one product that are in one cluster. A category's products are taken for one another
or not all at once, so that intervals are a bootstrap over categories, not over photos or pairs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["RESAMPLES", "Pairs", "by_category", "draws", "intervals", "pair_figures", "precision", "recall"]

RESAMPLES = 2000


@dataclass(frozen=True)
class Pairs:
    """Pairs of photos: said to be of one product, truly so, and both."""

    said: int
    true: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        return self.both / self.true if self.true else 1.0

    @property
    def f1(self) -> float:
        return 2 * self.both / max(self.said + self.true, 1)


def pair_figures(labels: np.ndarray, truth: np.ndarray) -> Pairs:
    """Count the pairs.

    Args:
        labels: int (n,) clusters, -1 for none.
        truth: (n,) of whatever tells products apart.
    """
    said, true, both = (int(each.sum()) // 2 for each in _by_photo(labels, truth))
    return Pairs(said, true, both)


def _by_photo(labels: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each photo, how many others are said to be of its product, are so, and both; each int (n,)."""
    _, truth = np.unique(truth, return_inverse=True)
    found = labels >= 0
    both = labels.astype(np.int64) * (truth.max(initial=0) + 1) + truth
    said, alike = np.zeros(len(labels), np.int64), np.zeros(len(labels), np.int64)
    said[found], alike[found] = _others(labels[found]), _others(both[found])
    return said, _others(truth), alike


def _others(names: np.ndarray) -> np.ndarray:
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    return (counts - 1)[inverse]


def by_category(
    labels: np.ndarray, truth: np.ndarray, categories: np.ndarray, names: Sequence[str]
) -> np.ndarray:
    """Pairs said, true and both, int (c, 3), of each of ``names``; one of two categories counts half in each.

    All are doubled, so that halves are whole numbers.
    """
    place = np.searchsorted(np.asarray(names), categories)
    columns = [np.bincount(place, each, len(names)) for each in _by_photo(labels, truth)]
    return np.stack(columns, axis=1).astype(np.int64)


def precision(pairs: np.ndarray) -> np.ndarray:
    """Of pairs said, true and both, (…, 3); 1 where none is said."""
    return np.where(pairs[..., 0] > 0, pairs[..., 2] / np.maximum(pairs[..., 0], 1), 1.0)


def recall(pairs: np.ndarray) -> np.ndarray:
    """Of pairs said, true and both, (…, 3); 1 where none is true."""
    return np.where(pairs[..., 1] > 0, pairs[..., 2] / np.maximum(pairs[..., 1], 1), 1.0)


def draws(count: int, seed: int = 0, resamples: int = RESAMPLES) -> np.ndarray:
    """How often each of ``count`` categories is in each resample, int (resamples, count)."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), resamples)


def intervals(pairs: np.ndarray) -> dict[str, tuple[float, float]]:
    """The 95 % intervals of precision and recall over the categories of ``pairs`` (c, 3)."""
    drawn = draws(len(pairs)) @ pairs
    found = {"precision": precision(drawn), "recall": recall(drawn)}
    return {
        name: (round(float(low), 4), round(float(high), 4))
        for name, (low, high) in ((n, np.percentile(v, [2.5, 97.5])) for n, v in found.items())
    }
