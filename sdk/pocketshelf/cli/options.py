"""Options and habits that several commands share."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf.cli.output import print_json, say
from pocketshelf.errors import PhotoError, UsageError
from pocketshelf.picture_files import PICTURES, pictures_in

__all__ = [
    "INTERRUPTED",
    "add_bundle",
    "add_models",
    "add_photos",
    "add_store",
    "add_where",
    "add_whole",
    "each_photo",
    "photo_names",
    "wished",
]

# The exit code of a command that Ctrl-C ended (`pocketshelf.cli.program`).
INTERRUPTED = 130
# What `pocketshelf.cli.views` calls the photos that it draws.
_DRAWN = re.compile(r".*-boxes(-[0-9]+)?\.jpg")
# What no line with a path holds: of a PNG the first two lines hold no null.
_NO_PATH = ("\0", "\x89PNG", "\udc89PNG")


def add_photos(parser: argparse.ArgumentParser) -> None:
    """PHOTO…, as `photo_names` reads them."""
    parser.add_argument(
        "photos",
        nargs="+",
        metavar="PHOTO",
        help="a photo, or a folder of them; - reads one path a line from stdin",
    )


def add_whole(parser: argparse.ArgumentParser, what: str) -> None:
    """--whole; ``what`` is done with the frame."""
    parser.add_argument("--whole", action="store_true", help=f"{what} the whole frame, without the detector")


def add_store(parser: argparse.ArgumentParser) -> None:
    """--store DIR."""
    parser.add_argument("--store", required=True, metavar="DIR", help="the store's folder")


def add_where(parser: argparse.ArgumentParser) -> None:
    """--where KEY=VALUE, which `wished` reads."""
    parser.add_argument(
        "--where",
        action="append",
        type=_condition,
        default=[],
        metavar="KEY=VALUE",
        help='only products of which the catalogue states this, alone or in a list as "S, M, L"; the same '
        "KEY again: or this; may repeat",
    )


def wished(args: argparse.Namespace) -> dict[str, list[str]]:
    """What --where asks for: attribute → the values of which it must have one."""
    where: dict[str, list[str]] = {}
    for key, value in args.where:
        where.setdefault(key, []).append(value)
    return where


def _condition(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals or not value:
        raise argparse.ArgumentTypeError(f"{text} is not of the form KEY=VALUE")
    return key, value


def add_bundle(parser: argparse.ArgumentParser) -> None:
    """--bundle DIR."""
    parser.add_argument(
        "--bundle",
        metavar="DIR",
        help="folder of the models, or what ships by name (default: POCKETSHELF_BUNDLE, else universal)",
    )


def add_models(parser: argparse.ArgumentParser) -> None:
    """--bundle DIR and --threads N."""
    add_bundle(parser)
    parser.add_argument(
        "--threads", type=values.threads, default=1, metavar="N", help="for the models (default: 1)"
    )


def photo_names(names: Iterable[str], empty: Callable[[str, str], Any]) -> Iterator[str]:
    """The photos that were named.

    A folder stands for the pictures in it and below, by name, without those that --annotate drew; "-" for
    those on standard input, one a line, blank lines skipped.

    Args:
        empty: told of each folder without pictures, or that cannot be read, and what it lacks.
    """
    for name in names:
        if name == "-":
            yield from photo_names(_lines_of_stdin(), empty)
        elif Path(name).is_dir():
            closed: list[str] = []
            found = _pictures(Path(name), closed)
            for folder in closed:
                empty(folder, f"{folder}: this folder cannot be read; its pictures are left out")
            if not found and not closed:
                empty(name, f"{name}: no pictures in this folder ({' '.join(sorted(PICTURES))})")
            yield from found
        else:
            yield name


def _lines_of_stdin() -> Iterator[str]:
    if sys.stdin is None:  # A service's, or closed by the shell (<&-).
        raise UsageError("- reads one path a line from standard input, and there is none")
    for line in sys.stdin:
        if any(mark in line for mark in _NO_PATH):
            raise UsageError(
                "- reads paths from standard input, one a line; this is a picture itself, or find -print0: "
                "name the picture's file, or leave out -print0"
            )
        if line.strip():
            yield line.rstrip("\r\n")


def _pictures(folder: Path, closed: list[str]) -> list[str]:
    """The pictures in the folder and below; the folders there that cannot be read come to ``closed``."""
    found = pictures_in(folder, closed)
    photos = [path for path in found if not _is_drawn(path)]
    if drawn := len(found) - len(photos):
        say(f"pocketshelf: {folder}: {drawn} that --annotate drew left out")
    return [str(path) for path in photos]


def _is_drawn(path: Path) -> bool:
    if not _DRAWN.fullmatch(path.name):
        return False
    from pocketshelf.page.annotate import is_annotated

    return is_annotated(path)


def each_photo(
    names: Iterable[str],
    as_json: bool,
    handle: Callable[[str], Any],
    failed: Callable[[str, str], Any] = lambda name, why: None,
) -> int:
    """Call ``handle`` for each photo; a bad one is one line, and the rest go on. Returns the exit code.

    Args:
        failed: told of each bad one, and why; a folder without pictures is one.
    """
    bad = 0

    def lose(name: str, why: str) -> None:
        nonlocal bad
        bad += 1
        say(f"pocketshelf: {why}")
        failed(name, why)
        if as_json:
            print_json({"photo": name, "error": why})

    for name in photo_names(names, lose):
        try:
            handle(name)
        except PhotoError as error:
            lose(name, str(error))
    return 1 if bad else 0
