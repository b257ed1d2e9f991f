"""The shop's picture of a garment: laid flat, frontal, on white."""

from __future__ import annotations

from PIL import Image, ImageFilter

from pocketshelf.demo.studio.canvas import Canvas
from pocketshelf.demo.studio.identity import Identity
from pocketshelf.demo.studio.picture import Picture, covered_box
from pocketshelf.demo.studio.tailor import extent, sew

__all__ = ["shop_picture"]

_SIDE = 420
_MARGIN = 0.06


def shop_picture(identity: Identity, side: int = _SIDE) -> Picture:
    """A square picture on white, ``side`` pixels; the garment fills it but for a margin."""
    left, top, right, bottom = extent(identity)
    unit = side * (1 - 2 * _MARGIN) / max(right - left, bottom - top)
    canvas = Canvas((left, top, right, bottom), unit)
    cover = sew(canvas, identity)
    garment = canvas.image()
    x, y = (side - garment.width) // 2, (side - garment.height) // 2
    page = Image.new("RGB", (side, side), (255, 255, 255))
    page.paste((205, 205, 210), (x + 3, y + 6), _shadow(garment))
    page.paste(garment, (x, y), garment)
    inner_x, inner_y, width, height = covered_box(cover)
    return Picture(identity, page, (x + inner_x, y + inner_y, width, height), "shop")


def _shadow(garment: Image.Image) -> Image.Image:
    return garment.getchannel("A").filter(ImageFilter.GaussianBlur(7)).point(lambda value: value // 2)
