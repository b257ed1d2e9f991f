"""Figures with intervals, from one value a photo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

__all__ = ["Figure", "balanced_accuracy", "mean_with_interval", "plain", "recalls", "resampled", "restored"]

# Indices drawn at once: 16 MB.
CHUNK = 2_000_000


class Figure(NamedTuple):
    """A mean and its 95 % interval by the percentile bootstrap (Efron, 1979) over photos."""

    value: float
    low: float
    high: float
    photos: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"

    @property
    def points(self) -> str:
        """A difference of two shares, as percentage points with their sign."""
        return f"{100 * self.value:+.1f} ({100 * self.low:+.1f} to {100 * self.high:+.1f})"


def plain(value: Any) -> Any:
    """A figure as a dictionary; in dictionaries each, however deep; anything else as it is."""
    if isinstance(value, Figure):
        return value._asdict()
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    return value


def restored(value: Any) -> Any:
    """What `plain` made of figures, as figures again."""
    if isinstance(value, dict):
        return (
            Figure(**value)
            if set(value) == set(Figure._fields)
            else {k: restored(v) for k, v in value.items()}
        )
    return value


def mean_with_interval(values: list[float] | np.ndarray, seed: int = 0, resamples: int = 2000) -> Figure:
    """The mean of ``values`` (n,), with the 2.5 and 97.5 percentiles of resampled means.

    Raises:
        ValueError: no values.
    """
    sample = np.asarray(values, dtype=float)
    means = resampled(sample.size, lambda rows: sample[rows].mean(1), seed, resamples)
    return _figure(float(sample.mean()), means, sample.size)


def recalls(first: np.ndarray, ks: Iterable[int]) -> dict[str, Figure]:
    """R@k: the share of queries whose first right picture's place ``first`` (n,), from 0, is below k."""
    return {f"R@{k}": mean_with_interval(first < k) for k in ks}


def balanced_accuracy(truth: np.ndarray, said: np.ndarray, seed: int = 0, resamples: int = 2000) -> Figure:
    """The mean over labels, as ``truth`` (n,) has them, of the share of each that ``said`` (n,) gets right.

    Raises:
        ValueError: no values.
    """
    labels = [truth == label for label in np.unique(truth)]
    right = truth == said

    def over(rows: np.ndarray) -> np.ndarray:
        # A label that a resample lacks does not count in it.
        counts = np.stack([label[rows].sum(1) for label in labels])
        hits = np.stack([(label & right)[rows].sum(1) for label in labels])
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nanmean(np.where(counts > 0, hits / counts, np.nan), axis=0)

    values = resampled(len(truth), over, seed, resamples)
    return _figure(float(over(np.arange(len(truth))[None])[0]), values, len(truth))


def resampled(
    count: int, statistic: Callable[[np.ndarray], np.ndarray], seed: int = 0, resamples: int = 2000
) -> np.ndarray:
    """``statistic`` of ``resamples`` draws of ``count`` rows with replacement, (resamples, …).

    Args:
        statistic: indices (draws, count) to values (draws, …); it is called with a few draws at a time.

    Raises:
        ValueError: ``count`` is 0.
    """
    if count == 0:
        raise ValueError("no values to average")
    rng = np.random.default_rng(seed)
    at_once = max(1, CHUNK // count)
    sizes = [min(at_once, resamples - start) for start in range(0, resamples, at_once)]
    return np.concatenate([statistic(rng.integers(0, count, (size, count))) for size in sizes])


def _figure(value: float, values: np.ndarray, photos: int) -> Figure:
    low, high = np.percentile(values, [2.5, 97.5])
    return Figure(value, float(low), float(high), photos)
