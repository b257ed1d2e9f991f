"""Every figure of the results page: a bundle, measured through the project's commands."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from pocketshelf.formats.bundle import Bundle, default_bundle, load_bundle
from pocketshelf_training.data.street import load_photos
from pocketshelf_training.detector import evaluate as detection
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.pages import report
from pocketshelf_training.pages.provenance import commit, machine
from pocketshelf_training.pages.retrieval import KS, clothing_figures, exact_figures, grocery_figures
from pocketshelf_training.predict import commands

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the results page of a bundle")
    group.add_argument("--bundle", type=Path, help="folder of the bundle (default: the one that ships)")
    group.add_argument("--splits", default="val,test", help="of the grocery photos, by commas")


def measure(bundle: Bundle, root: str | None, splits: list[str], cache: Path) -> report.Results:
    """All figures; progress goes to standard error.

    Args:
        cache: where the models' answers are kept, see `pocketshelf_training.predict.cache`.
    """
    folder = bundle.folder
    grocery: dict[str, Any] = {}
    exact: dict[str, Any] = {}
    for split in splits:
        _say(f"grocery {split}: {bundle.embedder.precision} through search")
        grocery[split] = grocery_figures(root, folder, split)
        exact[split] = {
            "int8": exact_figures(root, bundle.embedder_path, split, cache),
            "float": exact_figures(root, folder / "embedder.npz", split, cache),
        }
        float_shop = exact[split]["float"]["street → shop"]
        grocery[split]["float, whole"] = {f"R@{k}": float_shop[f"R@{k}"] for k in KS}
    _say("clothing val")
    clothing = {"val": clothing_figures(root, folder)}
    _say("street val")
    return {
        "run": _run_facts(folder),
        "files": _sizes(bundle),
        "grocery": grocery,
        "exact": exact,
        "clothing": clothing,
        "street": _street(root, folder),
    }


def _street(root: str | None, folder: Path) -> dict[str, Any]:
    photos = load_photos("val", root)
    lines = commands.detect([photo.image for photo in photos], folder)
    found = {line["photo"]: detection.to_boxes(line["regions"]) for line in lines if "regions" in line}
    rows = {
        "int8, `pocketshelf detect`": detection.measure(photos, found),
        "float, PyTorch": detection.evaluate(Detector.from_checkpoint(folder / "detector.npz"), photos),
    }
    return {
        name: {
            "photos": row["photos"],
            "map50": row["mean"]["ap50"],
            "map50_95": row["mean"]["ap"],
            "groups": {group: score["ap50"] for group, score in row["groups"].items()},
        }
        for name, row in rows.items()
    }


def _sizes(bundle: Bundle) -> dict[str, int]:
    paths = [path for path in (bundle.embedder_path, bundle.detector_path) if path is not None]
    return {path.name: path.stat().st_size for path in paths}


def _run_facts(folder: Path) -> dict[str, str]:
    return {
        "command": "pocketshelf-train evaluate --write docs/results.md",
        "bundle": f"models/{folder.name}",
        "machine": machine(),
        "commit": commit(),
    }


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(args: argparse.Namespace) -> int:
    bundle = load_bundle(args.bundle or default_bundle())
    results = measure(bundle, args.data, [split for split in args.splits.split(",") if split], args.cache)
    if args.write:
        report.write(results, args.write)
    print(report.as_json(results) if args.json else report.as_markdown(results))
    return 0
