"""``pocketshelf-train reduce``: dimension against recall and bytes, for any network's features.

Features are computed once a network and kept in ``--cache``; the reductions then take minutes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.models.projection import unit
from pocketshelf_training.pages.page import add_write, publish
from pocketshelf_training.pages.provenance import machine
from pocketshelf_training.samplers.pools import left_out
from pocketshelf_training.studies.reduce import report
from pocketshelf_training.studies.reduce.features import Features, load_features
from pocketshelf_training.studies.reduce.measure import METHODS, Row, measure_method, row_of

__all__ = ["add_arguments", "run"]

DIMENSIONS = (32, 64, 128, 256, 512, 1280)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--network",
        action="append",
        metavar="CHECKPOINT",
        help="an embedder's, or 'imagenet' for the frozen ImageNet weights; may be repeated "
        "(default: imagenet)",
    )
    add_data(parser)
    parser.add_argument(
        "--dimensions", default=",".join(map(str, DIMENSIONS)), help="by commas (default: %(default)s)"
    )
    parser.add_argument("--methods", default=",".join(METHODS), help="by commas (default: %(default)s)")
    parser.add_argument("--unseen", action="store_true", help="also with a quarter of the products held out")
    parser.add_argument("--cache", type=Path, default=Path("runs/reduce"), help="folder for the features")
    add_write(parser)


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    methods = _names(args.methods)
    dimensions = _numbers(args.dimensions)
    study: report.Study = {}
    for network in args.network or ["imagenet"]:
        features = load_features(network, args.data, args.cache)
        name = "ImageNet, frozen" if network == "imagenet" else "/".join(Path(network).parts[-2:])
        study[name, "known products"] = _rows(features, methods, dimensions, None)
        # A network that was trained on a product has seen it, whatever the reduction was fitted on.
        if args.unseen and network == "imagenet":
            held = np.array(left_out(features.shop_products.tolist(), 0, 0.25))
            study[name, "unseen products"] = _rows(features, methods, dimensions, held)
    facts = {"command": _command(args), "machine": machine()}
    plot = args.write.with_suffix(".png") if args.write else Path("reduction.png")
    if args.write:
        report.draw(study, plot)
    page = report.as_markdown(study, {**facts, "plot": plot.name})
    publish(page, report.as_json(study, facts), args.write)
    return 0


def _rows(
    features: Features, methods: list[str], dimensions: list[int], held_out: np.ndarray | None
) -> list[Row]:
    rows = [row_of("all features", features, {}, unit, held_out, features.shop.shape[1], head_bytes=0)]
    if features.own_shop.size:
        rows.append(_own(features))
    for method in methods:
        rows += measure_method(method, features, dimensions, held_out)
    return rows


def _own(features: Features) -> Row:
    """The embedding that the network was trained to: what a reduction has to beat."""
    embedded = replace(features, val=features.own_val, test=features.own_test, shop=features.own_shop)
    dimension = features.own_shop.shape[1]
    return row_of("trained head", embedded, {}, unit, None, dimension, features.shop.shape[1] * dimension)


def _names(text: str) -> list[str]:
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in METHODS:
            raise UsageError(f"no method {name!r}; there are {', '.join(METHODS)}")
    return names


def _numbers(text: str) -> list[int]:
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError as error:
        raise UsageError(f"--dimensions takes whole numbers by commas, not {text!r}") from error
    if min(numbers) < 1:
        raise UsageError("--dimensions must be positive")
    return numbers


def _command(args: argparse.Namespace) -> str:
    parts = ["pocketshelf-train reduce"]
    parts += [f"--network {network}" for network in args.network or []]
    parts += ["--unseen"] if args.unseen else []
    if args.dimensions != ",".join(map(str, DIMENSIONS)):
        parts.append(f"--dimensions {args.dimensions}")
    if args.methods != ",".join(METHODS):
        parts.append(f"--methods {args.methods}")
    return " ".join([*parts, *([f"--write {args.write}"] if args.write else [])])
