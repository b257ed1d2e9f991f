"""The results page: every figure with its data, its interval and the command that prints it."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.pages import unseen_tables
from pocketshelf_training.pages.page import joined, table

__all__ = ["Results", "as_json", "as_markdown"]

Results = dict[str, Any]

HEAD = """# Results

Written by `./dev results` (`{command}`). Measured by what `pocketshelf build`, `search` and `detect`
call, with the int8 TFLite models of the bundle `{bundle}` on public photos that the training never saw;
choices were made on `val`. Float: the same weights before export, by PyTorch behind the same stages, so with
equal settings (boxes from a score of 0.05 on, the bundle's suppression). In brackets: 95 % bootstrap
intervals over photos (seed 0).
Machine: {machine}; commit {commit}.
"""


# What a shop sells comes first; `pocketshelf-train unseen --fill docs/unseen.md` measures it.
UNSEEN = "Products that no training saw ([all of it](unseen.md))"

EXACT = """By `pocketshelf-train evaluate --model`, by vectors alone, where a search compares colours, too;
`docs/evaluation.md` has the categories one by one. Street → shop: the 81 shop pictures. Photo → training
photos: the 2,640 phone photos that the model was trained on; R@k counts any photo of the same product among
the first k. mAP: mean average precision over the whole ranking.
"""


def as_json(results: Results) -> str:
    return json.dumps(results, indent=1)


def as_markdown(results: Results) -> str:
    """The whole page."""
    parts = [HEAD.format(**results["run"])]
    if unseen := results.get("unseen"):
        parts += [f"## {UNSEEN}\n", unseen_tables.of_sets(unseen)]
    parts += ["## Files\n", _files(results["files"])]
    parts += ["## Phone photo → the shop's picture, 81 grocery products\n", _retrieval(results["grocery"])]
    parts += ["## The embedder alone: whole frames, every picture ranked exactly\n", _exact(results["exact"])]
    parts += [EXACT]
    parts += ["## Garment categories, ten main labels of the clothing photos, whole frames\n"]
    parts += [_named({f"clothing {split}": row for split, row in results["clothing"].items()})]
    parts += ["## Detection, street photos\n", _detection(results["street"])]
    return joined(parts)


def _files(files: dict[str, int]) -> str:
    return table(["file", "MB"], [[name, f"{size / 1e6:.2f}"] for name, size in files.items()])


def _retrieval(grocery: dict[str, dict[str, dict[str, Figure]]]) -> str:
    rows = []
    for split, ways in grocery.items():
        for way, figures in ways.items():
            count = next(iter(figures.values())).photos
            cells = [str(figures.get(name, "")) for name in ("R@1", "R@5", "R@10", "category top-1")]
            rows.append([f"{split} ({count})", way, *cells])
    return table(["split (photos)", "search", "R@1", "R@5", "R@10", "43 categories top-1"], rows)


def _exact(splits: dict[str, dict[str, dict[str, dict[str, Figure]]]]) -> str:
    """A row for each split, gallery and precision, and how far these are apart."""
    rows: list[list[str]] = []
    names: list[str] = []
    for split, precisions in splits.items():
        searches = list(next(iter(precisions.values())))
        for search, (precision, by_search) in product(searches, precisions.items()):
            figures = by_search[search]
            names = list(figures)
            photos = next(iter(figures.values())).photos
            rows.append([f"{split} ({photos})", search, precision, *map(str, figures.values())])
            if precision == "float":
                int8 = precisions["int8"][search]
                apart = (f"{100 * (int8[name].value - figures[name].value):+.1f} points" for name in names)
                rows.append([split, search, "int8 − float", *apart])
    return table(["split (photos)", "query → gallery", "model", *names], rows)


def _named(rows: dict[str, dict[str, Figure]]) -> str:
    names = list(next(iter(rows.values())))
    cells = [[f"{row} ({f[names[0]].photos})", *[str(f[n]) for n in names]] for row, f in rows.items()]
    return table(["split (photos)", *names], cells)


def _detection(street: dict[str, dict[str, Any]]) -> str:
    first = next(iter(street.values()))
    rows = [
        [name, f"{row['map50']:.3f}", f"{row['map50_95']:.3f}", *[_ap(v) for v in row["groups"].values()]]
        for name, row in street.items()
    ]
    if len(street) == 2:
        int8, by_float = street.values()
        losses = (f"{100 * (int8[name] - by_float[name]):+.1f} points" for name in ("map50", "map50_95"))
        rows.append(["int8 − float", *losses, *("" for _ in first["groups"])])
    note = f"{first['photos']} photos; AP@0.5 by group.\n"
    return table(["model", "mAP@0.5", "mAP@0.5:0.95", *first["groups"]], rows) + "\n" + note


def _ap(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
