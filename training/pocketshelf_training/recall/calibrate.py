"""Two logistic models of searches in several worlds, and the thresholds that bound their risks.

Local recall: the wanted product is among the first k of this shelf. Confidence: the first hit is the right
product; it has two thresholds, from one on it is trusted, and below the other the catalogue is taken to have
nothing like it. The thresholds are controlled by what models that were fitted on other photos say, one
independent search a photo and world.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pocketshelf.recall.signals import CONFIDENCE_FEATURES
from pocketshelf_training.recall import evidence
from pocketshelf_training.recall.evidence import Evidence, Lines
from pocketshelf_training.recall.fit import LogisticModel, fit_logistic
from pocketshelf_training.recall.risk import Control, clopper_pearson_upper, control_threshold

__all__ = ["KIND_DELTA", "Calibration", "calibrate", "kinds_of_lacking", "lacking", "one_each"]

# Parts of the photos; a search is judged by models that saw none of its part.
FOLDS = 5
# A kind of photo is few: bounded like a world, next to nothing of a garment shop would be trusted.
KIND_DELTA = 0.2
CONFIDENCE_COLUMNS = [evidence.NAMES.index(name) for name in CONFIDENCE_FEATURES]


@dataclass(frozen=True)
class Calibration:
    """The two models with their thresholds."""

    k: int
    recall: LogisticModel
    recall_control: Control
    confidence: LogisticModel
    confidence_control: Control
    absent_control: Control | None = None

    def local_recall(self, table: Evidence) -> np.ndarray:
        """Float (n,)."""
        return self.recall.probability(table.features)

    def confidences(self, table: Evidence) -> np.ndarray:
        """Float (n,)."""
        return self.confidence.probability(table.features[:, CONFIDENCE_COLUMNS])

    def to_block(self) -> dict[str, Any]:
        """The "recall" block, version 2, of `pocketshelf.recall.model`."""
        confidence = _model_block(self.confidence, self.confidence_control)
        if self.absent_control is not None:
            confidence["absent"] = _control_block(self.absent_control)
        own = _model_block(self.recall, self.recall_control)
        return {"version": 2, "k": self.k, **own, "confidence": confidence}

    @classmethod
    def of_block(cls, block: Mapping[str, Any]) -> Calibration:
        """What `to_block` made."""
        sure = block["confidence"]
        absent = Control(sure["absent"]["threshold"], **sure["absent"]["risk"]) if "absent" in sure else None
        return cls(block["k"], *_of_model_block(block), *_of_model_block(sure), absent)


def calibrate(lines: Lines, k: int, alpha: float, delta: float, bound: str = "world") -> Calibration:
    """Fit both models on all photos; control their risks by what models fitted on other photos say of each.

    Args:
        lines: with "world" and "set", see `pocketshelf_training.recall.worlds`.
        bound: the risk that nobody is asked is bounded in each "world", all its photos together, or for
            each "kind" of photo. That something wrong is confident is bounded in each world, and for each
            kind at less confidence (`KIND_DELTA`); that something right is called absent in each world.

    Raises:
        ValueError: the evidence holds only hits or only misses.
    """
    table, weights = evidence.read(lines), _weights(lines)
    known = table.features[:, CONFIDENCE_COLUMNS]
    fold = evidence.folds(lines, FOLDS)
    recall, elsewhere = _cross_fitted(evidence.NAMES, table.features, table.hits(k), weights, fold)
    confidence, sure = _cross_fitted(tuple(CONFIDENCE_FEATURES), known, table.hits(1), weights, fold)
    place = {id(line): row for row, line in enumerate(lines)}
    missed = [line for line in one_each(lines) if not line["rank"] or line["rank"] > k]
    absent = one_each(lacking(lines))
    of_missed, of_absent = ([place[id(line)] for line in some] for some in (missed, absent))
    asking = _strictest(missed, elsewhere[of_missed], alpha, delta, bound)
    right = one_each([line for line in lines if line["rank"] == 1])
    of_right = [place[id(line)] for line in right]
    sure_control = _careful(absent, sure[of_absent], alpha, delta)
    absent_control = _forgiving(right, sure[of_right], alpha, delta, sure_control.threshold)
    return Calibration(k, recall, asking, confidence, sure_control, absent_control)


def _cross_fitted(
    names: tuple[str, ...], features: np.ndarray, hits: np.ndarray, weights: np.ndarray, fold: np.ndarray
) -> tuple[LogisticModel, np.ndarray]:
    """The model of all, and of each search (n,) what a model fitted on other photos' says."""
    said = np.zeros(len(hits))
    for number in np.unique(fold):
        own = fold == number
        other = fit_logistic(names, features[~own], hits[~own], 1.0, weights[~own])
        said[own] = other.probability(features[own])
    return fit_logistic(names, features, hits, 1.0, weights), said


