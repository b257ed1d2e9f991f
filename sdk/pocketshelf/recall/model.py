"""The "recall" block of ``bundle.json``: how likely is it that the local hits hold the wanted product?

    "recall": {"version": 1, "k": 10, "threshold": 0.93, "bias": 0.4,
      "features": {"top_score": {"mean": 0.6, "scale": 0.1, "weight": 1.9}, …},
      "risk": {"alpha": 0.05, "delta": 0.05, "misses": 207, "unescalated": 5}, …}

A logistic model over standardised features: p = 1 / (1 + exp(-(bias + Σ weight · (x - mean) / scale))).
p is the probability that the wanted product is in this shelf and among its first ``k`` hits. Below
``threshold`` the app asks the server. How the threshold was chosen is recorded in "risk": of the queries
whose product the local hits do not hold, at most ``alpha`` stay unasked, with confidence 1 - ``delta``.
Training fits this block, the SDK applies it; what a feature means is fixed here, for both.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pocketshelf.errors import BundleError
from pocketshelf.formats.fields import Fields

__all__ = ["FEATURES", "Feature", "RecallModel", "Signals", "parse_recall"]

VERSION = 1


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
    hit_categories: Sequence[str]
    categories: Sequence[tuple[str, float]]
    coverage: Mapping[str, float] | None = None

    def features(self) -> dict[str, float]:
        """Every feature of `FEATURES`, by name; all are finite."""
        return {name: float(feature(self)) for name, feature in FEATURES.items()}

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


@dataclass(frozen=True)
class Feature:
    """One term of the model."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True)
class RecallModel:
    """A parsed block; see the module's description."""

    features: Mapping[str, Feature]
    bias: float
    threshold: float
    k: int

    def probability(self, signals: Signals) -> float:
        """The probability, in (0, 1), that the wanted product is among the first ``k`` local hits."""
        values = signals.features()
        terms = (f.weight * (values[name] - f.mean) / f.scale for name, f in self.features.items())
        logit = self.bias + sum(terms)
        # Beyond this the exponential overflows, and nothing that matters changes.
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit))))

    def should_ask(self, probability: float) -> bool:
        """Whether the server should be asked."""
        return probability < self.threshold


def parse_recall(block: Mapping[str, Any], where: str = "bundle.json: recall") -> RecallModel:
    """Read the block.

    Raises:
        BundleError: malformed, of an unknown version, or with a feature that is unknown here.
    """
    top = Fields(block, where, BundleError)
    if top.integer("version") != VERSION:
        raise top.error("version", f"is not {VERSION}; update pocketshelf")
    part = top.child("features")
    features = {}
    for name in part:
        if name not in FEATURES:
            raise part.error(name, f"is no feature known here ({', '.join(FEATURES)}); update pocketshelf")
        entry = part.child(name)
        scale = entry.number("scale")
        if scale <= 0:
            raise entry.error("scale", "must be above 0")
        features[name] = Feature(entry.number("mean"), scale, entry.number("weight"))
    return RecallModel(
        features, top.number("bias"), top.number("threshold", low=0, high=1), top.integer("k", low=1)
    )
