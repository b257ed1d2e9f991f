"""Leave-products-out over several draws: ``pocketshelf-train left-out``.

Each draw is a checkpoint whose training left some of the groceries out, as it records. Its photos of these
are asked among all the shop's pictures and among their own alone; photos of the products that it knows are
asked among all. The gallery is plain, or enrolled (`pocketshelf.formats.enrolment`) with a weight and
margin chosen on val of that draw: by the harmonic mean of known and new products, or so that known ones
lose a point at most."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.cli.output import tell_lines
from pocketshelf.errors import UsageError
from pocketshelf_training.data import grocery
from pocketshelf_training.embedder.enrolment import Galleries
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import Figure, plain
from pocketshelf_training.pages import unseen_tables
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.left_out import recorded
from pocketshelf_training.predict.model import open_model
from pocketshelf_training.predict.predictor import Predictor

__all__ = ["COST", "add_arguments", "mean_of_draws", "run"]

# Of R@1, that known products may lose on val for the gallery "enrolled, at a point".
COST = 0.01
COLUMNS = ("all", "own", "known")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--draw",
        type=Path,
        action="append",
        required=True,
        metavar="FILE",
        help="checkpoint of a training with --leave-out; several draws, several times",
    )
    parser.add_argument("--split", choices=("val", "test"), default="test", help="of the photos that ask")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of predictions")
    unseen_tables.add_fill(parser)
    add_data(parser)


def run(args: argparse.Namespace) -> int:
    draws = [_draw(path, args) for path in args.draw]
    rows = draws[0]["rows"]
    found = {
        "split": args.split,
        "draws": draws,
        "means": plain(
            {
                row: {
                    column: mean_of_draws([draw["rows"][row][column] for draw in draws]) for column in COLUMNS
                }
                for row in rows
            }
        ),
    }
    if args.fill:
        unseen_tables.fill(args.fill, {"left_out": found}, here())
    tell_lines(json.dumps(found, indent=1) if args.json else unseen_tables.of_left_out(found))
    return 0


def _draw(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """A draw's figures.

    Raises:
        UsageError: the checkpoint's training left no grocery out, or left all of them out.
    """
    model = open_model(path, "embedder")
    hidden = recorded(model)
    galleries = Galleries(Predictor(model, args.cache, label=path.stem), hidden, args.data)
    hidden &= set(galleries.products)
    photos = grocery.photos(args.split, args.data)
    new = [photo for photo in photos if photo.identity in hidden]
    known = [photo for photo in photos if photo.identity not in hidden]
    if not new or not known:
        raise UsageError(
            f"{path}: its training left {'no' if not new else 'every'} product out; see --leave-out"
        )
    chosen = {"enrolled": galleries.best(), "enrolled, at a point": galleries.best(cost=COST)}
    galleries_of = {"plain": galleries.pictures} | {
        name: galleries.enrolment(*pair)(galleries.pictures) for name, pair in chosen.items()
    }
    return {
        "name": f"{path.parent.name}/{path.name}",
        "products": len(galleries.products),
        "left_out": len(hidden),
        "photos": len(new),
        "known_photos": len(known),
        "chosen": {name: dict(zip(("weight", "margin"), pair, strict=True)) for name, pair in chosen.items()},
        "rows": {
            name: {
                "all": float(galleries.rightly(new, gallery).mean()),
                "own": float(galleries.rightly(new, gallery, only=hidden).mean()),
                "known": float(galleries.rightly(known, gallery).mean()),
            }
            for name, gallery in galleries_of.items()
        },
    }


def mean_of_draws(values: Sequence[float]) -> Figure:
    """The mean over draws with its 95 % interval by Student's t; of one draw the interval is the value."""
    from scipy import stats

    mean, count = float(np.mean(values)), len(values)
    if count == 1:
        return Figure(mean, mean, mean, 1)
    half = float(stats.t.ppf(0.975, count - 1) * stats.sem(values))
    return Figure(mean, mean - half, mean + half, count)
