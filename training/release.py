"""Make trained checkpoints small enough to be committed: half-precision weights beside the bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from training.models.checkpoint import export_npz, load_checkpoint

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--embedder", type=Path, help="checkpoint of the embedder, such as runs/embedder/best.pt"
    )
    parser.add_argument(
        "--size", type=int, help="the embedder's input in pixels, as chosen on val (default: as trained for)"
    )
    parser.add_argument("--detector", type=Path, help="checkpoint of the detector")
    parser.add_argument("--out", type=Path, default=Path("models/first"), help="the bundle's folder")


def run(args: argparse.Namespace) -> int:
    for kind in ("embedder", "detector"):
        source = getattr(args, kind)
        if source is None:
            continue
        checkpoint = load_checkpoint(source, kind=kind)
        target = args.out / f"{kind}.npz"
        config = checkpoint.config
        if kind == "embedder" and args.size:
            config = {**config, "size": args.size}
        export_npz(target, kind, config, checkpoint.state, checkpoint.meta)
        print(f"{target}: {target.stat().st_size / 1e6:.1f} MB")
    return 0
