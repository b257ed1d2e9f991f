"""Draw what was found over a photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from pocketshelf.files import atomic_write
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.types import Region

__all__ = ["annotate", "is_annotated"]

LONGEST_SIDE = 1600
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

    Raises:
        PhotoError: the photo cannot be read.
        OSError: ``out`` cannot be written.
    """
    decoded = decode_photo(photo, LONGEST_SIDE)
    image = Image.fromarray(decoded.pixels)
    draw = ImageDraw.Draw(image)
    thick = max(2, max(image.size) // 300)
    font = ImageFont.load_default(max(12, max(image.size) // 55))
    for region in reversed(regions):  # The most prominent lies on top.
        x, y, w, h = decoded.to_decoded(region.box)
        colour = _COLOURS.get(region.group, _OTHER)
        draw.rectangle([x, y, max(x, x + w - 1), max(y, y + h - 1)], outline=colour, width=thick)
        label = f" {region.group} {region.score:.2f} "
        left, top, right, bottom = draw.textbbox((x, max(y, 0)), label, font=font)
        draw.rectangle([left, top, right, bottom + thick], fill=colour)
        draw.text((x, max(y, 0)), label, fill="white", font=font)
    with atomic_write(out) as temporary:
        image.save(temporary, "JPEG", quality=_QUALITY, comment=_MARK)


def is_annotated(path: Path) -> bool:
    """Whether the file was written by `annotate`; what cannot be read was not."""
    try:
        with path.open("rb") as stream:
            return _MARK in stream.read(_HEAD_BYTES)
    except OSError:
        return False
