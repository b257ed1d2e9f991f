"""The options that trainings share."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf_training.engine import compute

__all__ = ["add_arguments", "add_data", "recipe"]

# Where pictures are, where figures go, what computes: none of it changes what a run learns.
FREE = ("run", "data", "device", "workers", "run_command", "print_completion")


def add_arguments(parser: argparse.ArgumentParser, run: Path, seed: int = 1, by_epochs: bool = True) -> None:
    """``--run``, ``--data``, ``--seed``, ``--device`` and ``--workers``, ``--limit-steps`` of an epoch.

    Args:
        run: the default.
        by_epochs: whether the length of the training is said in epochs.
    """
    text = f"folder of checkpoints and log; a run goes on where it stopped (default: {run})"
    parser.add_argument("--run", type=Path, default=run, help=text)
    add_data(parser)
    parser.add_argument("--seed", type=values.seed, default=seed)
    if by_epochs:
        parser.add_argument("--limit-steps", type=values.count, help="steps an epoch, for a trial")
    compute.add_arguments(parser)


def add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")


def recipe(args: argparse.Namespace, free: Iterable[str] = (), **said: Any) -> dict[str, Any]:
    """What a resumed run may not change, files as text, as a checkpoint can hold them.

    Args:
        free: options that change nothing of what is learnt, besides `FREE`.
        said: what is to stand for an option instead of what was given.
    """
    names = [name for name in vars(args) if name not in (*FREE, *free)]
    values = {name: said.get(name, getattr(args, name)) for name in names}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}
