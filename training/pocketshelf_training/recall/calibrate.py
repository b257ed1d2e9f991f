"""Two logistic models of searches in several worlds, and the thresholds that bound their risks.

Local recall: the wanted product is among the first k of this shelf. Confidence: the first hit is the right
product. The thresholds are controlled on other photos than the models are fitted on, one independent search a
photo and world.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.recall.signals import CONFIDENCE_FEATURES
from pocketshelf_training.recall import evidence
from pocketshelf_training.recall.evidence import Evidence, Lines
from pocketshelf_training.recall.fit import LogisticModel, fit_logistic
from pocketshelf_training.recall.risk import Control, control_threshold

__all__ = ["Calibration", "calibrate", "kinds_of_lacking", "lacking", "one_each"]

# Of the photos; the rest choose the thresholds.
FIT_SHARE = 0.4
CONFIDENCE_COLUMNS = [evidence.NAMES.index(name) for name in CONFIDENCE_FEATURES]


@dataclass(frozen=True)
class Calibration:
    """The two models with their thresholds."""

    k: int
    recall: LogisticModel
    recall_control: Control
    confidence: LogisticModel
    confidence_control: Control

    def local_recall(self, table: Evidence) -> np.ndarray:
        """Float (n,)."""
        return self.recall.probability(table.features)

    def confidences(self, table: Evidence) -> np.ndarray:
        """Float (n,)."""
        return self.confidence.probability(table.features[:, CONFIDENCE_COLUMNS])

    def to_block(self) -> dict[str, Any]:
        """The "recall" block, version 2, of `pocketshelf.recall.model`."""
        confidence = _model_block(self.confidence, self.confidence_control)
        own = _model_block(self.recall, self.recall_control)
        return {"version": 2, "k": self.k, **own, "confidence": confidence}


def calibrate(lines: Lines, k: int, alpha: float, delta: float, bound: str = "world") -> Calibration:
    """Fit both models on some of the photos, and control their risks on the others.

    Args:
        lines: with "world" and "set", see `pocketshelf_training.recall.worlds`.
        bound: the risk is bounded in each "world", all its photos together, or for each "kind" of photo.

    Raises:
        ValueError: the evidence holds only hits or only misses.
    """
    some, rest = evidence.split_photos(lines, FIT_SHARE)
    fitting, weights = evidence.read(some), _weights(some)
    recall = fit_logistic(evidence.NAMES, fitting.features, fitting.hits(k), 1.0, weights)
    known = fitting.features[:, CONFIDENCE_COLUMNS]
    confidence = fit_logistic(tuple(CONFIDENCE_FEATURES), known, fitting.hits(1), 1.0, weights)
    missed = [line for line in one_each(rest) if not line["rank"] or line["rank"] > k]
    absent = one_each(lacking(rest))
    asking = _strictest(missed, recall.probability(_features(missed)), alpha, delta, bound)
    known = _features(absent)[:, CONFIDENCE_COLUMNS]
    sure = _strictest(absent, confidence.probability(known), alpha, delta, bound)
    return Calibration(k, recall, asking, confidence, sure)


def _strictest(lines: Lines, p: np.ndarray, alpha: float, delta: float, bound: str) -> Control:
    """The control with the highest threshold: with it the risk is bounded in every group of the searches."""
    keys = [(line["world"], line["set"] if bound == "kind" else "") for line in lines]
    groups = {key: np.array([own == key for own in keys]) for key in dict.fromkeys(keys)}
    controls = [control_threshold(p[mine], alpha, delta) for mine in groups.values()]
    return max(controls, key=lambda control: control.threshold)


def _features(lines: Lines) -> np.ndarray:
    return evidence.read(lines).features


def lacking(lines: Lines) -> Lines:
    """Searches for what the catalogue lacks: the shelf taken as the whole of it."""
    return [line for line in lines if not line["local"]]


def one_each(lines: Lines) -> Lines:
    """One search of each photo in each world and kind: independent of each other within a kind."""
    found: Lines = []
    for kind in kinds_of_lacking(lines):
        found += evidence.one_a_photo([line for line in lines if (line["world"], line["set"]) == kind])
    return found


def kinds_of_lacking(lines: Lines) -> list[tuple[str, str]]:
    """(world, set) in their order."""
    return list(dict.fromkeys((line["world"], line["set"]) for line in lines))


def _weights(lines: Lines) -> np.ndarray:
    """Each world counts alike, and in a world each set: float (n,), 1 on average."""
    kinds = [(line["world"], line["set"]) for line in lines]
    sizes = Counter(kinds)
    # A world's own photos, with and without their product in the shelf, count as much as all of the others.
    own = np.array([3.0 if name == "own" else 1.0 for _, name in kinds])
    weights = own / np.array([sizes[kind] for kind in kinds])
    return weights * len(weights) / weights.sum()


def _model_block(model: LogisticModel, control: Control) -> dict[str, Any]:
    risk = {"alpha": control.alpha, "delta": control.delta, "misses": control.misses}
    risk |= {"unescalated": control.unescalated, "bound": round(control.bound, 5)}
    return {
        "threshold": control.threshold,
        "bias": model.bias,
        "features": model.to_json(),
        "risk": risk,
    }
