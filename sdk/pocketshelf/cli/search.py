"""``pocketshelf search``."""

from __future__ import annotations

import argparse

from pocketshelf.cli.options import add_models, add_photos, add_store, add_whole, each_photo
from pocketshelf.cli.output import print_json, print_result
from pocketshelf.cli.values import address, integer, seconds
from pocketshelf.retriever import MAX_HITS, TIMEOUT_SECONDS, Retriever

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "find the products in photos"
DESCRIPTION = """\
Find the products in photos.

Each photo gives one or more regions, most prominent first, each with its products, best first. A photo that
cannot be read is one line with its error; the others are searched all the same, and the exit code is 1.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_photos(parser)
    add_store(parser)
    parser.add_argument(
        "--top-k", type=integer(1, MAX_HITS), default=10, metavar="K", help="hits a region (default: 10)"
    )
    parser.add_argument(
        "--category",
        default="auto",
        metavar="NAME",
        help="auto: the likeliest categories (default); all: the whole store; or the name of one",
    )
    add_whole(parser, "search")
    parser.add_argument(
        "--server",
        type=address,
        metavar="URL",
        help="ask this server with the vector, never the photo, if unsure",
    )
    parser.add_argument(
        "--timeout-s",
        type=seconds,
        default=TIMEOUT_SECONDS,
        metavar="SECONDS",
        help="longest time of a photo's search; no server is waited for beyond it (default: 10)",
    )
    add_models(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    with Retriever.open(
        args.store, args.bundle, args.threads, args.server, timeout_s=args.timeout_s
    ) as retriever:

        def search(name: str) -> None:
            result = retriever.search(name, args.top_k, args.category, args.whole)
            print_json(result.to_json()) if args.json else print_result(result)

        return each_photo(args.photos, args.json, search)
