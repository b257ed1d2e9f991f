"""The options of ``train embedder`` and ``distill``, and what they mean."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from pathlib import Path

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.engine import options
from pocketshelf_training.losses.embedder import Weights
from pocketshelf_training.models.efficientnet_lite import VARIANTS
from pocketshelf_training.samplers.pools import left_out

__all__ = ["add_arguments", "parse_left_out", "parse_weights", "weights_with"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_arguments(parser, Path("runs/embedder"))
    parser.add_argument(
        "--data-set",
        default="grocery",
        metavar="NAME[=FOLDER]",
        help="the products, with customers' photos: csv=PATH for one's own (default: grocery)",
    )
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="lite0", help="of the trunk")
    parser.add_argument(
        "--size", type=values.count, default=192, help="largest input in pixels, of 32 (default: 192)"
    )
    parser.add_argument("--epochs", type=values.count, default=28)
    parser.add_argument(
        "--lr", type=values.amount, default=5e-4, help="of the trunk; heads learn 4 times as fast"
    )
    parser.add_argument(
        "--leave-out",
        metavar="SEED:SHARE",
        help="products that the training must not see, as in 0:0.25; `evaluate --left-out` asks for them",
    )
    parser.add_argument(
        "--weight",
        action="append",
        default=[],
        metavar="LOSS=VALUE",
        help=f"of {', '.join(f.name for f in fields(Weights))}, see `Weights` in losses/embedder.py",
    )
    parser.add_argument(
        "--virtual",
        type=values.share,
        default=0.0,
        metavar="SHARE",
        help="of the products' pictures whose colour channels change places, which makes other products",
    )
    parser.add_argument(
        "--things",
        type=Path,
        metavar="FOLDER",
        help="of `prepare composites`: cut-out garments, each one more product, on white and pasted",
    )
    parser.add_argument(
        "--studio",
        type=Path,
        metavar="FOLDER",
        help="of `prepare studio`: drawn garments teach attributes and landmarks as well",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="embedder, or bundle, to begin with; heads that differ begin anew (default: ImageNet's weights)",
    )
    parser.set_defaults(teacher=None, blend=0.0, start_weights=Weights())


def parse_weights(given: list[str], start: Weights) -> Weights:
    """``start`` with LOSS=VALUE entries put in.

    Raises: see `weights_with`.
    """
    return Weights(**weights_with(given, asdict(start)))


def weights_with(given: list[str], start: dict[str, float]) -> dict[str, float]:
    """Loss → weight: ``start`` with LOSS=VALUE entries put in.

    Raises:
        UsageError: an unknown loss, or no number.
    """
    weights = dict(start)
    for entry in given:
        name, _, value = entry.partition("=")
        if name not in start:
            raise UsageError(f"--weight {entry}: unknown loss; there are {', '.join(start)}")
        try:
            weights[name] = float(value)
        except ValueError:
            raise UsageError(f"--weight {entry}: not a number; write {name}=0.5") from None
    return weights


def parse_left_out(given: str | None, products: list[str]) -> list[str]:
    """The products that SEED:SHARE leaves out.

    Raises:
        UsageError: not two numbers, or a share that is not between 0 and 1.
    """
    if given is None:
        return []
    seed, _, share = given.partition(":")
    try:
        chosen = left_out(products, int(seed), float(share))
    except ValueError:
        chosen = []
    if not 0 < len(chosen) < len(products):
        raise UsageError(f"--leave-out {given}: write SEED:SHARE, as in 0:0.25")
    return chosen
