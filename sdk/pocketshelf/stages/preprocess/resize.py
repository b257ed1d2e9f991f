"""Crop and resize: the one definition that training, export, the SDK and the phones' demos share.

The filter is Pillow's antialiased bilinear one (a triangle whose support grows with the reduction),
evaluated on a sub-pixel box. Samples are rounded between its two passes, so that their order is part of it:
across first, but down first in a tall picture (see ``contract/golden/README.md``). Normalisation is not
here: it is inside the exported graph, which takes uint8 RGB.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.types import Box

__all__ = [
    "Picture",
    "as_image",
    "crop_box",
    "cropped",
    "network_input",
    "picture_size",
    "resize_crop",
    "thumbnail",
]

# Pixels, uint8 (h, w, 3), or the RGB image that holds them: from one to the other is a copy.
Picture = np.ndarray | Image.Image


def network_input(pixels: Picture, preprocessing: Preprocessing, box: Box | None = None) -> np.ndarray:
    """What a network is given for ``box`` (x, y, w, h; the frame if None) of ``pixels``.

    Args:
        pixels: uint8 (h, w, 3), or an RGB image.
        box: in pixels of ``pixels``; may reach beyond the frame, where it is cut.

    Returns:
        uint8, shape (preprocessing.size[0], preprocessing.size[1], 3).
    """
    return resize_crop(pixels, cropped(box, picture_size(pixels), preprocessing), preprocessing.size)


def cropped(box: Box | None, frame: tuple[int, int], preprocessing: Preprocessing) -> Box:
    """What is cropped for ``box`` of a frame (w, h), or for all of it: (x, y, w, h)."""
    if box is None:
        return 0.0, 0.0, float(frame[0]), float(frame[1])
    return crop_box(box, frame, preprocessing.margin, preprocessing.max_aspect)


def crop_box(box: Box, frame: tuple[int, int], margin: float, max_aspect: float) -> Box:
    """Widen ``box`` by ``margin`` and towards ``max_aspect``, then cut it to ``frame`` (w, h).

    Returns:
        (x, y, w, h) inside the frame, at least one pixel wide and high.
    """
    x, y, w, h = box
    cx, cy = x + w / 2, y + h / 2
    w, h = max(w, 1.0) * (1 + 2 * margin), max(h, 1.0) * (1 + 2 * margin)
    w, h = max(w, h / max_aspect), max(h, w / max_aspect)
    left, right = _slide(cx - w / 2, cx + w / 2, frame[0])
    top, bottom = _slide(cy - h / 2, cy + h / 2, frame[1])
    return left, top, right - left, bottom - top


def _slide(low: float, high: float, limit: int) -> tuple[float, float]:
    """Move an interval into [0, limit], cutting only what is longer than it."""
    if high - low >= limit:
        return 0.0, float(limit)
    if low < 0:
        low, high = 0.0, high - low
    elif high > limit:
        low, high = low - (high - limit), float(limit)
    if high - low < 1:
        low = min(max(low, 0.0), limit - 1.0)
        high = low + 1
    return low, high


def resize_crop(pixels: Picture, box: Box, size: tuple[int, int]) -> np.ndarray:
    """Resample ``box`` (x, y, w, h, inside the frame) of uint8 ``pixels`` to ``size`` (h, w)."""
    x, y, w, h = box
    width, height = picture_size(pixels)
    corners = (max(x, 0.0), max(y, 0.0), min(x + w, float(width)), min(y + h, float(height)))
    image = as_image(pixels)
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BILINEAR, box=corners))


def thumbnail(pixels: Picture, side: int) -> Image.Image:
    """``pixels`` with a longer side of ``side``, for what is measured, not embedded.

    Whole factors are averaged first, which takes half the time of the networks' filter.
    """
    width, height = picture_size(pixels)
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return as_image(pixels)
    return as_image(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=1.0)


def picture_size(pixels: Picture) -> tuple[int, int]:
    """(width, height)."""
    if isinstance(pixels, Image.Image):
        return pixels.size
    height, width = pixels.shape[:2]
    return width, height


def as_image(pixels: Picture) -> Image.Image:
    """The image of these pixels."""
    return pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
