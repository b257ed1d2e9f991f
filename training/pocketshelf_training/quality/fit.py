"""From signals to rules: a logistic model a fault, and where it begins to count.

Which signals a fault's rule sees was decided beforehand, by what the fault is. The weights come from the val
parts of the photos labelled by eye and of the synthetic ones, half the weight each; so do the thresholds: the
real photos decide where enough of them have the fault, else the synthetic ones. A rule does without the
network where that ranks the real photos of val, left out by turns, better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from pocketshelf.quality import FAULTS, Rule
from pocketshelf_training.quality.tables import SignalTable, Tables, without_network

__all__ = ["ENOUGH", "SIGNALS_OF", "fit_rules", "scores", "to_json"]

# What each rule sees; "net" is the network's logit of the fault.
SIGNALS_OF: Mapping[str, tuple[str, ...]] = {
    "too_dark": ("light_low", "light", "light_high", "light_middle", "black", "net"),
    "blurred": ("steepness", "detail", "busy", "net"),
    "over_exposed": ("white", "white_middle", "light", "light_high", "flat", "net"),
    "too_small": ("side", "detail", "largest", "longest", "covered", "net"),
    "cluttered": ("things", "groups", "people", "covered", "largest", "busy_rim", "colours", "net"),
    "collage": (
        *("line_row", "line_column", "seam_row", "seam_column"),
        *("bar_rows", "bar_columns", "flat", "net"),
    ),
    "not_full_body": ("shoes", "top", "legs", "cut_below", "cut", "lowest", "longest", "net"),
    "runway": ("light_low", "light", "worn", "net"),
}
# So many real photos with a fault, and the threshold is theirs.
ENOUGH = 8
# Of the photos without a fault, so many may be told it.
FALSE_ADVICE = 0.02
# Fewer where that costs little: an eighth of it still finds 0.87 of val's made collages (0.93 all of it), and
# what a library loses besides are good streets: of val's 288 that nobody labelled 2 (5).
FALSE_ADVICE_OF: Mapping[str, float] = {"collage": 0.0025}
# How photos are left out by turns to see whether the network helps.
FOLDS, REPEATS = 5, 3


def fit_rules(
    tables: Tables,
    network: bool = True,
    chosen: bool = True,
    strength: float = 0.3,
    codes: Iterable[str] = FAULTS,
) -> dict[str, Rule]:
    """A rule for each fault of ``codes``.

    Args:
        network: rules may see the network's logits.
        chosen: only those see it that it helps on val; else all.
        strength: inverse of the L2 penalty, on standardised signals.
    """
    rules = {}
    for code in codes:
        sees = network and (not chosen or _gains(tables, code, strength))
        rules[code] = _fit_rule(tables, code, _names(code, sees), strength)
    return rules


def _gains(tables: Tables, code: str, strength: float) -> bool:
    """Whether the network helps to rank photos of val that a rule was not fitted to; real ones if enough."""
    return _ranking(tables, code, _names(code, True), strength) >= _ranking(
        tables, code, _names(code, False), strength
    )


def _ranking(tables: Tables, code: str, names: list[str], strength: float) -> float:
    """Area under the ROC curve of photos of val, each judged by rules fitted to four fifths without it."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    x, y, weights, real = _rows(tables, code, names)
    asked = real if y[real].sum() >= ENOUGH else ~real
    found = np.zeros(len(y))
    for seed in range(REPEATS):
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
        for taught, left in folds.split(x, y):
            slopes, bias = _logistic(x[taught], y[taught], weights[taught], strength)
            found[left] += x[left] @ slopes + bias
    return float(roc_auc_score(y[asked], found[asked]))


def _names(code: str, network: bool) -> list[str]:
    names = [f"net_{code}" if name == "net" else name for name in SIGNALS_OF[code]]
    return names if network else without_network(names)


