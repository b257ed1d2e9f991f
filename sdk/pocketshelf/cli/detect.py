"""``pocketshelf detect``."""

from __future__ import annotations

import argparse

from pocketshelf.cli.options import add_json, add_models, add_photos, each_photo
from pocketshelf.cli.output import print_json, print_result
from pocketshelf.encoder import Encoder

__all__ = ["add_parser", "run"]

_DESCRIPTION = """\
Find the things in photos: boxes, groups and scores, best score first.

All boxes down to a score of 0.05 are given, 50 at most, as average precision is measured from them.
Those that 'search' would look at carry categories and attributes, too.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> argparse.ArgumentParser:
    """Declare the command."""
    parser = subparsers.add_parser(
        "detect",
        help="find the things in photos: boxes and groups",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_photos(parser)
    add_models(parser)
    add_json(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    encoder = Encoder.open(args.bundle, args.threads)

    def detect(name: str) -> None:
        result = encoder.detect(name, name)
        print_json(result.to_json()) if args.json else print_result(result)

    return each_photo(args.photos, args.json, detect)
