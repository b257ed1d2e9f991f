"""Draw what was found over a photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pocketshelf.files import atomic_write
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.types import Region

__all__ = ["annotate", "is_annotated"]

LONGEST_SIDE, LEAST_SIDE = 1600, 480
_QUALITY = 88
# The comment of a JPEG that was drawn here.
_MARK = b"boxes drawn by pocketshelf"
_HEAD_BYTES = 1024
# The documents' colours (web/pages.css), by group.
_COLOURS = {
    "upper": "#2563c9", "outerwear": "#0f7d86", "dress": "#b02a8f", "trousers": "#5a4bc7",
    "shorts": "#7a4bcc", "skirt": "#c23a6b", "footwear": "#a3541a", "bag": "#876a00",
    "hat": "#4a6b1f", "goods": "#1d7a46",
}  # fmt: skip
_OTHER = "#5d6670"


def annotate(photo: str | Path, regions: Sequence[Region], out: Path) -> None:
    """Write ``photo``, upright and at most `LONGEST_SIDE` pixels long, with a box a region, as a JPEG.

    One whose longest side is under `LEAST_SIDE` is enlarged a whole number of times: boxes of a few pixels
    could not be told apart, and their labels would hide all of it.

    Raises:
        PhotoError: the photo cannot be read.
        OSError: ``out`` cannot be written.
    """
    decoded = decode_photo(photo, LONGEST_SIDE)
    image = Image.fromarray(decoded.pixels)
    times = -(-LEAST_SIDE // max(image.size))
    image = image.resize((image.width * times, image.height * times), Image.Resampling.BICUBIC)
    boxes = [tuple(times * side for side in decoded.to_decoded(region.box)) for region in regions]
    colours = [_COLOURS.get(region.group, _OTHER) for region in regions]
    draw = ImageDraw.Draw(image)
    thick = max(2, max(image.size) // 300)
    # The most prominent lies on top, and no line on a label.
    for (x, y, w, h), colour in reversed(list(zip(boxes, colours, strict=True))):
        draw.rectangle([x, y, max(x, x + w - 1), max(y, y + h - 1)], outline=colour, width=thick)
    font = ImageFont.load_default(max(12, max(image.size) // 55))
    labels = [f" {region.group} {region.score:.2f} " for region in regions]
    bounds = [font.getbbox(label) for label in labels]
    sizes = [(math.ceil(right), math.ceil(bottom) + thick) for _, _, right, bottom in bounds]
    places = _places([(x, y) for x, y, _, _ in boxes], sizes, image.size)
    for label, (x, y), (w, h), colour in zip(labels, places, sizes, colours, strict=True):
        draw.rectangle([x, y, x + w - 1, y + h - 1], fill=colour)
        draw.text((x, y), label, fill="white", font=font)
    with atomic_write(out) as temporary:
        image.save(temporary, "JPEG", quality=_QUALITY, comment=_MARK)


def _places(
    corners: Sequence[tuple[float, float]], sizes: Sequence[tuple[int, int]], image: tuple[int, int]
) -> list[tuple[float, float]]:
    """Where each label goes: to its box's corner or, where another is, to the nearest free height there.

    Args:
        corners: (x, y) of each box's upper left corner, the most prominent first, in pixels.
        sizes: (width, height) of each label.
        image: (width, height) of the picture, which no label leaves if it has room for it.
    """
    taken: list[tuple[float, float, float, float]] = []
    for (x, y), (w, h) in zip(corners, sizes, strict=True):
        left, lowest = max(0.0, min(x, image[0] - w)), max(0.0, image[1] - h)
        top = min(max(0.0, y), lowest)
        beside = [other for other in taken if other[0] < left + w and left < other[2]]
        heights = [top, *(other[3] for other in beside), *(other[1] - h for other in beside)]
        free = [
            at
            for at in heights
            if 0 <= at <= lowest and all(at + h <= other[1] or other[3] <= at for other in beside)
        ]
        top = min(free, key=lambda at: abs(at - top), default=top)
        taken.append((left, top, left + w, top + h))
    return [(left, top) for left, top, _, _ in taken]


def is_annotated(path: Path) -> bool:
    """Whether the file was written by `annotate`; what cannot be read was not."""
    try:
        with path.open("rb") as stream:
            return _MARK in stream.read(_HEAD_BYTES)
    except OSError:
        return False
