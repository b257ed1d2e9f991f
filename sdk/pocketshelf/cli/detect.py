"""``pocketshelf detect``."""

from __future__ import annotations

import argparse

from pocketshelf.cli.options import add_models, add_photos, each_photo
from pocketshelf.cli.output import print_json, print_result
from pocketshelf.encoder import Encoder

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "find the things in photos: boxes and groups"
DESCRIPTION = """\
Find the things in photos: boxes, groups and scores, best score first.

All boxes down to a score of 0.05 are given, 50 at most, as average precision is measured from them.
Those that 'search' would look at carry categories and attributes, too.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_photos(parser)
    add_models(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    encoder = Encoder.open(args.bundle, args.threads)

    def detect(name: str) -> None:
        result = encoder.detect(name, name)
        print_json(result.to_json()) if args.json else print_result(result, encoder.shelves)

    return each_photo(args.photos, args.json, detect)
