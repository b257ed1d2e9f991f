"""``pocketshelf embed``."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from pocketshelf.cli.options import add_models, add_photos, add_whole, each_photo
from pocketshelf.cli.output import print_json, say
from pocketshelf.cli.views import require_file
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PocketshelfError
from pocketshelf.files import atomic_write
from pocketshelf.printable import counted

__all__ = ["DESCRIPTION", "SUMMARY", "add_arguments", "run"]

SUMMARY = "turn photos into vectors"
DESCRIPTION = """\
Embed photos: one float32 vector of length 1 each, as rows of a NumPy file.

Without --whole a photo's vector is that of the most prominent thing in it. Rows are in the order of the
photos; those that cannot be read have none, and are listed on standard error.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's own options."""
    add_photos(parser)
    parser.add_argument("--out", required=True, metavar="X.npy", help="the file to write")
    add_whole(parser, "embed")
    add_models(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    require_file("--out", Path(args.out))
    encoder = Encoder.open(args.bundle, args.threads)
    vectors: list[np.ndarray] = []

    def embed(name: str) -> None:
        region = encoder.encode(name, args.whole).regions[0]
        if args.json:
            box = [round(side, 1) for side in region.detection.box]
            print_json({"photo": name, "row": len(vectors), "box": box, "group": region.detection.group})
        vectors.append(region.embedding.vector)

    code = each_photo(args.photos, args.json, embed)
    if not vectors:
        say(f"pocketshelf: no photo could be read; {args.out} is not written")
        return 1
    _save(Path(args.out), np.stack(vectors))
    say(f"{args.out}: {counted(len(vectors), 'vector')} of {len(vectors[0])}, space {encoder.bundle.space}")
    return code


def _save(path: Path, rows: np.ndarray) -> None:
    """Write the file whole or not at all."""
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as stream:
            np.save(stream, rows)
    except OSError as error:
        raise PocketshelfError(f"{path}: cannot be written ({error.strerror or error})") from error
