"""The "recall" block of ``bundle.json``: how likely is it that the local hits hold the wanted product?

    "recall": {"version": 1, "k": 10, "threshold": 0.93, "bias": 0.4,
      "features": {"top_score": {"mean": 0.6, "scale": 0.1, "weight": 1.9}, …},
      "risk": {"alpha": 0.05, "delta": 0.05, "misses": 207, "unescalated": 5}, …}

A logistic model over standardised features: p = 1 / (1 + exp(-(bias + Σ weight · (x - mean) / scale))).
p is the probability that the wanted product is in this shelf and among its first ``k`` hits. Below
``threshold`` the app asks the server. How the threshold was chosen is recorded in "risk": of the queries
whose product the local hits do not hold, at most ``alpha`` stay unasked, with confidence 1 - ``delta``.

That is version 1. Version 2 has features that transfer to other catalogues (`RECALL_FEATURES`: cosines in
standard deviations of the shelf's own, see `pocketshelf.recall.neighbourhood`), and beside it one more model
of the same form:

    "recall": {"version": 2, …, "confidence": {"threshold": 0.61, "bias": …, "features": {…}, "risk": {…}}}

Its p is the probability that the first hit is the right product. From its threshold on the app trusts it: of
the photos whose product the full catalogue lacks, at most ``alpha`` get as much. It may hold a second, lower
threshold, ``"absent": {"threshold": 0.12, "risk": {…}}``, below which the app says "nothing like this
here": of the first hits that are right, at most ``alpha`` have as little. Between the two it shows what it
found, and says that it is not sure.

Bundles from before version 1 have ``{"bias": b, "score": s, "margin": m, "threshold": 0.5}`` instead:
p = 1 / (1 + exp(-(b + s · s1 + m · (s1 - s2)))), s1 and s2 being the two best cosines, s2 = 0 for a lone
hit, and p = 0 for none. Both are read as the one `RecallModel`.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pocketshelf.errors import BundleError
from pocketshelf.formats.fields import Fields
from pocketshelf.recall.signals import CONFIDENCE_FEATURES, FEATURES, RECALL_FEATURES, Signals

__all__ = ["Feature", "RecallModel", "parse_confidence", "parse_recall"]

# The features that each version's estimate of local recall may have.
FEATURES_OF_VERSION = {1: FEATURES, 2: RECALL_FEATURES}


@dataclass(frozen=True)
class Feature:
    """One term of the model."""

    mean: float
    scale: float
    weight: float


@dataclass(frozen=True)
class RecallModel:
    """A parsed block, which is the default `RecallEstimator`; see the module's description."""

    features: Mapping[str, Feature]
    bias: float
    threshold: float
    absent: float | None = None

    def estimate(self, signals: Signals) -> float:
        """The probability, in (0, 1), that the wanted product is among the first local hits."""
        terms = (f.weight * (signals.feature(name) - f.mean) / f.scale for name, f in self.features.items())
        logit = self.bias + sum(terms)
        # Beyond this the exponential overflows, and nothing that matters changes.
        return 1.0 / (1.0 + math.exp(-max(-40.0, min(40.0, logit))))

    def suffices(self, recall: float) -> bool:
        """Whether the server need not be asked."""
        return recall >= self.threshold

    def says_absent(self, confidence: float) -> bool | None:
        """Whether it is so low that the shop has nothing like it; None where the block does not tell."""
        return None if self.absent is None else confidence < self.absent


def parse_recall(block: Mapping[str, Any] | None) -> RecallModel | None:
    """Read a bundle's "recall"; None if there is none, or it describes no model.

    Raises:
        BundleError: malformed, of an unknown version, or with a feature that is unknown here.
    """
    if block is None or "features" not in block:
        return _parse_old(block or {})
    top = Fields(block, "bundle.json: recall", BundleError)
    return _parse_model(top, FEATURES_OF_VERSION[_version(top)])


def parse_confidence(block: Mapping[str, Any] | None) -> RecallModel | None:
    """Read the model of an answer's confidence; None where the bundle has none, as before version 2.

    Raises:
        BundleError: as `parse_recall`.
    """
    if block is None or "confidence" not in block or "features" not in block:
        return None
    top = Fields(block, "bundle.json: recall", BundleError)
    return _parse_model(top.child("confidence"), CONFIDENCE_FEATURES) if _version(top) > 1 else None


def _version(top: Fields) -> int:
    version = top.integer("version")
    if version not in FEATURES_OF_VERSION:
        raise top.error(
            "version", f"is none of {', '.join(map(str, FEATURES_OF_VERSION))}; update pocketshelf"
        )
    top.integer("k", low=1)
    return version


def _parse_model(model: Fields, known: Collection[str]) -> RecallModel:
    part = model.child("features")
    features = {name: _parse_feature(part, name, known) for name in part}
    absent = model.child("absent").number("threshold", low=0, high=1) if "absent" in model else None
    return RecallModel(features, model.number("bias"), model.number("threshold", low=0, high=1), absent)


def _parse_feature(part: Fields, name: str, known: Collection[str]) -> Feature:
    if name not in known:
        raise part.error(name, f"is no feature known here ({', '.join(known)}); update pocketshelf")
    entry = part.child(name)
    scale = entry.number("scale")
    if scale <= 0:
        raise entry.error("scale", "must be above 0")
    return Feature(entry.number("mean"), scale, entry.number("weight"))


def _parse_old(block: Mapping[str, Any]) -> RecallModel | None:
    """A block from before version 1; None if it is not one."""
    known = {name: value for name, value in block.items() if isinstance(value, int | float)}
    if not {"bias", "score", "margin"} <= known.keys():
        return None
    features = {
        "top_score": Feature(0.0, 1.0, known["score"]),
        "lead": Feature(0.0, 1.0, known["margin"]),
        "found": Feature(1.0, 1.0, 1e6),  # Without a hit the probability is as good as 0.
    }
    return RecallModel(features, known["bias"], known.get("threshold", 0.5))
