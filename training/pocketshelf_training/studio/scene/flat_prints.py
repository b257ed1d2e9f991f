"""Flat prints: covers made of photos, bands and words, some of them variants of one design. **Synthetic**."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pocketshelf.stages.preprocess import WHOLE, decode_photo

__all__ = ["Print", "draw_print", "opened"]

SIDE = 480
SYLLABLES = tuple("ka ro mi len dor vas ti qu el bran so ny far ul gre pe za wit ho mar ce lo ix day".split())  # noqa: SIM905


@dataclass(frozen=True)
class Print:
    """What a cover is made of.

    Attributes:
        pictures: photos that it may show.
        design: seed of its layout, which variants share.
        variant: 0 for the first of a design; others differ in a word, a colour and an inset.
    """

    pictures: tuple[Path, ...]
    design: int
    variant: int = 0


def opened(path: Path) -> Image.Image:
    """A photo, decoded whole."""
    return Image.fromarray(decode_photo(path, WHOLE).pixels)


def draw_print(print_: Print) -> Image.Image:
    """The cover, flat and evenly lit, its longer side 480 pixels."""
    rng = np.random.default_rng([print_.design, 71])
    own = np.random.default_rng([print_.design, 72, print_.variant])
    width = int(SIDE * rng.uniform(0.62, 0.8))
    cover = _fitted(opened(print_.pictures[0]), (width, SIDE), rng)
    draw = ImageDraw.Draw(cover)
    ground = tuple(int(v) for v in (rng if print_.variant == 0 else own).integers(0, 256, 3))
    ink = (255, 255, 255) if sum(ground) < 380 else (10, 10, 10)
    height, top = int(SIDE * rng.uniform(0.12, 0.28)), rng.random() < 0.5
    band = (0, 0, width, height) if top else (0, SIDE - height, width, SIDE)
    draw.rectangle(band, fill=ground)
    _write(draw, band, _words(own, 1, 3), ink)
    line = int(SIDE * 0.06)
    y = int(rng.uniform(0.35, 0.65) * SIDE)
    _write(draw, (int(width * 0.1), y, int(width * 0.9), y + line), _words(rng, 2, 4), ink)
    if rng.random() < 0.6 and len(print_.pictures) > 1:
        index = 1 + int(own.integers(len(print_.pictures) - 1))
        side = int(width * rng.uniform(0.22, 0.4))
        inset = _fitted(opened(print_.pictures[index]), (side, side), own)
        low, high = (height, SIDE - side) if top else (0, SIDE - height - side)
        cover.paste(inset, (int(rng.uniform(0, width - side)), int(rng.uniform(low, max(low + 1, high)))))
    return cover


def _fitted(image: Image.Image, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """A part of the image that has the shape of ``size``, at that size."""
    share = rng.uniform(0.75, 1.0)
    scale = share * min(image.width / size[0], image.height / size[1])
    w, h = size[0] * scale, size[1] * scale
    x, y = rng.uniform(0, image.width - w), rng.uniform(0, image.height - h)
    return image.resize(size, Image.Resampling.BICUBIC, (x, y, x + w, y + h))


def _words(rng: np.random.Generator, least: int, most: int) -> str:
    count = int(rng.integers(least, most + 1))
    return " ".join("".join(rng.choice(SYLLABLES, int(rng.integers(2, 4)))).title() for _ in range(count))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write(
    draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], text: str, ink: tuple[int, ...]
) -> None:
    """The text as large as fits into the box, in its middle."""
    x0, y0, x1, y1 = box
    size = max(8, int((y1 - y0) * 0.7))
    while size > 8 and draw.textlength(text, font=_font(size)) > 0.92 * (x1 - x0):
        size -= 2
    draw.text(((x0 + x1) / 2, (y0 + y1) / 2), text, fill=ink, font=_font(size), anchor="mm")
