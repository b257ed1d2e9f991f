"""Choose the threshold so that a bound on the risk holds: of the misses, at most α stay unasked.

A threshold is safe if the upper confidence bound of its risk lies below α. Thresholds are tried from the
most careful one on, and the last safe one before the first that is not is taken: with this fixed order the
bound holds for the chosen one at the same confidence (fixed-sequence testing; Angelopoulos et al., "Learn
then Test", 2021, section 3; "risk-controlling prediction sets", Bates et al., 2021, with a monotone risk).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

__all__ = ["Control", "clopper_pearson_upper", "control_threshold", "risk_coverage"]


@dataclass(frozen=True)
class Control:
    """The chosen threshold and what it rests on.

    Attributes:
        threshold: below it the server is asked.
        misses: independent misses that it was calibrated on.
        unescalated: how many of them stay unasked.
        bound: upper confidence bound of their share, at most ``alpha``.
    """

    threshold: float
    alpha: float
    delta: float
    misses: int
    unescalated: int
    bound: float


def clopper_pearson_upper(errors: np.ndarray | int, trials: int, delta: float) -> np.ndarray:
    """The exact upper bound of a share, at confidence 1 - ``delta`` (Clopper and Pearson, 1934).

    Args:
        errors: (m,) or one number, each below ``trials`` or equal, where the bound is 1.
    """
    errors = np.asarray(errors)
    bounds = beta.ppf(1 - delta, errors + 1, np.maximum(trials - errors, 1))
    return np.where(errors < trials, bounds, 1.0)


def control_threshold(miss_probabilities: np.ndarray, alpha: float = 0.05, delta: float = 0.05) -> Control:
    """The lowest threshold whose bound holds.

    Args:
        miss_probabilities: float (n,): the model's estimates for independent queries that the local hits
            do not answer, none of them used for fitting it.

    Returns:
        the control; its threshold is 1, everything is asked, where the misses are too few to allow any.
    """
    ordered = np.sort(np.asarray(miss_probabilities, dtype=np.float64))[::-1]
    trials = len(ordered)
    # The bound grows with the errors: so many are allowed, the first that is not comes next.
    allowed = int((clopper_pearson_upper(np.arange(trials), trials, delta) <= alpha).sum()) - 1
    if allowed < 0:
        return Control(1.0, alpha, delta, trials, 0, 1.0)
    # Just above the first miss that may not stay unasked; rounded up, so that the JSON keeps it so.
    threshold = min(1.0, math.floor(float(ordered[allowed]) * 1e6 + 1) / 1e6)
    unescalated = int((ordered >= threshold).sum())
    bound = float(clopper_pearson_upper(unescalated, trials, delta))
    return Control(threshold, alpha, delta, trials, unescalated, bound)


def risk_coverage(probabilities: np.ndarray, hits: np.ndarray) -> dict[str, np.ndarray]:
    """For every threshold from careful to bold: what is answered locally, and what goes wrong.

    Returns:
        "threshold"; "answered", share of all queries; "missed", share of the misses that stay unasked;
        "asked_hits", share of the local hits that are asked in vain. Each float (m,).
    """
    thresholds = np.unique(np.concatenate([probabilities, [0.0, 1.0]]))[::-1]
    local = probabilities[None, :] >= thresholds[:, None]
    return {
        "threshold": thresholds,
        "answered": local.mean(axis=1),
        "missed": local[:, ~hits].mean(axis=1),
        "asked_hits": 1.0 - local[:, hits].mean(axis=1),
    }
