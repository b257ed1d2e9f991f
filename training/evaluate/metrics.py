"""Figures with intervals, from one value a photo."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["Figure", "mean_with_interval"]


class Figure(NamedTuple):
    """A mean and its 95 % interval by the percentile bootstrap (Efron, 1979) over photos."""

    value: float
    low: float
    high: float
    photos: int

    def __str__(self) -> str:
        return f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def mean_with_interval(values: list[float] | np.ndarray, seed: int = 0, resamples: int = 2000) -> Figure:
    """The mean of ``values`` (n,), with the 2.5 and 97.5 percentiles of resampled means.

    Raises:
        ValueError: no values.
    """
    sample = np.asarray(values, dtype=float)
    if sample.size == 0:
        raise ValueError("no values to average")
    rng = np.random.default_rng(seed)
    means = sample[rng.integers(0, sample.size, (resamples, sample.size))].mean(1)
    low, high = np.percentile(means, [2.5, 97.5])
    return Figure(float(sample.mean()), float(low), float(high), sample.size)
