"""``pocketshelf-train reading``: docs/reading.md, whether reading the text of cartons pays."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.cli import values
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.reading import legible_words
from pocketshelf_training.data import grocery
from pocketshelf_training.data.listing import read_json
from pocketshelf_training.data.protocol import SPLITS, Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, add_page, publish, table
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.rows import rows_of
from pocketshelf_training.reading.costs import costs
from pocketshelf_training.reading.kept import KeptReader
from pocketshelf_training.reading.measure import WAYS, Groceries, Searched, figures

__all__ = ["add_arguments", "page", "run"]

TEXT = Path(__file__).with_name("page.md")
# Categories of what is sold in cartons, bottles and tubs.
PACKED = (
    "Juice",
    "Milk",
    "Oatghurt",
    "Oat-Milk",
    "Sour-Cream",
    "Sour-Milk",
    "Soyghurt",
    "Soy-Milk",
    "Yoghurt",
)
UNSEEN = "ImageNet=imagenet:lite0@224"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument(
        "--split",
        dest="splits",
        action="append",
        choices=SPLITS,
        help="of the photos that ask (may be repeated; default: val, where to choose, and test)",
    )
    parser.add_argument(
        "--few", type=values.count, metavar="N", help="at most N drawn photos of each split, for a first look"
    )
    parser.add_argument("--seed", type=values.seed, default=0, help="draws them")
    parser.add_argument(
        "--kept",
        type=Path,
        default=Path("runs/reading/texts.json"),
        metavar="FILE.json",
        help="what was read, by picture (default: %(default)s)",
    )
    add_page(parser)


def run(args: argparse.Namespace) -> int:
    found = read_json(args.figures) if args.figures else _figures(args)
    publish(page(found), json.dumps(found, indent=1), args.write, args.json)
    return 0


def _figures(args: argparse.Namespace) -> dict[str, Any]:
    spent = costs()  # First, while nothing has been read.
    bundle, reader = load_bundle(args.bundle), KeptReader(args.kept)
    printed = {
        s.identity or "": legible_words(reader.read(s.image).lines) for s in grocery.shop_pictures(args.data)
    }
    rows = []
    with Groceries.built(bundle, args.data) as groceries:
        for name, way, searched in _searches(args, groceries):
            rows.append({"set": name, "way": way, **figures(searched, printed, reader)})
            reader.keep()  # A run that was cut off reads on from here.
    said = {"bundle": bundle.name, "engine": reader.engine, **spent, "few": args.few}
    return {**here(), **said, "seed": args.seed, "rows": rows}


def _searches(args: argparse.Namespace, groceries: Groceries) -> Iterator[tuple[str, str, list[Searched]]]:
    """(set, way, searches) of each row."""
    (unseen,) = rows_of([UNSEEN], args.data)
    shown = grocery.shop_pictures(args.data)
    for split in args.splits or ("val", "test"):
        photos = _drawn(grocery.photos(split, args.data), args)
        packed = [photo for photo in photos if photo.category in PACKED]
        for whole in (True, False):
            searched = groceries.by_bundle(photos, whole)
            way = f"{groceries.before.encoder.bundle.name}, {'whole' if whole else 'detected'}"
            yield f"cartons {split}", way, [each for each in searched if each.photo.category in PACKED]
            yield f"all groceries {split}", way, searched
        yield f"cartons {split}", unseen.name, groceries.by_features(packed, shown, unseen)


def _drawn(photos: Sequence[Sample], args: argparse.Namespace) -> list[Sample]:
    chosen = np.random.default_rng(args.seed).permutation(len(photos))[: args.few or len(photos)]
    return [photos[place] for place in sorted(chosen)]


def page(found: dict[str, Any]) -> str:
    """The document, by the template beside this file."""
    heads = ("alone", "geometry", "words of titles", "of titles and pictures", "geometry and words")
    rows = table(
        ("set", "searched by", ">photos", ">R@5", *(f">R@1, {head}" for head in heads)),
        [
            (
                row["set"],
                row["way"],
                row["photos"],
                f"{row['R@5']:.3f}",
                *(f"{row['R@1'][way]:.3f}" for way in WAYS),
            )
            for row in found["rows"]
        ],
    )
    acts = table(
        (
            "set",
            "searched by",
            ">photos read",
            ">R@1 of these before",
            ">after",
            ">put right",
            ">put wrong",
            ">p",
            ">ms to read",
            ">ms of the search",
        ),
        [
            (
                row["set"],
                row["way"],
                row["read"],
                _number(row["before"], 3),
                _number(row["after"], 3),
                row["better"],
                row["worse"],
                f"{row['p']:.2g}",
                _number(row["ms reading"], 0),
                _number(row["ms search"], 0),
            )
            for row in found["rows"]
        ],
    )
    few = f" At most {found['few']} drawn photos of each split." if found["few"] else ""
    said = "Bundle `{bundle}`, {engine}, {machine}, commit {commit}, seed {seed}.".format(**found) + few
    spent = {
        "MB": f"{found['MB']:.0f}",
        "memory": f"{found['MB in memory']:.0f}",
        "page_s": f"{found['page s']:.1f}",
    }
    return TEXT.read_text(encoding="utf-8").format(rows=rows, acts=acts, said=said, **spent)


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
