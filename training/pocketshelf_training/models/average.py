"""Average a model's weights with those that its training began with: ``pocketshelf-train average``.

What the further training gained and what the first one knew are both kept, at no cost ("Robust fine-tuning of
zero-shot models", Wortsman et al., CVPR 2022, section 3: linear interpolation of weights). The two must
come of one another by ``--start``: weights of separate trainings have no average that means anything.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import HEADS, apart_from_heads
from pocketshelf_training.outputs import require_file

__all__ = ["add_arguments", "interpolated", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", dest="first", type=Path, required=True, help="checkpoint of the start")
    parser.add_argument("--to", type=Path, required=True, help="checkpoint that was trained on from it")
    parser.add_argument(
        "--share", type=values.share, default=0.5, help="of the second (default: 0.5); choose on val"
    )
    parser.add_argument(
        "--heads",
        choices=("from", "to"),
        default="to",
        help="whose attribute heads to keep; every training begins its own (default: to); choose on val",
    )
    parser.add_argument("--out", type=Path, required=True)


def interpolated(first: dict[str, Tensor], second: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    """Entry by entry (1 - share) of the first and share of the second; whole numbers and attribute heads are
    the second's."""
    return {
        name: torch.lerp(first[name], value, share)
        if value.dtype.is_floating_point and not name.startswith(HEADS)
        else value
        for name, value in second.items()
    }


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    if not 0 <= args.share <= 1:
        raise UsageError(f"--share {args.share:g}: from 0 to 1")
    second = load_checkpoint(args.to)
    first = load_checkpoint(args.first, kind=second.kind)
    begun = second.meta.get("start") or second.meta.get("settings", {}).get("start") or ""
    own = ("size", "attributes")
    alike = all(first.config[key] == value for key, value in second.config.items() if key not in own)
    if not alike or Path(begun).name != args.first.name:
        raise UsageError(f"{args.to} was not trained on from {args.first}; see --start of its training")
    state = interpolated(first.state, second.state, args.share)
    if args.heads == "from":
        if first.config.get("attributes") != second.config.get("attributes"):
            raise UsageError(f"--heads from: {args.first} names other attributes than {args.to}")
        state |= apart_from_heads(first.state)[1]
    averaged = {"from": args.first.name, "share": args.share, "heads": args.heads}
    meta = second.meta | {"val": {}, "averaged": averaged}
    save_checkpoint(args.out, second.kind, second.config, state, meta)
    tell(args.out)
    return 0
