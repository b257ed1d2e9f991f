"""Make trained checkpoints small enough to be committed: half-precision weights beside the bundle."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf_training.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from pocketshelf_training.models.detector import STRIDES
from pocketshelf_training.models.embedder import HEADS, apart_from_heads

__all__ = ["add_arguments", "only_heads", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--embedder", type=Path, help="checkpoint of the embedder, such as runs/embedder/best.safetensors"
    )
    parser.add_argument(
        "--size",
        type=values.count,
        help="the embedder's input in pixels, as chosen on val (default: as trained for)",
    )
    parser.add_argument(
        "--attributes", help="the embedder's attribute heads to keep, by commas (default: all; none: '')"
    )
    parser.add_argument("--detector", type=Path, help="checkpoint of the detector")
    parser.add_argument(
        "--detector-size",
        type=values.count,
        help="the detector's input in pixels, a multiple of 32, as chosen on val (default: as trained for)",
    )
    parser.add_argument("--out", type=Path, default=Path("models/first"), help="the bundle's folder")


def only_heads(checkpoint: Checkpoint, kept: list[str]) -> Checkpoint:
    """An embedder's checkpoint with the attribute heads ``kept``, in their order.

    Raises:
        UsageError: it has no such head; lists those it has.
    """
    there = list(checkpoint.config.get("attributes", {}))
    if strangers := [name for name in kept if name not in there]:
        raise UsageError(f"--attributes: no head {strangers[0]!r}; there are {', '.join(there) or 'none'}")
    config = {**checkpoint.config, "attributes": {n: checkpoint.config["attributes"][n] for n in kept}}
    state, heads = apart_from_heads(checkpoint.state)
    for new, name in enumerate(kept):
        for part in ("weight", "bias"):
            state[f"{HEADS}{new}.{part}"] = heads[f"{HEADS}{there.index(name)}.{part}"]
    return replace(checkpoint, config=config, state=state)


def run(args: argparse.Namespace) -> int:
    if args.detector_size and args.detector_size % STRIDES[-1]:
        raise UsageError(f"--detector-size {args.detector_size}: a multiple of {STRIDES[-1]} is needed")
    for kind in ("embedder", "detector"):
        source = getattr(args, kind)
        if source is None:
            continue
        checkpoint = load_checkpoint(source, kind=kind)
        target = args.out / f"{kind}.npz"
        if kind == "embedder" and args.attributes is not None:
            checkpoint = only_heads(checkpoint, [name for name in args.attributes.split(",") if name])
        config = checkpoint.config
        if size := args.size if kind == "embedder" else args.detector_size:
            config = {**config, "size": size}
        save_checkpoint(target, kind, config, checkpoint.state, checkpoint.meta)
        tell(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0
