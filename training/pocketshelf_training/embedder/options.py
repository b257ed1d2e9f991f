"""The options of ``train embedder`` and ``distill``, and what they mean."""

from __future__ import annotations

import argparse
from dataclasses import fields, replace
from pathlib import Path

from pocketshelf.errors import UsageError
from pocketshelf_training.embedder.objective import Weights
from pocketshelf_training.embedder.pools import left_out
from pocketshelf_training.engine import compute
from pocketshelf_training.models.efficientnet_lite import VARIANTS

__all__ = ["FIXED", "add_arguments", "parse_left_out", "parse_weights"]

# What a resumed run may not change: the figures would be of neither.
FIXED = (
    "variant",
    "size",
    "epochs",
    "seed",
    "lr",
    "virtual",
    "things",
    "studio",
    "left_out",
    "weights",
    "teacher",
    "blend",
    "start",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run", type=Path, default=Path("runs/embedder"), help="folder of checkpoints and log"
    )
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="lite0", help="of the trunk")
    parser.add_argument("--size", type=int, default=192, help="largest input in pixels, of 32 (default: 192)")
    parser.add_argument("--epochs", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lr", type=float, default=5e-4, help="of the trunk; heads learn 4 times as fast")
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
        help=f"of {', '.join(f.name for f in fields(Weights))}, see `Weights` in embedder/objective.py",
    )
    parser.add_argument(
        "--virtual",
        type=float,
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
        "--start", type=Path, metavar="FILE", help="embedder to begin with (default: ImageNet's weights)"
    )
    parser.add_argument("--limit-steps", type=int, help="steps an epoch, for a trial")
    compute.add_arguments(parser)
    parser.set_defaults(teacher=None, blend=0.0, start_weights=Weights())


def parse_weights(given: list[str], start: Weights) -> Weights:
    """``start`` with LOSS=VALUE entries put in.

    Raises:
        UsageError: an unknown loss, or no number.
    """
    known = [f.name for f in fields(Weights)]
    for entry in given:
        name, _, value = entry.partition("=")
        if name not in known:
            raise UsageError(f"--weight {entry}: unknown loss; there are {', '.join(known)}")
        try:
            start = replace(start, **{name: float(value)})
        except ValueError:
            raise UsageError(f"--weight {entry}: not a number; write {name}=0.5") from None
    return start


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
