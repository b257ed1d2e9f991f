"""A transparent sheet in body units, on which pieces of cloth are laid one over another."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf_training.studio.drawing.outline import Patch, Points, curve, polygon_patch, stroke_patch

__all__ = ["Canvas", "folds"]

_LIGHT = np.array([-0.5, -0.6], dtype=np.float32)  # From the upper left, as in most shop pictures.


class Canvas:
    """Premultiplied float32 RGBA over a window of the body's plane.

    Attributes:
        unit: pixels in a body unit.
        origin: body coordinates (x, y) of the upper left corner.
        size: (width, height) in pixels.
        rgba: (h, w, 4), premultiplied, in [0, 1].
    """

    def __init__(self, window: tuple[float, float, float, float], unit: float) -> None:
        """``window`` is (left, top, right, bottom) in body units."""
        left, top, right, bottom = window
        self.unit = unit
        self.origin = np.array([left, top])
        self.size = (max(1, round((right - left) * unit)), max(1, round((bottom - top) * unit)))
        self.rgba = np.zeros((self.size[1], self.size[0], 4), dtype=np.float32)

    def area(self, points: Points) -> Patch:
        """What the closed outline through ``points`` covers."""
        return polygon_patch(self.pixels(curve(points)), self.size)

    def stroke(self, points: Points, width: float) -> Patch:
        """What a line through ``points``, ``width`` in body units, covers; one point makes a disc."""
        line = curve(points, closed=False) if len(points) > 1 else np.array([points[0][:2]] * 2)
        return stroke_patch(self.pixels(line), width * self.unit, self.size)

    def pixels(self, points: np.ndarray) -> np.ndarray:
        """Body coordinates (n, 2) in pixels of this canvas."""
        return (points - self.origin) * self.unit

    def lay(self, patch: Patch, colour: np.ndarray) -> None:
        """Put ``colour``, (3,) or of the patch's shape, over what is there, as far as it is covered."""
        below, cover = self.rgba[patch.at], patch.cover[..., None]
        below *= 1 - cover
        below[..., :3] += cover * np.clip(colour, 0, 1)
        below[..., 3:] += cover

    def relief(self, patch: Patch, depth: float = 1.0) -> np.ndarray:
        """Brightness (h, w, 1) of a soft, rounded piece of cloth of this shape, lit from one side."""
        if min(patch.cover.shape) < 2:
            return np.ones((*patch.cover.shape, 1), dtype=np.float32)
        radius = 0.05 * self.unit
        height = _blur(patch.cover, radius)
        slope_y, slope_x = np.gradient(height)
        lit = (slope_x * -_LIGHT[0] + slope_y * -_LIGHT[1]) * radius
        rim = np.clip(height, 0.3, 1)
        return (1 + depth * (0.28 * (rim - 1) - 0.5 * lit))[..., None]

    def image(self) -> Image.Image:
        """As a straight-alpha RGBA image."""
        alpha = np.clip(self.rgba[..., 3:], 1e-6, 1)
        straight = np.concatenate([self.rgba[..., :3] / alpha, self.rgba[..., 3:]], axis=2)
        return Image.fromarray((np.clip(straight, 0, 1) * 255 + 0.5).astype(np.uint8), "RGBA")


def folds(size: tuple[int, int], unit: float, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Brightness (h, w, 1) of soft folds, longer than wide, about 1."""
    width, height = size
    cells = (max(2, round(width / unit * 4.5)), max(2, round(height / unit * 1.8)))
    coarse = Image.fromarray(rng.normal(0, 1, (cells[1], cells[0])).astype(np.float32))
    field = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC))
    return (1 + strength * field)[..., None]


def _blur(mask: np.ndarray, radius: float) -> np.ndarray:
    image = Image.fromarray((mask * 255).astype(np.uint8))
    return np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / 255
