"""Distil a student into a teacher's space: ``pocketshelf-train distill --teacher FILE``.

The trainer of ``train embedder`` with two more losses: to the teacher's vector of the same picture
(whole, while the student sees a cut-out of it), and to its ranking of the batch; and with the teacher's
shop pictures as the gallery. So the student finds its way in galleries that the teacher embedded (asymmetric
retrieval), or that an earlier student of the same teacher did (a compatible upgrade).
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pocketshelf.cli import values
from pocketshelf_training.embedder.options import add_arguments as add_training
from pocketshelf_training.embedder.train import run
from pocketshelf_training.losses.embedder import Weights

__all__ = ["STUDENT", "add_arguments", "run"]

STUDENT = Weights(teacher=4.0, ranking=0.5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training(parser)
    parser.add_argument("--teacher", type=Path, required=True, help="the teacher's checkpoint")
    parser.add_argument(
        "--blend",
        type=values.share,
        default=0.0,
        metavar="WEIGHT",
        help="of ImageNet's features beside the teacher's vectors: keeps apart what no product taught",
    )
    parser.set_defaults(run=Path("runs/student"), start_weights=STUDENT)
