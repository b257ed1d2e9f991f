"""Goods held up or in front of the camera, composed: the shops' pictures cut out and put on real photos.

The shop's pictures stand on white ground; flooding that ground from the border gives each product's
outline, and so boxes without any labelling. Composites are synthetic, and named so wherever they are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scipy.ndimage import binary_propagation

from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf.types import Box
from pocketshelf_training.data import grocery

__all__ = ["Piece", "compose", "cut_out", "load_cut_outs", "not_ground", "paste"]

# Ground is at least this bright in every channel; JPEG ringing darkens it by a few steps.
GROUND = 238
# A piece hidden by more than this share is not asked for.
HIDDEN = 0.6


@dataclass(frozen=True)
class Piece:
    """One thing on a picture: its corners there (left, top, right, bottom), and the share that shows."""

    box: Box
    visible: float


def cut_out(pixels: np.ndarray) -> Image.Image:
    """Remove the white ground that is connected to the border.

    Args:
        pixels: uint8 (h, w, 3).

    Returns:
        RGBA, cropped to the outline; edges softened by about a pixel.
    """
    ground = _flood_from_border(pixels.min(axis=2) >= GROUND)
    alpha = Image.fromarray(np.where(ground, 0, 255).astype(np.uint8))
    # A pixel off the rim, where the white shines through, then a soft edge.
    alpha = alpha.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(0.6))
    image = Image.fromarray(pixels).convert("RGBA")
    image.putalpha(alpha)
    outline = alpha.point(lambda value: 255 * (value > 127)).getbbox()
    return image.crop(outline) if outline else image


def _flood_from_border(open_: np.ndarray) -> np.ndarray:
    """The part of a bool (h, w) that is connected (eight neighbours) to the border."""
    border = np.ones_like(open_)
    border[1:-1, 1:-1] = False
    return binary_propagation(border & open_, np.ones((3, 3)), open_)


def not_ground(pixels: np.ndarray) -> Box | None:
    """The box (x, y, w, h in pixels) of what stands on white ground, uint8 (h, w, 3); None: nothing does."""
    thing = Image.fromarray(~_flood_from_border(pixels.min(axis=2) >= GROUND))
    # Specks of compression are no thing.
    outline = thing.convert("L").filter(ImageFilter.MedianFilter(5)).getbbox()
    if outline is None:
        return None
    x0, y0, x1, y1 = outline
    return float(x0), float(y0), float(x1 - x0), float(y1 - y0)


def load_cut_outs(root: str | Path | None = None) -> list[Image.Image]:
    """The outlines of all the shop's pictures, RGBA."""
    pictures = [sample.image for sample in grocery.shop_pictures(root)]
    return [cut_out(decode_photo(path, WHOLE).pixels) for path in pictures]


def compose(ground: Image.Image, cut_outs: list[Image.Image], rng: np.random.Generator) -> list[Box]:
    """Put products on ``ground``, which is changed: mostly one in front, sometimes several, or a heap of one.

    Returns:
        Corners (left, top, right, bottom) in pixels of ``ground``. A heap is one box: it is one product.
    """
    kind = rng.random()
    if kind < 0.6:
        return [piece.box for piece in _scatter(ground, _draw(cut_outs, 1, rng), (0.35, 0.95), rng)]
    if kind < 0.85:
        pieces = _scatter(ground, _draw(cut_outs, int(rng.integers(2, 5)), rng), (0.2, 0.5), rng)
        return [piece.box for piece in pieces if piece.visible > 1 - HIDDEN]
    return [_heap(ground, _draw(cut_outs, 1, rng)[0], rng)]


def _draw(cut_outs: list[Image.Image], count: int, rng: np.random.Generator) -> list[Image.Image]:
    return [cut_outs[i] for i in rng.choice(len(cut_outs), count, replace=False)]


def _scatter(
    ground: Image.Image, pieces: list[Image.Image], share: tuple[float, float], rng: np.random.Generator
) -> list[Piece]:
    """Each piece somewhere, its long side ``share`` of the ground's short one; later ones cover others."""
    placed: list[Piece] = []
    covers = np.zeros((ground.height, ground.width), np.uint8)
    owners = []
    for number, piece in enumerate(pieces, 1):
        turned = _handle(piece, min(ground.size) * rng.uniform(*share), rng)
        x = rng.uniform(-0.15, 0.95) * (ground.width - turned.width * 0.8)
        y = rng.uniform(-0.15, 0.95) * (ground.height - turned.height * 0.8)
        box, outline = paste(ground, turned, (round(x), round(y)))
        owners.append((box, outline.sum()))
        covers[outline] = number
    for number, (box, pixels) in enumerate(owners, 1):
        placed.append(Piece(box, float((covers == number).sum() / max(pixels, 1))))
    return [piece for piece in placed if piece.box[2] - piece.box[0] > 4 and piece.box[3] - piece.box[1] > 4]


def _heap(ground: Image.Image, piece: Image.Image, rng: np.random.Generator) -> Box:
    """Several pieces of one product side by side and over each other, as in a crate."""
    side = min(ground.size) * rng.uniform(0.2, 0.35)
    spread = rng.uniform(0.15, 0.4)
    centre = np.array(ground.size) * rng.uniform(0.35, 0.65, 2)
    boxes = []
    for _ in range(int(rng.integers(6, 15))):
        turned = _handle(piece, side, rng)
        x, y = centre + rng.uniform(-spread, spread, 2) * min(ground.size) - np.array(turned.size) / 2
        boxes.append(paste(ground, turned, (round(x), round(y)))[0])
    low, high = np.array(boxes)[:, :2].min(0), np.array(boxes)[:, 2:].max(0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _handle(piece: Image.Image, side: float, rng: np.random.Generator) -> Image.Image:
    """Turned, sized to a long side of ``side`` pixels, stretched a little, lit, seen from an angle."""
    scale = side / max(piece.size)
    stretch = math.exp(rng.uniform(-0.15, 0.15))
    size = (max(4, round(piece.width * scale * stretch)), max(4, round(piece.height * scale / stretch)))
    image = piece.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    angle = rng.normal(0, 12) if rng.random() < 0.8 else rng.uniform(-90, 90)
    image = image.rotate(angle, Image.Resampling.BILINEAR, expand=True)
    light = rng.uniform(0.55, 1.15) * np.array([1, 1, 1]) * rng.uniform(0.92, 1.08, 3)
    table = [min(255, round(v * gain)) for gain in light for v in range(256)]
    return image.point(table + list(range(256)))


def paste(ground: Image.Image, piece: Image.Image, at: tuple[int, int]) -> tuple[Box, np.ndarray]:
    """Put an RGBA piece on ``ground``, which is changed, its top left corner ``at`` (x, y).

    Returns:
        The corners of what shows of it inside the frame, and its outline as a bool (h, w).
    """
    ground.paste(piece, at, piece)
    layer = Image.new("L", ground.size)
    layer.paste(piece.getchannel("A"), at)
    outline = np.asarray(layer) > 127
    columns, rows = np.flatnonzero(outline.any(0)), np.flatnonzero(outline.any(1))
    if not len(columns):
        return (0.0, 0.0, 0.0, 0.0), outline
    return (float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)), outline
