"""What one local search tells about itself, as numbers: the features that the recall estimate weighs.

Training fits a model over `FEATURES`, the SDK applies it; what a feature means is fixed here, for both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FEATURES", "Signals"]


@dataclass(frozen=True)
class Signals:
    """What one local search tells about itself.

    Attributes:
        scores: cosines of the local hits, best first, each product once.
        hit_categories: the categories of the same hits.
        categories: the model's (name, probability), likeliest first; need not be all of them.
        coverage: category → share of the catalogue's products in it that the shelf holds. A category
            that is not named has none; None: the shelf is the whole catalogue.
    """

    scores: Sequence[float]
    hit_categories: Sequence[str] = ()
    categories: Sequence[tuple[str, float]] = ()
    coverage: Mapping[str, float] | None = None

    def feature(self, name: str) -> float:
        """One feature by its name; it is finite.

        Raises:
            KeyError: there is none of this name.
        """
        return float((FEATURES.get(name) or OLD_FEATURES[name])(self))

    def features(self) -> dict[str, float]:
        """Every feature of `FEATURES`, by name."""
        return {name: self.feature(name) for name in FEATURES}

    def covered(self, category: str) -> float:
        """The share of ``category`` that the shelf holds."""
        return 1.0 if self.coverage is None else self.coverage.get(category, 0.0)


def _top_score(signals: Signals) -> float:
    return signals.scores[0] if signals.scores else -1.0


def _margin(signals: Signals, rank: int) -> float:
    """How far the best hit is ahead of the one at ``rank`` (from 0), or of the last."""
    scores = signals.scores
    return scores[0] - scores[min(rank, len(scores) - 1)] if scores else 0.0


def _entropy(signals: Signals) -> float:
    """Of the routing, in nats; the probability that the categories lack counts as one more category."""
    shares = [p for _, p in signals.categories if p > 0]
    rest = 1.0 - sum(shares)
    return -sum(p * math.log(p) for p in [*shares, rest] if p > 1e-9)


def _coverage(signals: Signals) -> float:
    """Expected share of the wanted category that the shelf holds."""
    return sum(p * signals.covered(name) for name, p in signals.categories)


def _agreement(signals: Signals) -> float:
    """The model's probability for the best hit's category."""
    if not signals.hit_categories:
        return 0.0
    return dict(signals.categories).get(signals.hit_categories[0], 0.0)


def _hit_coverage(signals: Signals) -> float:
    return signals.covered(signals.hit_categories[0]) if signals.hit_categories else 0.0


def _lead(signals: Signals) -> float:
    """How far the best hit is ahead of the second, or of a cosine of 0 where there is none."""
    first, second = (*signals.scores, 0.0, 0.0)[:2]
    return first - second


FEATURES: Mapping[str, Callable[[Signals], float]] = {
    "top_score": _top_score,
    "margin_2": lambda signals: _margin(signals, 1),
    "margin_5": lambda signals: _margin(signals, 4),
    "entropy": _entropy,
    "coverage": _coverage,
    "agreement": _agreement,
    "hit_coverage": _hit_coverage,
    "sure_coverage": lambda signals: _coverage(signals) * _agreement(signals),
}
# What bundles were calibrated on before: never fitted anew.
OLD_FEATURES: Mapping[str, Callable[[Signals], float]] = {
    "lead": _lead,
    "found": lambda signals: float(bool(signals.scores)),
}
