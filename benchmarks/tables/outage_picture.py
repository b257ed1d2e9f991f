"""The picture of `benchmarks/outage.py`: requests a second after the server is back, one panel an outage."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from outage import OUTAGES, WAYS, simulate

SHOWN = {
    "kiosk": "kiosks (the client's back-off)",
    "timer, spread": "timers with --spread (the client's back-off)",
    "fixed, together": "every minute, asked together",
    "doubling, together": "doubling without jitter, asked together",
}
BINS = 160


def draw(devices: int, path: Path, seed: int = 0) -> None:
    """A PNG; simulated, as the page says."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.2), layout="constrained")
    axes = figure.subplots(1, len(OUTAGES), sharey=True)
    lines = {}
    for axis, (name, outage) in zip(axes, OUTAGES.items(), strict=True):
        edges = np.geomspace(1.0, 8 * 3600.0, BINS)
        for colour, way in enumerate(each for each in WAYS if each.name in SHOWN):
            at = 1 + simulate(way, outage, devices, seed).asked_at  # The first second is number 1.
            counts = np.bincount(at.astype(np.int64), minlength=int(edges[-1]) + 1)
            fullest = [counts[int(low) : max(int(low) + 1, int(high))].max() for low, high in pairwise(edges)]
            (lines[SHOWN[way.name]],) = axis.step(
                edges[:-1], fullest, where="post", color=f"C{colour}", linewidth=1.3
            )
        axis.set_xscale("log")
        axis.set_yscale("log")
        axis.set_xticks([1, 60, 900, 3600, 21600], ["1 s", "1 min", "15 min", "1 h", "6 h"])
        axis.minorticks_off()
        axis.set_ylim(0.8, devices)
        axis.set_title(f"after {name} away", fontsize=9)
        axis.set_xlabel("since the server is back")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("syncs in the fullest second")
    figure.legend(lines.values(), lines, loc="outside lower center", ncols=len(lines), fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})
