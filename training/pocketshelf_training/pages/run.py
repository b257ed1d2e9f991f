"""``pocketshelf-train evaluate``: any model on any data set; without ``--model`` a bundle's results page."""

from __future__ import annotations

import argparse

from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages import any_model, results
from pocketshelf_training.pages.page import add_write, refuse

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_write(parser)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON instead of the page")
    results.add_arguments(parser)
    any_model.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.model:
        return any_model.run(args)
    about_models = ("data_set", "split", "gallery", "products", "left_out", "worst", "kind", "limit", "whole")
    refuse(args, about_models, "needs --model")
    return results.run(args)
