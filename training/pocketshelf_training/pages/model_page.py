"""The page of one model on one data set, and the same as JSON."""

from __future__ import annotations

import json
from typing import Any

from pocketshelf_training.metrics.intervals import Figure, plain
from pocketshelf_training.pages.page import joined, table

__all__ = ["as_json", "as_markdown"]

HEAD = """# {model} on {data_set}, {split}

Written by `{command}`.
In brackets: 95 % bootstrap intervals over photos (seed 0). A photo that cannot be read counts as a miss.
Machine: {machine}; commit {commit}.
"""
RETRIEVAL = """R@k: a right picture is among the first k of the gallery, which is searched exactly.
mAP: mean average precision over the whole ranking.
"""


def as_json(results: dict[str, Any]) -> str:
    """The figures as JSON; each with its value, its interval and its number of photos."""
    return json.dumps(plain(results), indent=1, ensure_ascii=False)


def as_markdown(results: dict[str, Any]) -> str:
    """The whole page."""
    body = _embedder(results) if results["run"]["kind"] == "embedder" else _detector(results)
    return joined([HEAD.format(**results["run"]), *body])


def _embedder(results: dict[str, Any]) -> list[str]:
    parts = []
    if results["left_out"] is not None:
        parts.append(f"{len(results['left_out'])} products that the training left out.\n")
    if results["searches"]:
        parts += ["## Retrieval\n", _searches(results["searches"]), RETRIEVAL]
        parts += [
            f"{name}: {each['without']} photos left aside, no picture of their product is in the gallery.\n"
            for name, each in results["searches"].items()
            if each["without"]
        ]
    if results["categories"]["figures"]:
        parts += ["## Categories\n", _row_of(results["categories"]["figures"])]
    if results["categories"]["unknown"]:
        parts.append(
            f"{results['categories']['unknown']} photos of categories that the model does not have.\n"
        )
    if results["attributes"]:
        rows = [[name, str(figure), str(figure.photos)] for name, figure in results["attributes"].items()]
        parts += ["## Attributes\n", table(["attribute", "balanced accuracy", "photos"], rows)]
    return (
        parts
        + _unreadable(each["unreadable"] for each in results["searches"].values())
        + _by_category(results)
    )


def _searches(searches: dict[str, dict[str, Any]]) -> str:
    names = list(next(iter(searches.values()))["figures"])
    rows = [
        [f"{name} ({each['queries']} → {each['gallery']})", *[str(each["figures"][n]) for n in names]]
        for name, each in searches.items()
    ]
    return table(["search (queries → pictures)", *names], rows)


def _row_of(figures: dict[str, Figure]) -> str:
    photos = next(iter(figures.values())).photos
    return table(["photos", *figures], [[str(photos), *map(str, figures.values())]])


def _unreadable(counts: Any) -> list[str]:
    most = max(counts, default=0)
    return [f"Photos that could not be read: {most}.\n"] if most else []


def _by_category(results: dict[str, Any]) -> list[str]:
    labelled = results["categories"]["by_category"]
    searches = {name: each["by_category"] for name, each in results["searches"].items()}
    names = sorted({*labelled, *(name for by in searches.values() for name in by)})
    if not names:
        return []
    rows = []
    for name in names:
        columns = [labelled, *searches.values()]
        photos = max(by[name][0] for by in columns if name in by)
        top = [_share(labelled, name)] if labelled else []
        rows.append([name, str(photos), *[_share(by, name) for by in searches.values()], *top])
    head = ["category", "photos", *[f"R@1, {name}" for name in searches], *(["top-1"] if labelled else [])]
    return ["## By category\n", table(head, rows)]


def _share(by_category: dict[str, tuple[int, float]], name: str) -> str:
    return f"{by_category[name][1]:.3f}" if name in by_category else "–"


def _detector(results: dict[str, Any]) -> list[str]:
    rows = [
        [name, str(s["boxes"]), f"{s['ap50']:.3f}", f"{s['ap']:.3f}", f"{s['recall50']:.3f}"]
        for name, s in results["groups"].items()
    ]
    figures = [str(figure) for figure in results["figures"].values()]
    boxes = sum(score["boxes"] for score in results["groups"].values())
    rows.append(["**mean**", str(boxes), *figures, f"{results['recall50']:.3f}"])
    parts = ["## Detection\n", table(["group", "boxes", "AP@0.5", "AP@0.5:0.95", "recall@0.5"], rows)]
    parts.append(f"{results['photos']} photos.\n")
    if results["without"]:
        parts.append(f"Left out, the model has no such groups: {', '.join(results['without'])}.\n")
    return parts + _unreadable([results["unreadable"]])
