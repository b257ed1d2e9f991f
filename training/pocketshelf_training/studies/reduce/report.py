"""The reduction page: a plot, a table, and the same figures as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pocketshelf_training.metrics.intervals import plain
from pocketshelf_training.pages.page import joined, table
from pocketshelf_training.studies.reduce.measure import Row

__all__ = ["Study", "as_json", "as_markdown", "draw"]

# (network, "known products" or "unseen products") → rows.
Study = dict[tuple[str, str], list[Row]]

HEAD = """# How short may a vector be

Written by

    {command}

Pooled features (1,280 numbers) of the grocery photos by each network, reduced by four
linear methods, which are fitted on the training photos and the catalogue's own pictures; phone photo →
the shop's picture among 81 products. Options were chosen on val, figures are of test, in int8 as stores
hold vectors; in brackets 95 % bootstrap intervals over photos (seed 0). A vector takes as many bytes as
it has dimensions; the layer that makes it takes 1,280 times that. LDA ends at the number of products it
was fitted on less one.

"Unseen products": a quarter of the products was kept out of the fitting, photos and picture, and only
their photos are asked, against the whole catalogue. Options were then chosen on val photos of the *known*
products, as one would have to; what suits those best may be the worst for new ones.

Machine: {machine}.

![Recall against dimension]({plot})
"""


def as_markdown(study: Study, facts: dict[str, str]) -> str:
    """The page."""
    parts = [HEAD.format(**facts)]
    for (network, products), rows in study.items():
        parts.append(f"## {network}, {products} ({rows[0].test['R@1'].photos} photos)\n")
        parts.append(_table(rows))
        parts.append(_reading(rows))
    return joined(parts)


def _table(rows: Iterable[Row]) -> str:
    head = ["method", "dimension", "bytes", "layer, kB", "R@1", "R@5", "R@1, float32", "R@1, val"]
    return table([*head, "chosen on val"], map(_cells, rows))


def _cells(row: Row) -> list[object]:
    options = ", ".join(f"{key} {value}" for key, value in row.options.items()) or "–"
    figures = [row.test["R@1"], row.test["R@5"], f"{row.float_test.value:.3f}", f"{row.val.value:.3f}"]
    return [row.method, row.dimension, row.bytes, f"{row.head_bytes / 1000:.0f}", *figures, options]


def _reading(rows: list[Row]) -> str:
    """What val says: the best, and the shortest whose interval reaches it; their figures are of test."""
    best = max(rows, key=lambda row: row.val.value)
    near = [row for row in rows if row.val.high >= best.val.value]
    short = min(near, key=lambda row: (row.bytes, -row.val.value))
    parts = [f"{row.method} at {row.dimension} (test {row.test['R@1']})" for row in (best, short)]
    if best is short:
        return f"Best on val, and none shorter has an interval that reaches it: {parts[0]}.\n"
    return f"Best on val: {parts[0]}. The shortest whose interval on val reaches it: {parts[1]}.\n"


def as_json(study: Study, facts: dict[str, str]) -> str:
    """The figures of the page."""
    content = [
        {"network": network, "products": products, **plain(row._asdict())}
        for (network, products), rows in study.items()
        for row in rows
    ]
    return json.dumps({**facts, "rows": content}, indent=1)


def draw(study: Study, path: Path) -> None:
    """The plot, a PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1 + 4.2 * len(study), 4.4), layout="constrained")
    axes = figure.subplots(1, len(study), sharey=True, squeeze=False)
    # One colour a method on every panel, though not every panel has every method.
    methods = list(dict.fromkeys(row.method for rows in study.values() for row in rows))
    lines: dict[str, Any] = {}
    for axis, ((network, products), rows) in zip(axes[0], study.items(), strict=True):
        for index, method in enumerate(methods):
            if line := sorted((row for row in rows if row.method == method), key=lambda row: row.dimension):
                lines[method] = _draw_line(axis, line, f"C{index}")
        ticks = sorted({row.dimension for row in rows if row.method != "LDA"})
        axis.set_xscale("log", base=2)
        axis.set_xticks(ticks, [str(tick) for tick in ticks], rotation=45, fontsize=7)
        axis.minorticks_off()
        axis.set_title(f"{network}, {products}", fontsize=9)
        axis.set_xlabel("dimension = bytes a vector (int8)")
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("R@1 on test, 95 % intervals")
    figure.legend(lines.values(), lines, loc="outside lower center", ncols=len(lines), fontsize=8)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def _draw_line(axis: Any, line: list[Row], colour: str) -> Any:
    """One method's figures with their intervals; a single one as a diamond."""
    figures = [row.test["R@1"] for row in line]
    spread = [[f.value - f.low for f in figures], [f.high - f.value for f in figures]]
    return axis.errorbar(
        [row.dimension for row in line],
        [f.value for f in figures],
        spread,
        color=colour,
        marker="D" if len(line) == 1 else "o",
        markersize=4,
        capsize=2,
        linewidth=1.2,
    )
