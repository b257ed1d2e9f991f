"""Draw boxes on a grid of photos, to look at: a checkpoint's on street photos kept apart, or, without a
checkpoint, the augmented pictures that training would see.
"""

from __future__ import annotations

import argparse
import colorsys
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from sdk.errors import PocketshelfError
from sdk.preprocess import decode_photo
from training.data.street import load_photos
from training.detector.predict import detect
from training.detector.train import build_mixture
from training.models.detector import GROUPS, Detector

__all__ = ["add_arguments", "draw_boxes", "grid", "run"]


def draw_boxes(image: Image.Image, boxes: np.ndarray, labels: Sequence[str]) -> Image.Image:
    """A copy with corners (n, 4) drawn; each group (a label's first word) in its colour."""
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    for (x0, y0, x1, y1), label in zip(boxes, labels, strict=True):
        hue = GROUPS.index(label.split()[0]) / len(GROUPS)
        ink = tuple(int(255 * v) for v in colorsys.hsv_to_rgb(hue, 1.0, 0.9))
        pen.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=ink, width=2)
        pen.rectangle((x0, y0, x0 + pen.textlength(label) + 3, y0 + 11), fill=ink)
        pen.text((x0 + 2, y0), label, fill="white")
    return drawn


def grid(images: Sequence[Image.Image], columns: int, side: int) -> Image.Image:
    """The images in rows, each shrunk into a square cell."""
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for place, image in enumerate(images):
        cell = image.copy()
        cell.thumbnail((side, side))
        sheet.paste(cell, (place % columns * side, place // columns * side))
    return sheet


def predicted(args: argparse.Namespace) -> list[Image.Image]:
    """Photos with what the checkpoint finds."""
    model = Detector.from_checkpoint(args.checkpoint)
    paths = args.photos or [photo.image for photo in load_photos("val", args.data)][: args.count]
    drawn = []
    for path in paths:
        photo = decode_photo(path)
        found = detect(model, path, args.score)
        assert found.scores is not None
        labels = [f"{g} {s:.2f}" for g, s in zip(found.groups, found.scores, strict=True)]
        scale = np.array(photo.scale * 2)
        drawn.append(draw_boxes(Image.fromarray(photo.pixels), found.boxes * scale, labels))
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
    parser.add_argument("--checkpoint", type=Path, help="a detector's .pt or .npz")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    parser.add_argument("--data", type=Path, help="folder of the real photos (default: $POCKETSHELF_DATA)")
    parser.add_argument("--count", type=int, default=24, help="pictures (default 24)")
    parser.add_argument("--score", type=float, default=0.3, help="least score of a box drawn (default 0.3)")
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--side", type=int, default=320, help="cell in pixels (default 320)")
    parser.add_argument("--goods-boxes", type=Path, help="as in training")
    parser.add_argument("--garment-boxes", type=Path, help="as in training")
    parser.add_argument("--size", type=int, default=320, help="training pictures' side in pixels")
    parser.add_argument("--others", type=float, default=0.35, help="as in training")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    images = predicted(args) if args.checkpoint else augmented(args)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    grid(images, args.columns, args.side).save(args.out)
    print(f"{len(images)} pictures in {args.out}", file=sys.stderr)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m training.detector.draw", description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
