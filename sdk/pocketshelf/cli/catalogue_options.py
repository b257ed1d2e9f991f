"""Options of the commands that read a catalogue."""

from __future__ import annotations

import argparse

from pocketshelf.catalogue.download import PictureCache
from pocketshelf.catalogue.exports import FORMATS
from pocketshelf.catalogue.pictures import Fetch
from pocketshelf.catalogue.reading import ReadOptions, parse_mapping

__all__ = ["add_reading", "fetch_of", "reading_of"]


def add_reading(parser: argparse.ArgumentParser, downloads: bool = True) -> None:
    """--format, --map, --encoding and, if it ``downloads``, --download."""
    parser.add_argument("--format", metavar="NAME", default="plain", help=f"one of {', '.join(FORMATS)}")
    parser.add_argument(
        "--map",
        metavar="OURS=THEIRS",
        action="append",
        default=[],
        help='columns called otherwise: --map title=Name,image="Image Src"; may repeat',
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="of the file's text (default: UTF-8, else a guess)"
    )
    if downloads:
        parser.add_argument(
            "--download",
            action="store_true",
            help="fetch pictures that are named by URL, and keep them; each is asked for again once a day",
        )


def reading_of(args: argparse.Namespace) -> ReadOptions:
    """How the file is to be read.

    Raises:
        UsageError: --map cannot be made out.
    """
    return ReadOptions(args.format, parse_mapping(args.map), args.encoding)


def fetch_of(args: argparse.Namespace) -> Fetch | None:
    """What gets pictures by address, with --download.

    Raises:
        CatalogueError: they cannot be kept anywhere.
    """
    return PictureCache() if args.download else None
