"""``pocketshelf-train train ablation``: what each source of the universal embedder brings, and each teacher.

One training with all of them, one without each, and one of labels alone (a plain fine-tuning), of the same
steps, seed and size of a batch: what a left-out source leaves free goes to the others. Pictures are read
once. Each is then asked for what no training saw, as ``unseen`` asks, the whole frame, in float; beside them
stands the network before its first step. A training that was finished is not done again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.cli.output import tell_lines
from pocketshelf.errors import UsageError
from pocketshelf_training.embedder import universal
from pocketshelf_training.embedder.gathered import LISTS, SOURCES
from pocketshelf_training.embedder.stages import BEST, Stages
from pocketshelf_training.metrics.intervals import mean_with_interval, plain
from pocketshelf_training.pages import unseen_tables
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.pages.unseen import ranked
from pocketshelf_training.predict.asking import load_set, searches_of
from pocketshelf_training.predict.rows import rows_of
from pocketshelf_training.predict.searches import Search

__all__ = ["BEFORE", "add_arguments", "run", "variants"]

BEFORE, ALL = "before its first step", "all"
# The losses that a plain fine-tuning has: what is known of the pictures, and nothing of pairs or teachers.
LABELS = ("identity", "category")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    universal.add_arguments(parser)
    parser.set_defaults(run=Path("runs/ablation"), epochs=6)
    parser.add_argument(
        "--ask",
        action="append",
        default=[],
        metavar="NAME[=DIR]",
        help="a set of unseen products, as --set of `unseen`; pairs=DIR one's own (default: shop, grocery)",
    )
    parser.add_argument("--split", choices=("val", "test", "all"), help="of the queries (default: the set's)")
    unseen_tables.add_fill(parser)


def variants(args: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Row → the options of ``train universal`` that make it of those of the whole."""
    lists = {f"{LISTS}{folder.name}": folder.name for folder in (*args.pairs, *args.things)}
    names = {name: name for name in SOURCES if name not in args.without} | lists
    rows: dict[str, dict[str, Any]] = {ALL: {}}
    rows |= {f"without {shown}": {"without": [*args.without, name]} for name, shown in names.items()}
    if universal.looks_general(args):
        rows["without ImageNet's view"] = {"weight": [*args.weight, "general=0", "features=0"]}
    if args.specialist and "grocery" not in args.without:
        rows["without the specialist's view"] = {"specialist": None}
    silent = [f"{loss}=0" for loss in universal.WEIGHTS if loss not in LABELS]
    rows["labels alone: a plain fine-tuning"] = {"weight": [*args.weight, *silent], "specialist": None}
    return rows


def run(args: argparse.Namespace) -> int:
    """Raises UsageError: an option that the rows set themselves, or no sources."""
    if args.leave_out or args.minutes:
        raise UsageError("--leave-out and --minutes: an ablation sees all products, for as many steps a row")
    asked = [load_set(entry, args.data) for entry in args.ask or ["shop", "grocery"]]
    searches = {shown: searches_of(name, samples, args.split) for shown, name, samples in asked}
    rows, stages = variants(args), Stages(args)
    # The one without groceries first: weights to start from that saw them are refused before hours of others.
    for name in sorted(rows, key=lambda name: "grocery" not in rows[name].get("without", [])):
        stages.train(_folder(name), **rows[name])
    paths = {BEFORE: stages.begin(_folder(BEFORE))}
    paths |= {name: args.run / _folder(name) / BEST for name in rows}
    found = {
        "training": f"{args.epochs * (args.limit_steps or universal.STEPS)} steps of {args.batch} things, "
        f"{args.size} pixels, seed {args.seed}",
        "sets": {shown: _measured(paths, of, split, args.data) for shown, (of, split) in searches.items()},
    }
    document = {"ablation": plain(found)}
    if args.fill:
        unseen_tables.fill(args.fill, document, here())
    tell_lines(unseen_tables.of_ablation(document["ablation"]))
    return 0


def _folder(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


def _measured(
    paths: dict[str, Path], searches: Sequence[Search], split: str, root: str | None
) -> dict[str, Any]:
    """R@1 of each row, and what it has more than the row with all sources, paired over the queries."""
    first = {}
    for name, path in paths.items():
        whole = rows_of([f"{name}={path}"], root)[0]
        rankings = [ranking for search in searches for ranking in ranked(whole, search)]
        first[name] = np.array([float(ranking.first == 0) for ranking in rankings])
    return {
        "split": split,
        "queries": len(first[ALL]),
        "rows": {
            name: {"R@1": mean_with_interval(right), "more": mean_with_interval(right - first[ALL])}
            for name, right in first.items()
        },
    }
