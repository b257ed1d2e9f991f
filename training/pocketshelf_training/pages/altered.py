"""Photos that are asked altered, darkened or in a page: what such a command takes, and its sets in turn."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import plain
from pocketshelf_training.pages.page import add_bundle
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.pages.shown import Shown, shown_gallery
from pocketshelf_training.predict.asking import Search, load_set, searches_of

__all__ = ["WAYS", "RowsOf", "add_arguments", "measured"]

WAYS = {"whole": True, "by box": False}
# The encoder, a search, its gallery, the set as it is shown, and the seed, to the rows.
RowsOf = Callable[[Encoder, Search, Shown, str, int], Iterable[dict[str, Any]]]


def add_arguments(parser: argparse.ArgumentParser, seeded: str) -> None:
    """Declare the bundle, the sets, their split, the seed of what is ``seeded``, and ``--json``."""
    add_bundle(parser)
    add_data(parser)
    parser.add_argument(
        "--set", action="append", metavar="NAME[=DIR]", help="of them (default: shop and grocery)"
    )
    parser.add_argument("--split", default="val", help="of the photos that ask (default: val)")
    parser.add_argument("--seed", type=values.seed, default=0, help=f"of {seeded} (default: 0)")
    parser.add_argument("--json", action="store_true")


def measured(
    args: argparse.Namespace, rows_of: RowsOf, page: Callable[[Sequence[dict[str, Any]]], str]
) -> int:
    """Tell the rows of every set, as a page or as JSON.

    Raises:
        UsageError: no such set, or no queries of that split in it.
    """
    encoder, rows = Encoder.open(args.bundle), []
    for given in args.set or ("shop", "grocery"):
        what, name, samples = load_set(given, args.data)
        (search,), _ = searches_of(name, samples, args.split)
        shown = shown_gallery(encoder, search.gallery, what)
        rows += [{"set": what, **row} for row in rows_of(encoder, search, shown, what, args.seed)]
    document = {**here(), "split": args.split, "seed": args.seed, "rows": [plain(row) for row in rows]}
    tell_lines(json.dumps(document, indent=1) if args.json else page(rows))
    return 0
