"""``pocketshelf search``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pocketshelf.cli.options import (
    INTERRUPTED,
    add_models,
    add_photos,
    add_store,
    add_where,
    add_whole,
    each_photo,
    wished,
)
from pocketshelf.cli.output import print_json, print_result, say
from pocketshelf.cli.unmet import unmet
from pocketshelf.cli.values import address, integer, seconds
from pocketshelf.cli.views import Views, require_with
from pocketshelf.recall import ServerFallback, ServerPictures
from pocketshelf.retriever import TIMEOUT_SECONDS, Retriever
from pocketshelf.stages.where import MAX_HITS

__all__ = ["DESCRIPTION", "EPILOG", "SUMMARY", "add_arguments", "run"]

SUMMARY = "find the products in photos"
DESCRIPTION = """\
Find the products in photos.

Each photo gives one or more regions, most prominent first, each with its products, best first. A photo that
cannot be read is one line with its error; the others are searched all the same, and the exit code is 1.
"""
EPILOG = """\
examples:
  pocketshelf search photo.jpg --store shelf
  pocketshelf search holiday/ --store shelf --html found.html --images pictures/
  pocketshelf search photo.jpg --store shelf --where brand=Acme --where size=M --where size=L
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_photos(parser)
    add_store(parser)
    parser.add_argument(
        "--top-k", type=integer(1, MAX_HITS), default=10, metavar="K", help="hits a region (default: 10)"
    )
    _add_filters(parser)
    add_whole(parser, "search")
    parser.add_argument(
        "--any-way-up",
        action=argparse.BooleanOptionalAction,
        help="where unsure, look at the photo turned by quarters, too: in any case, or never "
        "(default: where it looks turned)",
    )
    parser.add_argument(
        "--read",
        action="store_true",
        help="settle near-ties by the words on cartons (extra read; half a second more where unsure)",
    )
    _add_server(parser)
    _add_views(parser)
    add_models(parser)


def _add_filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--category",
        action="append",
        metavar="NAME",
        help="auto: the likeliest categories (default); all: the whole store; or the name of one; may repeat",
    )
    add_where(parser)


def _add_server(parser: argparse.ArgumentParser) -> None:
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


def _add_views(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--full", action="store_true", help="with --json: each hit's image and attributes, too"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write a page of the photos and their hits")
    parser.add_argument(
        "--images",
        metavar="DIR",
        type=Path,
        help="with --html: folder that the catalogue's pictures start from",
    )
    parser.add_argument(
        "--annotate", metavar="DIR", type=Path, help="write each photo there with its boxes drawn"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    if not args.json:
        require_with("--json", {"--full": args.full})
    if args.html is None:
        require_with("--html", {"--images": args.images})
    where = wished(args)
    pictures = None if args.server is None else ServerPictures(args.server)
    views = Views(args.html, args.images, args.annotate, pictures)
    server = None if args.server is None else ServerFallback(args.server)
    with Retriever.open(
        args.store, args.bundle, args.threads, fallback=server, timeout_s=args.timeout_s, read=args.read
    ) as retriever:
        found = 0

        def search(name: str) -> None:
            nonlocal found
            result = retriever.search(
                name,
                args.top_k,
                args.category or "auto",
                args.whole,
                where=where,
                any_way_up=args.any_way_up,
            )
            print_json(result.to_json(args.full)) if args.json else print_result(
                result, retriever.encoder.shelves
            )
            views.add(result)
            found += sum(len(region.hits or ()) for region in result.regions)

        try:
            code = each_photo(args.photos, args.json, search, views.fail)
        except KeyboardInterrupt:
            if not views.has_page:
                raise
            code = INTERRUPTED
            say("pocketshelf: interrupted; the page has what was found until then")
        for line in () if found or not where or code == INTERRUPTED else unmet(retriever.store, where):
            say(f"pocketshelf: {line}")
        for written in views.write(args.store, retriever.encoder.shelves):
            say(written)
    return code
