"""How far the local answer can be trusted, and whom to ask when it cannot: the two seams.

The full estimator and the server's client live in `pocketshelf.recall`; here are their interfaces, and a
plain default.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from pocketshelf.types import Hit

__all__ = ["Evidence", "Fallback", "LogisticEstimator", "RecallEstimator"]

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Evidence:
    """What a local search tells about itself.

    Attributes:
        scores: cosines of the local hits, best first.
        categories: name → probability, all that the model knows.
        searched: the categories that were searched.
        counts: category → number of local products, the whole store.
        hit_categories: the categories of the hits, in the order of ``scores``.
    """

    scores: tuple[float, ...]
    categories: Mapping[str, float] = field(default_factory=dict)
    searched: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    hit_categories: tuple[str, ...] = ()


class RecallEstimator(Protocol):
    """Estimates the probability that the wanted product is among the local hits."""

    def estimate(self, evidence: Evidence) -> float | None:
        """The probability, or None where there is no calibration to say."""

    def suffices(self, recall: float) -> bool:
        """Whether an estimate is good enough to answer locally."""


class Fallback(Protocol):
    """Searches the full catalogue. It is given the vector, never the photo."""

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        """The best ``k`` products for a float32 (D,) query of ``space``; hits of source "server".

        Args:
            categories: restrict the search to these; all if empty.

        Raises:
            ServerError: the server is away or refuses.
        """


@dataclass(frozen=True)
class LogisticEstimator:
    """sigmoid(bias + score · s1 + margin · (s1 - s2)), s1 and s2 being the two best cosines.

    A search with one hit has the margin s1 - 0; one without any hit has the estimate 0. The coefficients
    come from a bundle's "recall": {"bias": -4.0, "score": 8.0, "margin": 5.0, "threshold": 0.5}; the
    threshold is what `suffices` compares with.
    """

    bias: float
    score: float
    margin: float
    threshold: float = DEFAULT_THRESHOLD

    @classmethod
    def from_bundle(cls, recall: Mapping[str, object] | None) -> LogisticEstimator | None:
        """The estimator that a bundle's "recall" describes; None if it does not describe this one."""
        if recall is None or not all(
            isinstance(recall.get(n), int | float) for n in ("bias", "score", "margin")
        ):
            return None
        known = {name: float(recall[name]) for name in ("bias", "score", "margin")}  # type: ignore[arg-type]
        threshold = recall.get("threshold", DEFAULT_THRESHOLD)
        return cls(
            **known, threshold=float(threshold) if isinstance(threshold, int | float) else DEFAULT_THRESHOLD
        )

    def estimate(self, evidence: Evidence) -> float | None:
        """See `RecallEstimator`."""
        if not evidence.scores:
            return 0.0
        first, second = (*evidence.scores, 0.0)[:2]
        z = self.bias + self.score * first + self.margin * (first - second)
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, z))))

    def suffices(self, recall: float) -> bool:
        """See `RecallEstimator`."""
        return recall >= self.threshold
