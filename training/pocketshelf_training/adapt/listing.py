"""``pocketshelf-train catalogue``: a data set's pictures as a shop's CSV, to try on what a shop would do."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf.printable import counted
from pocketshelf_training.data.catalog import load_given
from pocketshelf_training.data.catalogue_file import write_catalogue
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.outputs import require_file

__all__ = ["add_arguments", "run"]

EPILOG = """\
examples:
  pocketshelf-train catalogue shop --views --out runs/shop.csv
  pocketshelf-train catalogue grocery --out runs/grocery.csv --photos runs/grocery-photos.csv

A column "split" is written where the pictures are of several.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    parser.add_argument(
        "data_set", metavar="NAME[=FOLDER]", help="a data set with products, see docs/data.md"
    )
    add_data(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="CATALOGUE.csv", help="what to write")
    parser.add_argument(
        "--views", action="store_true", help="list its other pictures of a product in the catalogue, too"
    )
    parser.add_argument("--photos", type=Path, metavar="PHOTOS.csv", help="list them in this file instead")
    parser.add_argument(
        "--limit", type=values.count, metavar="N", help="only the first N products that have other pictures"
    )


def _require_places(args: argparse.Namespace) -> None:
    """Raises UsageError: what is written would take the place of what is read, or of what else is written."""
    require_file("--out", args.out)
    require_file("--photos", args.photos)
    source = Path(args.data_set.partition("=")[2])
    for option, path in (("--out", args.out), ("--photos", args.photos)):
        if path is not None and path.is_file() and source.is_file() and path.samefile(source):
            raise UsageError(f"{option} {path}: that is what is read; name another file")
    if args.photos is not None and args.photos.resolve() == args.out.resolve():
        raise UsageError(f"--photos {args.photos}: that is --out as well; name another file")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    _require_places(args)
    name, samples = load_given(args.data_set, args.data)
    # A set without categories is one.
    named = [replace(s, category=s.category or name) for s in samples if s.identity]
    shop = [s for s in named if s.domain == "shop"]
    listed = {s.identity for s in shop}
    others = [s for s in named if s.domain == "street" and s.identity in listed]
    if not shop:
        raise UsageError(f"{args.data_set}: no shop's picture of any product")
    base = Path(os.path.commonpath([s.image.resolve().parent for s in named]))
    if args.limit:
        few = set(list(dict.fromkeys(s.identity for s in others))[: args.limit])
        shop, others = ([s for s in group if s.identity in few] for group in (shop, others))
    write_catalogue(args.out, [*shop, *others] if args.views else shop, base)
    if args.photos:
        write_catalogue(args.photos, others, args.photos.parent)
    tell(
        f"{args.out}: {counted(len(shop), 'product')}, {counted(len(others), 'other picture')} of them; "
        f"--images {base}"
    )
    return 0
