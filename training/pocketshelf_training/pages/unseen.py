"""Products that no training saw: ``pocketshelf-train unseen``.

Each set has a gallery, and queries that show some of its items elsewhere
(`pocketshelf_training.predict.asking`). Rows are the frozen trunk of ImageNet, linear discriminants of it,
any checkpoint, and any bundle through the SDK as it runs on a phone (`pocketshelf_training.predict.rows`).
The figures lie in the page's JSON; its tables stand between marks, so that the page's own words stay."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import tell_lines
from pocketshelf_training.data.protocol import SPLITS
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import mean_with_interval, plain, recalls
from pocketshelf_training.metrics.ranking import Ranking, rank
from pocketshelf_training.pages import unseen_tables
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.asking import SETS, load_set, searches_of
from pocketshelf_training.predict.rows import Row, rows_of
from pocketshelf_training.predict.searches import Search

__all__ = ["ROWS", "add_arguments", "measured", "ranked", "run"]

DEPTHS = (1, 5, 10, 20)
# What the page shows; a teacher, a plain fine-tuning or any other checkpoint is one more --row.
ROWS = (
    "ImageNet Lite0=imagenet:lite0@224",
    "ImageNet Lite2=imagenet:lite2@260",
    "LDA on ImageNet Lite0=lda:lite0@224",
    "first=first",
    "universal=universal",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="NAME[=DIR]",
        help=f"of {', '.join(SETS)} (default: shop); grocery is no unseen one",
    )
    parser.add_argument(
        "--pairs",
        dest="sets",
        action="append",
        type="pairs={}".format,
        metavar="DIR",
        help="one's own: a folder with pairs.csv (role, image, item_id)",
    )
    parser.add_argument(
        "--row",
        dest="rows",
        action="append",
        default=[],
        metavar="NAME=MODEL",
        help="a bundle's folder or name, a checkpoint, imagenet:lite0@224, or lda:lite0@224 (default: "
        + ", ".join(ROWS)
        + ")",
    )
    parser.add_argument(
        "--split", choices=(*SPLITS, "all"), help="of the queries; choose on val (default: the set's test)"
    )
    parser.add_argument("--json", action="store_true")
    unseen_tables.add_fill(parser)
    add_data(parser)


def run(args: argparse.Namespace) -> int:
    given = [load_set(entry, args.data) for entry in args.sets or ["shop"]]
    asked = [(shown, *searches_of(name, samples, args.split)) for shown, name, samples in given]
    rows = rows_of(args.rows or ROWS, args.data)
    found = {shown: measured(rows, searches, split) for shown, searches, split in asked}
    document = {"sets": plain(found), "run": here()}
    markdown = unseen_tables.of_sets(document["sets"])
    if args.fill:
        unseen_tables.fill(args.fill, {"sets": document["sets"]}, document["run"], some_rows=bool(args.rows))
    tell_lines(json.dumps(document, indent=1) if args.json else markdown)
    return 0


def measured(rows: Sequence[Row], searches: Sequence[Search], split: str) -> dict[str, Any]:
    """What was asked of a set, and of each row recall, mean average precision, and R@1 by category."""
    return {
        "split": split,
        "search": searches[0].name,
        "queries": sum(len(search.queries) for search in searches),
        "gallery": sum(len(search.gallery) for search in searches),
        "without": sum(search.without for search in searches),
        "rows": {row.name: _figures(row, searches) for row in rows},
    }


def _figures(row: Row, searches: Sequence[Search]) -> dict[str, Any]:
    rankings = [ranking for search in searches for ranking in ranked(row, search)]
    first = np.array([ranking.first for ranking in rankings])
    by_category = defaultdict(list)
    for sample, place in zip((s for search in searches for s in search.queries), first, strict=True):
        if sample.category:
            by_category[sample.category].append(place == 0)
    return {
        **recalls(first, DEPTHS),
        "mAP": mean_with_interval([ranking.precision for ranking in rankings]),
        "categories": {
            name: {"queries": len(right), "R@1": float(np.mean(right))}
            for name, right in sorted(by_category.items())
        },
    }


def ranked(row: Row, search: Search) -> list[Ranking]:
    """Where each query's right pictures stand in the gallery, by a row."""
    shown = [row.enrol(s) for s in tqdm(search.gallery, desc=f"{row.name}: gallery", disable=None)]
    asked = [row.ask(s) for s in tqdm(search.queries, desc=f"{row.name}: queries", disable=None)]
    names = [s.identity or "" for s in search.queries]
    return rank(list(asked), names, list(shown), [s.identity or "" for s in search.gallery], search.itself)