def _fit_rule(tables: Tables, code: str, names: list[str], strength: float) -> Rule:
    x, y, weights, _ = _rows(tables, code, names)
    slopes, bias = _logistic(x, y, weights, strength)
    rule = Rule(bias, 0.5, 0.5, dict(zip(names, map(float, slopes), strict=True)))
    return _with_thresholds(rule, tables, code)


def _rows(
    tables: Tables, code: str, names: list[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Signals (n, k), whether each has the fault, its weight, and whether it is a real photo; all of val."""
    parts = [_part(table, code, names) for table in (tables.real_val, tables.made_val)]
    x, y = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    weights = np.concatenate([_even(part[1]) for part in parts])
    return x, y, weights, np.arange(len(y)) < len(parts[0][1])


def _logistic(x: np.ndarray, y: np.ndarray, weights: np.ndarray, strength: float) -> tuple[np.ndarray, float]:
    """Slopes (k,) and bias of a logistic model, penalised on standardised signals."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = x.mean(0), np.maximum(x.std(0), 1e-3)
    model = LogisticRegression(C=strength * 100 / len(y), max_iter=2000)
    model.fit((x - mean) / scale, y, sample_weight=weights * len(y) / weights.sum())
    slopes = model.coef_[0] / scale
    return slopes, float(model.intercept_[0] - slopes @ mean)


def _part(table: SignalTable, code: str, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    rows, has = table.known(code)
    return table.columns(names)[rows], has


def _even(has: np.ndarray) -> np.ndarray:
    """As much weight to those with the fault as to those without, one in all; where a side lacks, half."""
    weights = np.zeros(len(has))
    for side in (has, ~has):
        if side.any():
            weights[side] = 0.5 / side.sum()
    return weights


def scores(rule: Rule, table: SignalTable) -> np.ndarray:
    """(n,) the rule's probability for each picture of the table."""
    logits = rule.bias + table.columns(rule.weights) @ np.array(list(rule.weights.values()))
    return 1 / (1 + np.exp(-np.clip(logits, -40, 40)))


def _with_thresholds(rule: Rule, tables: Tables, code: str) -> Rule:
    real, made = (
        (scores(rule, t)[t.known(code)[0]], t.known(code)[1]) for t in (tables.real_val, tables.made_val)
    )
    found, has = real if real[1].sum() >= ENOUGH else made
    likely = _best_cut(found, has)
    if real[1].sum() < ENOUGH:  # However few have the fault, those without it are real.
        likely = max(likely, float(np.quantile(real[0][~real[1]], 0.95)))
    told = FALSE_ADVICE_OF.get(code, FALSE_ADVICE)
    sure = max(0.5, likely, float(np.quantile(real[0][~real[1]], 1 - told)) + 1e-4)
    return Rule(rule.bias, round(likely, 4), round(min(sure, 0.9999), 4), rule.weights)


def _best_cut(found: np.ndarray, has: np.ndarray) -> float:
    """Where the balanced accuracy is best; the middle of the best stretch: a neighbour does as well."""
    order = np.sort(found)
    cuts = (order[1:] + order[:-1]) / 2
    sensitivity = (found[has][:, None] >= cuts).mean(0)
    specificity = (found[~has][:, None] < cuts).mean(0)
    balanced = np.convolve(sensitivity + specificity, np.ones(5) / 5, mode="same")
    best = np.flatnonzero(balanced >= balanced.max() - 1e-9)
    return float(cuts[best[len(best) // 2]])


def to_json(rules: Mapping[str, Rule], digits: int = 6) -> dict[str, dict]:
    """As ``bundle.json`` and ``rules.json`` hold them."""

    def rounded(values: Iterable[tuple[str, float]]) -> dict[str, float]:
        return {name: round(value, digits) for name, value in values}

    return {
        code: {
            "bias": round(rule.bias, digits),
            "likely": rule.likely,
            "sure": rule.sure,
            "weights": rounded(rule.weights.items()),
        }
        for code, rule in rules.items()
    }
