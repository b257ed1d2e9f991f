"""``pocketshelf-train detectors``: several detectors on the same photos, and how far apart they are."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.data import shop
from pocketshelf_training.data.catalog import load_given, shown_name
from pocketshelf_training.metrics.average_precision import Matches
from pocketshelf_training.metrics.detector_figures import (
    FIGURES,
    bootstrap,
    by_photo,
    true_boxes,
    with_intervals,
)
from pocketshelf_training.metrics.first_region import first_regions
from pocketshelf_training.pages import ways
from pocketshelf_training.pages.page import joined, publish, table
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.pages.ways import parse_way
from pocketshelf_training.predict.model import Crop, Model, open_model
from pocketshelf_training.predict.predictor import Predictor
from pocketshelf_training.predict.searches import choose_split

__all__ = ["add_arguments", "run"]

HEAD = """# Detectors, side by side

Written by `pocketshelf-train detectors --write`; split {split}. In brackets: 95 % bootstrap intervals over
photos (seed 0); differences over the same draws of photos. Columns of groups: AP@0.5. Machine: {machine};
commit {commit}.
"""

# What a page has from this line on was written by hand, and stays when its tables are written anew.
BY_HAND = "<!-- by hand -->\n"

SHOP = """## The shop's main pictures

Share of the pictures whose first, most prominent region is of the category's groups (upper: upper or
outerwear, trousers: trousers or shorts); garments are worn there, bags stand alone on white, and their box
fits when it overlaps what is not white with IoU 0.7 or more.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    ways.add_arguments(
        parser,
        "NAME=MODEL",
        "a checkpoint, a model file beside its bundle.json, or a bundle's folder or name; the first is the "
        "one that the others are compared with",
    )
    parser.add_argument(
        "--data-set",
        action="append",
        metavar="NAME[=FOLDER]",
        help=f"{ways.KNOWN_DATA_SETS}; may be repeated (default: street)",
    )
    parser.add_argument("--split", default="val", help="default: val")
    parser.add_argument(
        "--shop",
        action="store_true",
        help="also what each takes the shop's pictures of that split to be about",
    )
    parser.add_argument(
        "--threshold", type=values.share, default=0.45, help="of those regions' scores (default 0.45)"
    )


def run(args: argparse.Namespace) -> int:
    models = {way.name: open_model(way.queries, "detector") for way in map(parse_way, args.way)}
    results: dict[str, Any] = {
        "run": {
            "ways": {name: str(model.path) for name, model in models.items()},
            "split": args.split,
            **here(),
        },
        "shop": _first_regions(args, models) if args.shop else {},
        "data_sets": {_shown(given): _measure(given, args, models) for given in args.data_set or ["street"]},
    }
    publish(joined([_page(results), *_by_hand(args.write)]), json.dumps(results, indent=1), args.write)
    return 0


def _by_hand(page: Path | None) -> list[str]:
    """What somebody wrote below the tables of the page that is to be replaced."""
    text = page.read_text(encoding="utf-8") if page and page.is_file() else ""
    _, mark, below = text.partition(BY_HAND)
    return [mark + below] if mark else []


def _shown(given: str) -> str:
    """The data set and the last folder that it lies in."""
    name, _, folder = given.partition("=")
    return f"{shown_name(name)}, {Path(folder).name}" if folder else shown_name(name)


def _measure(given: str, args: argparse.Namespace, models: dict[str, Model]) -> dict[str, Any]:
    """Every detector's figures on a data set, and the differences to the first one's, draw by draw.

    Raises:
        UsageError: none of its photos of that split has boxes.
    """
    _, samples = load_given(given, args.data)
    truth = true_boxes(choose_split(samples, args.split)[0])
    if not truth:
        raise UsageError(f"--data-set {given}: no photo of split {args.split} has boxes")
    groups = sorted({group for boxes in truth.values() for group in boxes.groups})
    measured: dict[str, dict[str, Any]] = {}
    means: dict[str, np.ndarray] = {}
    for name, model in models.items():
        predictor = Predictor(model, args.cache, label=name)
        found = predictor.predict([Crop(path) for path in truth], _shown(given))
        matches = Matches.of(truth, by_photo(truth, found), groups)
        means[name] = bootstrap(matches)
        first = next(iter(means.values()))
        measured[name] = {
            "figures": with_intervals(means[name], len(truth)),
            "difference": with_intervals(means[name] - first, len(truth)) if len(means) > 1 else {},
            "groups": {group: score.ap50 for group, score in matches.table(np.arange(len(truth))).items()},
        }
    return {"photos": len(truth), "ways": measured}


def _first_regions(args: argparse.Namespace, models: dict[str, Model]) -> dict[str, Any]:
    """By detector and category, see `first_regions`."""
    samples = [s for s in shop.load(args.data) if s.split == args.split and s.domain == "shop"]
    photos = [sample.image for sample in samples]
    found = {
        name: Predictor(model, args.cache, label=name).predict([Crop(path) for path in photos], "shop")
        for name, model in models.items()
    }
    return {
        name: first_regions(samples, dict(zip(photos, each, strict=True)), args.threshold)
        for name, each in found.items()
    }


def _shop_table(found: dict[str, Any]) -> str:
    """A row a detector, a column a category."""
    categories = next(iter(found.values()))
    heads = [f"{category} ({figures['pictures']})" for category, figures in categories.items()]
    single = [category for category, figures in categories.items() if "fits" in figures]
    rows = [
        [name]
        + [f"{figures['right']:.3f}" for figures in way.values()]
        + [f"{way[category]['fits']:.3f}" for category in single]
        for name, way in found.items()
    ]
    return table(["detector", *heads, *(f"{category}: and its box fits" for category in single)], rows)


def _page(results: dict[str, Any]) -> str:
    facts = results["run"]
    parts = [HEAD.format(**facts)]
    parts += ["\n".join(f"- {name}: `{path}`" for name, path in facts["ways"].items()) + "\n"]
    if results["shop"]:
        parts += [SHOP, _shop_table(results["shop"])]
    for data_set, found in results["data_sets"].items():
        groups = sorted({group for way in found["ways"].values() for group in way["groups"]})
        parts.append(f"## {data_set} ({found['photos']} photos)\n")
        rows = [
            [
                name,
                *map(str, way["figures"].values()),
                way["difference"]["mAP@0.5"].points if way["difference"] else "",
                *(f"{way['groups'][group]:.2f}" for group in groups),
            ]
            for name, way in found["ways"].items()
        ]
        parts.append(table(["detector", *FIGURES.values(), "mAP@0.5, points to the first", *groups], rows))
    return joined(parts)
