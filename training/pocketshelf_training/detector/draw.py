"""Draw boxes on a grid of photos, to look at: a checkpoint's on street photos kept apart, or, without a
checkpoint, the augmented pictures that training would see.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.cli import values
from pocketshelf.cli.output import say
from pocketshelf.printable import counted
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data.street import load_photos
from pocketshelf_training.detector.pictures import add_sources, build_mixture
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.detector_figures import to_boxes
from pocketshelf_training.models.detector import GROUPS
from pocketshelf_training.outputs import require_file
from pocketshelf_training.pages.sheet import draw_boxes, grid
from pocketshelf_training.predict.model import Crop, open_model

__all__ = ["add_arguments", "run"]


def predicted(args: argparse.Namespace) -> list[Image.Image]:
    """Photos with what the checkpoint finds."""
    predict = open_model(args.checkpoint, "detector").load()
    paths = args.photos or [photo.image for photo in load_photos("val", args.data)][: args.count]
    drawn = []
    for path in paths:
        photo = decode_photo(path)
        shown = [each for each in predict(Crop(path)) if each.score >= args.score]
        labels = [f"{each.group} {each.score:.2f}" for each in shown]
        boxes = to_boxes(shown).boxes * np.array(photo.scale * 2)
        drawn.append(draw_boxes(Image.fromarray(photo.pixels), boxes, labels))
    return drawn


def augmented(args: argparse.Namespace) -> list[Image.Image]:
    """What an epoch would start with."""
    mixture = build_mixture(args)
    drawn = []
    for place, order in enumerate(mixture.plan(args.seed, 0)[: args.count], 1):
        made = mixture.make(order, args.size, np.random.default_rng([args.seed, 0, place]), 1.0)
        drawn.append(draw_boxes(made.image, made.boxes, [GROUPS[g] for g in made.groups]))
    return drawn


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", type=Path, nargs="*", help="photos instead of the street photos kept apart")
    parser.add_argument("--checkpoint", type=Path, help="a detector's")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    add_data(parser)
    parser.add_argument("--count", type=values.count, default=24, help="pictures (default 24)")
    parser.add_argument(
        "--score", type=values.share, default=0.3, help="least score of a box drawn (default 0.3)"
    )
    parser.add_argument("--columns", type=values.count, default=8)
    parser.add_argument("--side", type=values.count, default=320, help="cell in pixels (default 320)")
    add_sources(parser)
    parser.add_argument("--seed", type=values.seed, default=0)


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    images = predicted(args) if args.checkpoint else augmented(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    grid(images, args.columns, args.side).save(args.out)
    say(f"{counted(len(images), 'picture')} in {args.out}")
    return 0
