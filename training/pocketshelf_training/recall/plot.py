"""The risk–coverage curve as a picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pocketshelf_training.recall.risk import risk_coverage

__all__ = ["plot_risk_coverage"]


def plot_risk_coverage(probabilities: np.ndarray, hits: np.ndarray, threshold: float, path: Path) -> None:
    """Draw what goes wrong over the share of queries that are answered locally.

    Args:
        probabilities: float (n,), the model's estimates.
        hits: bool (n,), whether the wanted product was among the local hits.
        threshold: the one chosen; marked.
        path: the PNG file.
    """
    from matplotlib.figure import Figure

    curve = risk_coverage(probabilities, hits)
    chosen = float((probabilities >= threshold).mean())
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    axes.plot(curve["answered"], curve["missed"], label="misses that stay unasked")
    axes.plot(curve["answered"], curve["asked_hits"], label="local hits asked in vain")
    axes.axvline(chosen, color="grey", linestyle=":", label=f"threshold {threshold:.3f}")
    axes.axhline(0.05, color="grey", linewidth=0.5)
    axes.set_xlabel("share of queries answered locally")
    axes.set_ylabel("share")
    axes.set_ylim(0, 1)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=120)
