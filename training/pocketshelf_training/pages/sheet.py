"""Pictures with boxes drawn on them, and many pictures on one sheet."""

from __future__ import annotations

import colorsys
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from pocketshelf_training.models.detector import GROUPS

__all__ = ["draw_boxes", "grid"]


def draw_boxes(image: Image.Image, boxes: np.ndarray, labels: Sequence[str]) -> Image.Image:
    """A copy with corners (n, 4) drawn; each group (a label's first word) in its colour."""
    drawn = image.copy()
    pen = ImageDraw.Draw(drawn)
    for (x0, y0, x1, y1), label in zip(boxes, labels, strict=True):
        ink = tuple(int(255 * v) for v in colorsys.hsv_to_rgb(_hue(label.split()[0]), 1.0, 0.9))
        pen.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), outline=ink, width=2)
        pen.rectangle((x0, y0, x0 + pen.textlength(label) + 3, y0 + 11), fill=ink)
        pen.text((x0 + 2, y0), label, fill="white")
    return drawn


def _hue(group: str) -> float:
    """Even steps for our own groups; other data sets' get one by their name."""
    if group in GROUPS:
        return GROUPS.index(group) / len(GROUPS)
    return zlib.crc32(group.encode()) % 360 / 360


def grid(images: Sequence[Image.Image], columns: int, side: int) -> Image.Image:
    """The images in rows, each shrunk into a square cell."""
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * side, rows * side), "white")
    for place, image in enumerate(images):
        cell = image.copy()
        cell.thumbnail((side, side))
        sheet.paste(cell, (place % columns * side, place // columns * side))
    return sheet
