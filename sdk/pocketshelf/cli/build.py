"""``pocketshelf build``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pocketshelf.catalogue import BuildReport, RowProblem, build_store
from pocketshelf.cli.catalogue_options import add_reading, fetch_of, reading_of
from pocketshelf.cli.losses import Losses
from pocketshelf.cli.options import add_models, add_store
from pocketshelf.cli.output import print_json, say, tell
from pocketshelf.printable import counted
from pocketshelf.progress import ProgressBar

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "make a store from a catalogue, without a server"
DESCRIPTION = """\
Make a local store from a catalogue and its pictures, without any server.

The catalogue is a CSV file (comma, semicolon or tab) whose first line names the columns:
  product_id,title,category,image and any others, which are kept as attributes.
More lines with the same product_id are more pictures of it and may leave the texts empty; a cell may name
several pictures (a.jpg|b.jpg). JSON lines (.jsonl), workbooks (.xlsx) and Google's XML feed are read, too.

A shop system's export is read as it is:
  pocketshelf build products.csv --store shelf --format magento --images media
  pocketshelf build products_export.csv --store shelf --format shopify --download
or by naming its columns:
  pocketshelf build list.csv --store shelf --map product_id=SKU,title=Name --map image="Image Src"

Bad lines are listed by number and left out; then the exit code is 1. The store is replaced only when
everything is written; 'rollback' returns to the old one.
"""

# Where no one watches, only long work reports, and seldom.
QUIET_SECONDS = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    parser.add_argument("catalogue", metavar="CATALOGUE.csv", help="the catalogue")
    add_store(parser)
    parser.add_argument("--images", metavar="DIR", help="folder of the pictures (default: the catalogue's)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--whole", action="store_true", default=True, help="embed each picture whole (the default)"
    )
    how.add_argument(
        "--detect", dest="whole", action="store_false", help="embed the most prominent thing in each picture"
    )
    parser.add_argument(
        "--closely",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="keep local features of covers and cartons, by which they are found in photos (default: up to "
        "20,000 products, of all but garments, if OpenCV is installed; about 6 kB a product that has them)",
    )
    parser.add_argument(
        "--read",
        action="store_true",
        help="read the words on the pictures, too, for 'search --read' (extra read; half a second a picture)",
    )
    add_reading(parser)
    add_models(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    losses, notes = Losses(), Losses()
    with ProgressBar(seldom=QUIET_SECONDS) as bar:

        def lost(problem: RowProblem) -> None:
            if line := losses.line(problem):
                bar.say(f"{args.catalogue}: {line}")

        def noted(note: RowProblem) -> None:
            if line := notes.line(note):
                bar.say(f"{args.catalogue}: note: {line}")

        try:
            report = _build(args, bar, lost, noted)
        finally:
            for line in losses.rest():
                bar.say(f"{args.catalogue}: {line}")
            for line in notes.rest():
                bar.say(f"{args.catalogue}: note: {line}")
    if report.problems:
        say(f"pocketshelf: {args.catalogue}: left out {counted(len(report.problems), 'bad line')}")
    if args.json:
        print_json(report.to_json())
    else:
        tell(_summary(report))
    return 1 if report.problems else 0


def _build(
    args: argparse.Namespace,
    bar: ProgressBar,
    lost: Callable[[RowProblem], None],
    noted: Callable[[RowProblem], None],
) -> BuildReport:
    return build_store(
        args.catalogue,
        args.store,
        images=args.images,
        bundle=args.bundle,
        whole=args.whole,
        threads=args.threads,
        progress=bar.update,
        on_problem=lost,
        reading=reading_of(args),
        fetch=fetch_of(args),
        closely=args.closely,
        read=args.read,
        on_note=noted,
    )


def _summary(report: BuildReport) -> str:
    kilobytes = f", {report.prints_bytes / report.prints / 1000:.1f} kB each" if report.prints else ""
    return (
        f"{report.store}: {counted(report.products, 'product')}, {counted(report.pictures, 'picture')}, "
        f"{report.prints} with local features{kilobytes}, sequence {report.sequence}, {report.seconds:.1f} s"
    )
