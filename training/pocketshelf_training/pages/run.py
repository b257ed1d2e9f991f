"""``pocketshelf-train evaluate``: any model on any data set; without ``--model`` a bundle's results page."""

from __future__ import annotations

import argparse

from pocketshelf.errors import UsageError
from pocketshelf_training.pages import any_model, results
from pocketshelf_training.pages.page import add_write

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    add_write(parser)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of the page")
    results.add_arguments(parser)
    any_model.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.model:
        return any_model.run(args)
    for option in ("data_set", "split", "gallery", "products", "left_out", "worst", "kind", "limit", "whole"):
        if getattr(args, option) not in (None, [], False):
            raise UsageError(f"--{option.replace('_', '-')} needs --model")
    return results.run(args)
