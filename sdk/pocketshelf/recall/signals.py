"""What one local search tells about itself, as numbers: the features that the recall estimate weighs.

Training fits a model over `FEATURES`, the SDK applies it; what a feature means is fixed here, for both.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pocketshelf.recall.neighbourhood import Cohort

__all__ = ["CONFIDENCE_FEATURES", "FEATURES", "RECALL_FEATURES", "Signals"]


@dataclass(frozen=True)
class Signals:
    """What one local search tells about itself.

    Attributes:
        scores: cosines of the local hits, best first, each product once.
        hit_categories: the categories of the same hits.
        categories: the model's (name, probability), likeliest first; need not be all of them.
        coverage: category → share of the catalogue's products in it that the shelf holds. A category
            that is not named has none; None: the shelf is the whole catalogue.
        held: the categories that the shelf has products of; None: those of the hits.
        detected: the detector's score of the region; 1 where the frame was asked for.
        query, hit: float (D,), the query and the best hit's vector, where they are known.
        shelf: the shelf's own distances; the full catalogue's, where a server has told them.
        common: share of the shelf's products that are of the best hit's category.
        told: what `hit_background` is, where a server has told it.
    """

    scores: Sequence[float]
    hit_categories: Sequence[str] = ()
    categories: Sequence[tuple[str, float]] = ()
    coverage: Mapping[str, float] | None = None
    held: Collection[str] | None = None
    detected: float = 1.0
    query: np.ndarray | None = field(default=None, repr=False, compare=False)
    hit: np.ndarray | None = field(default=None, repr=False, compare=False)
    shelf: Cohort | None = field(default=None, repr=False, compare=False)
    common: float = 0.0
    told: tuple[float, float] | None = field(default=None, repr=False, compare=False)

    @functools.cached_property
    def query_background(self) -> tuple[float, float]:
        """Mean and standard deviation of the query's cosines to the shelf at large."""
        return (0.0, 1.0) if self.shelf is None or self.query is None else self.shelf.background(self.query)

    @functools.cached_property
    def hit_background(self) -> tuple[float, float]:
        """The same of the best hit; the query's where the hit's vector is not at hand, as of a server's."""
        if self.told is not None:
            return self.told
        if self.shelf is None or self.hit is None:
            return self.query_background
        return self.shelf.background(self.hit)

    def feature(self, name: str) -> float:
        """One feature by its name; it is finite.

        Raises:
            KeyError: there is none of this name.
        """
        known = self._known  # Recall and confidence go by the same ones.
        if name not in known:
            known[name] = float((ALL_FEATURES.get(name) or OLD_FEATURES[name])(self))
        return known[name]

    @functools.cached_property
    def _known(self) -> dict[str, float]:
        return {}

    def features(self) -> dict[str, float]:
        """Every feature of `RECALL_FEATURES`, by name."""
        return {name: self.feature(name) for name in RECALL_FEATURES}

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


def _deviations(signals: Signals, background: tuple[float, float]) -> float:
    """How far the best score lies above a mean, in standard deviations."""
    mean, spread = background
    return (_top_score(signals) - mean) / spread


def _nearest_gap(signals: Signals) -> float:
    """How much nearer the best hit is than the shelf's products are to each other."""
    return 0.0 if signals.shelf is None else _deviations(signals, signals.shelf.nearest)


def _entropy_share(signals: Signals) -> float:
    """The entropy, of the greatest that so many categories can have."""
    return _entropy(signals) / math.log(len(signals.categories) + 1) if signals.categories else 1.0


def _held(signals: Signals) -> float:
    """The probability of the categories that the shelf has products of."""
    held = set(signals.hit_categories if signals.held is None else signals.held)
    return sum(p for name, p in signals.categories if name in held)


def _stranger(signals: Signals) -> float:
    """1 where the model does not know the best hit's category, and so cannot agree."""
    known = {name for name, _ in signals.categories}
    return float(bool(signals.hit_categories) and signals.hit_categories[0] not in known)


def _concord(signals: Signals) -> float:
    """Share of the next four hits that are of the best hit's category.

    Where most of the shelf is of it, that says little, and nothing where all is: it is scaled by
    min(1, 2 · (1 - common)).
    """
    first, *others = signals.hit_categories[:5] or [""]
    agreeing = sum(name == first for name in others) / len(others) if others else 0.0
    return agreeing * min(1.0, 2.0 * (1.0 - signals.common))


# Of version 1: absolute cosines, which mean something in one catalogue.
FEATURES: Mapping[str, Callable[[Signals], float]] = {
    "top_score": _top_score,
    "margin_2": lambda signals: _margin(signals, 1),
    "margin_5": lambda signals: _margin(signals, 4),
    "entropy": _entropy,
    "coverage": _coverage,
    "agreement": _agreement,
    "hit_coverage": _hit_coverage,
    "sure_coverage": lambda signals: signals.feature("coverage") * signals.feature("agreement"),
}
# Of version 2: cosines in units of the shelf's own spread.
CONFIDENCE_FEATURES: Mapping[str, Callable[[Signals], float]] = {
    "query_deviations": lambda signals: _deviations(signals, signals.query_background),
    "hit_deviations": lambda signals: _deviations(signals, signals.hit_background),
    "nearest_gap": _nearest_gap,
    "lead_2": lambda signals: _margin(signals, 1) / signals.query_background[1],
    "lead_5": lambda signals: _margin(signals, 4) / signals.query_background[1],
    "entropy_share": _entropy_share,
    "held": _held,
    "agreement": _agreement,
    "stranger": _stranger,
    "concord": _concord,
    "detected": lambda signals: signals.detected,
}
# Of local recall, too, which also depends on how much of the catalogue the shelf holds.
RECALL_FEATURES: Mapping[str, Callable[[Signals], float]] = {
    **CONFIDENCE_FEATURES,
    "coverage": _coverage,
    "hit_coverage": _hit_coverage,
    "sure_coverage": lambda signals: signals.feature("coverage") * signals.feature("agreement"),
}
ALL_FEATURES = {**FEATURES, **RECALL_FEATURES}
# What bundles were calibrated on before: never fitted anew.
OLD_FEATURES: Mapping[str, Callable[[Signals], float]] = {
    "lead": _lead,
    "found": lambda signals: float(bool(signals.scores)),
}