def _groups(lines: Lines, bound: str) -> list[np.ndarray]:
    """Bool (n,) each: the searches of a world, or of a kind of photo in it."""
    keys = [(line["world"], line["set"] if bound == "kind" else "") for line in lines]
    return [np.array([own == key for own in keys]) for key in dict.fromkeys(keys)]


def _strictest(lines: Lines, p: np.ndarray, alpha: float, delta: float, bound: str) -> Control:
    """The control with the highest threshold: with it the risk is bounded in every group of the searches."""
    controls = [control_threshold(p[mine], alpha, delta) for mine in _groups(lines, bound)]
    return max(controls, key=lambda control: control.threshold)


def _careful(lines: Lines, p: np.ndarray, alpha: float, delta: float) -> Control:
    """The strictest control of all worlds at ``delta``, and of all kinds of photo in them at `KIND_DELTA`.

    A world's bound is of all its photos, and strangers' seldom pass: of its own it may let more. Of a kind of
    few photos at most ``alpha`` pass, as counted.
    """
    worlds, kinds = _groups(lines, "world"), _groups(lines, "kind")
    enough = [mine for mine in kinds if clopper_pearson_upper(0, int(mine.sum()), KIND_DELTA) <= alpha]
    bounded = [(mine, delta) for mine in worlds] + [(mine, KIND_DELTA) for mine in enough]
    control = max(
        (control_threshold(p[mine], alpha, at) for mine, at in bounded), key=lambda each: each.threshold
    )
    for mine in kinds:
        ordered = np.sort(p[mine])[::-1]
        first = float(ordered[int(alpha * len(ordered))])
        if first >= control.threshold:
            control = replace(control, threshold=min(1.0, math.floor(first * 1e6 + 1) / 1e6))
    said = [_passing(p[mine], control.threshold, at) for mine, at in bounded]
    bound, passed, size, at = max(said)
    return replace(control, misses=size, unescalated=passed, bound=bound, delta=at)


def _passing(p: np.ndarray, threshold: float, delta: float) -> tuple[float, int, int, float]:
    """The bound of the share that passes, how many do, of how many, and ``delta``."""
    passed = int((p >= threshold).sum())
    return float(clopper_pearson_upper(passed, len(p), delta)), passed, len(p), delta


def _forgiving(lines: Lines, p: np.ndarray, alpha: float, delta: float, most: float) -> Control | None:
    """The highest threshold, at most ``most``, with which few right first hits of any world lie below it.

    Of a world that is too small for a bound none lies below it: of n searches, one more is below the least of
    them in 1 of n + 1 draws. None where a world is too small for that, too.
    """
    controls = []
    for mine in _groups(lines, "world"):
        control = control_threshold(1.0 - p[mine], alpha, delta)
        if control.threshold >= 1.0:
            if mine.sum() + 1 < 1 / alpha:
                return None
            control = replace(control, threshold=min(1.0, float(1.0 - p[mine].min()) + 1e-6))
        controls.append(control)
    strictest = max(controls, key=lambda control: control.threshold)
    return replace(strictest, threshold=min(most, math.floor((1.0 - strictest.threshold) * 1e6) / 1e6))


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
    return {"bias": model.bias, "features": model.to_json(), **_control_block(control)}


def _control_block(control: Control) -> dict[str, Any]:
    risk = {"alpha": control.alpha, "delta": control.delta, "misses": control.misses}
    risk |= {"unescalated": control.unescalated, "bound": round(control.bound, 5)}
    return {"threshold": control.threshold, "risk": risk}


def _of_model_block(block: Mapping[str, Any]) -> tuple[LogisticModel, Control]:
    features = block["features"]
    mean, scale, weight = (
        np.array([f[key] for f in features.values()]) for key in ("mean", "scale", "weight")
    )
    model = LogisticModel(tuple(features), mean, scale, weight, block["bias"])
    return model, Control(threshold=block["threshold"], **block["risk"])
