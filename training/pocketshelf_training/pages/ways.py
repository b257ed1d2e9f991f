"""Options of the pages that put several models side by side."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NamedTuple

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import DATA_SETS
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_write

__all__ = ["KNOWN_DATA_SETS", "Way", "add_arguments", "parse_way"]

KNOWN_DATA_SETS = f"one of {', '.join(DATA_SETS)}"


class Way(NamedTuple):
    """A name, the model of the photos, the model of the gallery, and what adjusts the gallery."""

    name: str
    queries: Path
    gallery: Path
    enrolment: Path | None = None


def add_arguments(parser: argparse.ArgumentParser, metavar: str, help: str) -> None:
    """``--way`` with its own words, ``--data``, ``--cache``, ``--write``."""
    parser.add_argument("--way", action="append", required=True, metavar=metavar, help=help)
    add_data(parser)
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of predictions")
    add_write(parser)


def parse_way(given: str, pairs: bool = False) -> Way:
    """``NAME=MODEL``; with ``pairs`` also ``NAME=MODEL:GALLERY:ENROLMENT``, of which parts may be empty.

    Raises:
        UsageError: not so; the message says what may be written.
    """
    name, _, models = given.partition("=")
    queries, gallery, enrolment, *more = [*models.split(":"), "", ""] if pairs else [models, "", ""]
    if not name or not queries or any(more):
        forms = "NAME=MODEL, NAME=MODEL:GALLERY or NAME=MODEL::ENROLMENT" if pairs else "NAME=MODEL"
        raise UsageError(f"--way {given}: write {forms}")
    return Way(name, Path(queries), Path(gallery or queries), Path(enrolment) if enrolment else None)
