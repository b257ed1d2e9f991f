"""How well each fault is found: balanced accuracy on test, synthetic and real, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pocketshelf.quality import FAULTS, Rule
from pocketshelf_training.metrics.intervals import Figure, balanced_accuracy, mean_with_interval, resampled
from pocketshelf_training.quality.fit import scores
from pocketshelf_training.quality.tables import SignalTable

__all__ = ["FEW", "mean_balanced", "of_table", "told"]

# With fewer real photos that have a fault, its figure says little.
FEW = 8


def of_table(rules: Mapping[str, Rule], table: SignalTable) -> dict[str, dict[str, Any]]:
    """Of each fault: how many have it and have it not, and where both are there its figures at ``likely``."""
    return {code: _of_fault(rules[code], table, code) for code in FAULTS}


def _of_fault(rule: Rule, table: SignalTable, code: str) -> dict[str, Any]:
    rows, has = table.known(code)
    counts = {"with": int(has.sum()), "without": int((~has).sum())}
    if not has.any() or has.all():
        return counts
    found = scores(rule, table)[rows]
    said = found >= rule.likely
    return {
        **counts,
        "balanced": balanced_accuracy(has, said),
        "found": float(said[has].mean()),
        "false": float(said[~has].mean()),
        "sure found": float((found >= rule.sure)[has].mean()),
        "sure false": float((found >= rule.sure)[~has].mean()),
    }


def mean_balanced(rules: Mapping[str, Rule], table: SignalTable, least: int = 1) -> Figure:
    """The mean over faults of the balanced accuracy; its interval is over photos, the same for all faults.

    Args:
        least: only faults that so many pictures have.
    """
    chosen = [code for code in FAULTS if table.known(code)[1].sum() >= least]
    right, has, known = (np.zeros((len(chosen), len(table.faults)), bool) for _ in range(3))
    for number, code in enumerate(chosen):
        rows, positive = table.known(code)
        known[number, rows] = True
        has[number, rows] = positive
        right[number] = (scores(rules[code], table) >= rules[code].likely) == has[number]

    def over(rows: np.ndarray) -> np.ndarray:
        sides = [known & has, known & ~has]
        with np.errstate(invalid="ignore", divide="ignore"):
            shares = [(s & right)[:, rows].sum(-1) / s[:, rows].sum(-1) for s in sides]
        return np.nanmean(np.array(shares), axis=(0, 1))

    drawn = resampled(len(table.faults), over)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Figure(
        float(over(np.arange(len(table.faults))[None])[0]), float(low), float(high), len(table.faults)
    )


def told(rules: Mapping[str, Rule], table: SignalTable, codes: Mapping[str, str]) -> dict[str, Any]:
    """Of how many photos the shopper is told anything: of those without one of ``codes``, and with."""
    sure = np.zeros(len(table.faults), bool)
    bad = np.zeros(len(table.faults), bool)
    for code in codes:
        sure |= scores(rules[code], table) >= rules[code].sure
        bad |= table.faults[:, FAULTS.index(code)] == 1
    return {"good": mean_with_interval(sure[~bad]), "bad": mean_with_interval(sure[bad])}
