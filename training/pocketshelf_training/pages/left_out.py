"""Leave-products-out over several draws: ``pocketshelf-train left-out``.

Each draw is a checkpoint whose training left some of the groceries out, as it records; or a seed that draws
them, for what is fitted anew without them in a moment: the frozen trunk's features and their discriminants.
Photos of these are asked among all the shop's pictures and among their own alone; photos of the products that
it knows are asked among all. The gallery is plain, or enrolled (`pocketshelf.formats.enrolment`) with a
weight and margin chosen on val of that draw: by the harmonic mean of known and new products, or so that known
ones lose a point at most."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.errors import UsageError
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.embedder.enrolment import Galleries, Look
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import Figure, plain
from pocketshelf_training.pages import unseen_tables
from pocketshelf_training.pages.provenance import here
from pocketshelf_training.predict.left_out import recorded
from pocketshelf_training.predict.model import open_model
from pocketshelf_training.predict.predictor import Predictor
from pocketshelf_training.predict.rows import TRUNKS, features_of
from pocketshelf_training.samplers.pools import left_out

__all__ = ["COST", "ROWS", "add_arguments", "mean_of_draws", "run"]

# Of R@1, that known products may lose on val for the gallery "enrolled, at a point".
COST = 0.01
COLUMNS = ("all", "own", "known")
# What is fitted a seed, and how many products it leaves out.
ROWS = ("ImageNet Lite0=imagenet:lite0@224", "LDA on ImageNet Lite0=lda:lite0@224")
SHARE = 0.25


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--draw",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="checkpoint of a training with --leave-out; several draws, several times",
    )
    parser.add_argument(
        "--row",
        dest="rows",
        action="append",
        default=[],
        metavar="NAME=MODEL",
        help=f"fitted a seed: imagenet:lite0@224 or lda:lite0@224 (without --draw: {', '.join(ROWS)})",
    )
    parser.add_argument(
        "--seeds",
        type=values.count,
        default=5,
        metavar="N",
        help=f"draws of --row, each as --leave-out SEED:{SHARE:g}, SEED from 0 (default: 5)",
    )
    parser.add_argument("--split", choices=("val", "test"), default="test", help="of the photos that ask")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cache", type=Path, default=Path("runs/evaluate"), help="folder of predictions")
    unseen_tables.add_fill(parser)
    add_data(parser)


def run(args: argparse.Namespace) -> int:
    draws = [_trained(path, args) for path in args.draw]
    rows = args.rows or ([] if args.draw else ROWS)
    draws += [_fitted(seed, rows, args) for seed in range(args.seeds) if rows]
    names = dict.fromkeys(row for draw in draws for row in draw["rows"])
    found = {"split": args.split, "draws": draws, "means": plain({row: _mean(draws, row) for row in names})}
    if args.fill:
        unseen_tables.fill(args.fill, {"left_out": found}, here())
    tell_lines(json.dumps(found, indent=1) if args.json else unseen_tables.of_left_out(found))
    return 0


def _mean(draws: Sequence[dict[str, Any]], row: str) -> dict[str, Figure]:
    """Over those draws that have the row."""
    of = [draw["rows"][row] for draw in draws if row in draw["rows"]]
    return {column: mean_of_draws([figures[column] for figures in of]) for column in COLUMNS}


def _trained(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """A checkpoint's figures.

    Raises:
        UsageError: its training left no grocery out, or left all of them out.
    """
    model = open_model(path, "embedder")
    return _draw(
        f"{path.parent.name}/{path.name}",
        {"": Predictor(model, args.cache, label=path.stem)},
        recorded(model),
        args,
    )


def _fitted(seed: int, rows: Sequence[str], args: argparse.Namespace) -> dict[str, Any]:
    """The figures of what is fitted without the products that ``seed`` draws."""
    hidden = set(left_out([str(s.identity) for s in grocery.shop_pictures(args.data)], seed, SHARE))
    looks = dict(_look(row, hidden, args.data) for row in rows)
    return _draw(f"seed {seed}", looks, hidden, args)


class _Seen(NamedTuple):
    """What a `Galleries` asks of a prediction."""

    vector: np.ndarray


def _look(row: str, hidden: set[str], root: str | None) -> tuple[str, Look]:
    """A row's name, and how it looks at samples.

    Raises:
        UsageError: it is none that is fitted here.
    """
    name, _, model = row.partition("=")
    if not name or model.split(":")[0] not in TRUNKS:
        raise UsageError(f"--row {row}: write NAME=imagenet:lite0@224 or NAME=lda:lite0@224")
    embed = features_of(model, root, hidden)

    def look(samples: Sequence[Sample], what: str) -> list[_Seen]:
        return [_Seen(embed(s)) for s in tqdm(samples, desc=f"{name}: {what}", disable=None)]

    return name, look


def _draw(name: str, looks: dict[str, Look], hidden: set[str], args: argparse.Namespace) -> dict[str, Any]:
    """The figures of one draw of products; each way to look at pictures with its galleries."""
    galleries = {way: Galleries(look, hidden, args.data) for way, look in looks.items()}
    products = next(iter(galleries.values())).products
    hidden = hidden & set(products)
    photos = grocery.photos(args.split, args.data)
    new = [photo for photo in photos if photo.identity in hidden]
    known = [photo for photo in photos if photo.identity not in hidden]
    if not new or not known:
        raise UsageError(
            f"{name}: its training left {'no' if not new else 'every'} product out; see --leave-out"
        )
    document: dict[str, Any] = {
        "name": name,
        "products": len(products),
        "left_out": len(hidden),
        "photos": len(new),
        "known_photos": len(known),
        "chosen": {},
        "rows": {},
    }
    for way, of in galleries.items():
        before = f"{way}, " if way else ""
        chosen = {"enrolled": of.best(), "enrolled, at a point": of.best(cost=COST)}
        document["chosen"] |= {
            before + name: dict(zip(("weight", "margin"), pair, strict=True)) for name, pair in chosen.items()
        }
        enrolled = {name: of.enrolment(*pair)(of.pictures) for name, pair in chosen.items()}
        for gallery, vectors in {"plain": of.pictures, **enrolled}.items():
            document["rows"][before + gallery] = {
                "all": float(of.rightly(new, vectors).mean()),
                "own": float(of.rightly(new, vectors, only=hidden).mean()),
                "known": float(of.rightly(known, vectors).mean()),
            }
    return document


def mean_of_draws(values: Sequence[float]) -> Figure:
    """The mean over draws with its 95 % interval by Student's t; of one draw the interval is the value."""
    from scipy import stats

    mean, count = float(np.mean(values)), len(values)
    if count == 1:
        return Figure(mean, mean, mean, 1)
    half = float(stats.t.ppf(0.975, count - 1) * stats.sem(values))
    return Figure(mean, mean - half, mean + half, count)
