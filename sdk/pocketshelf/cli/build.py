"""``pocketshelf build``."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from pocketshelf.catalogue import BuildReport, RowProblem, build_store
from pocketshelf.cli.options import add_json, add_models, add_store
from pocketshelf.cli.output import print_json, say

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Make a local store from a catalogue and its pictures, without any server.

The catalogue is a CSV file (comma, semicolon or tab; UTF-8) whose first line names the columns:
  product_id,title,category,image and any others, which are kept as attributes.
One line is one picture; more lines with the same product_id are more pictures of it. Bad lines are listed by
number and left out. The store is replaced only when everything is written; 'rollback' returns to the old one.
"""

# Where no one watches, only long work reports, and seldom.
QUIET_SECONDS = 10.0


def add_parser(subparsers: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Declare the command."""
    parser = subparsers.add_parser(
        "build",
        help="make a store from a catalogue, without a server",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
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
    add_models(parser)
    add_json(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    bar = _ProgressBar()
    try:
        report = build_store(
            args.catalogue,
            args.store,
            images=args.images,
            bundle=args.bundle,
            whole=args.whole,
            threads=args.threads,
            progress=bar.update,
            on_problem=lambda problem: bar.say(_line(args.catalogue, problem)),
        )
    finally:
        bar.close()
    if report.problems:
        say(f"pocketshelf: {args.catalogue}: left out {_count(len(report.problems), 'bad line')}")
    if args.json:
        print_json(report.to_json())
    else:
        print(_summary(report))
    return 0


def _line(catalogue: str, problem: RowProblem) -> str:
    return f"{catalogue}: {problem}"


def _summary(report: BuildReport) -> str:
    return (
        f"{report.store}: {_count(report.products, 'product')}, {_count(report.pictures, 'picture')}, "
        f"sequence {report.sequence}, {report.seconds:.1f} s"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


class _ProgressBar:
    """tqdm on standard error, made when the first row is done."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._watched = sys.stderr.isatty()

    def update(self, done: int, total: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            pace = {} if self._watched else {"delay": QUIET_SECONDS, "mininterval": QUIET_SECONDS}
            self._bar = tqdm(total=total, unit=" pictures", file=sys.stderr, **pace)
        self._bar.update(done - self._bar.n)

    def say(self, message: str) -> None:
        if self._bar is not None and self._watched:
            self._bar.write(message, file=sys.stderr)  # Above the bar, which is drawn again.
        else:
            say(message)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
