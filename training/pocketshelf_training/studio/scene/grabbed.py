"""Garments cut from their owners' photos by GrabCut (Rother, Kolmogorov and Blake, SIGGRAPH 2004)."""

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy import ndimage

__all__ = ["grabbed"]

# Worked on small: an outline of so many pixels is enough to dress somebody.
_SIDE, _ROUNDS = 128, 3
# The border is ground, an ellipse in the middle is likely the garment; a small one in it surely.
_BORDER, _LIKELY, _SURELY = 0.03, 0.42, 0.1
# Share of the frame, how much of what was found is one piece, how much of its box it fills, and how much of
# the frame's border it may touch.
_AREA, _ONE_PIECE, _FILLS, _TOUCHES = (0.1, 0.75), 0.88, 0.35, 0.15
_SMALLEST = 32


def grabbed(pixels: np.ndarray, surely: bool = True) -> Image.Image | None:
    """The thing in the middle as RGBA, cropped to its outline; None where none stands out.

    Args:
        pixels: uint8 (h, w, 3).
        surely: the very middle is the thing; not so between trouser legs.
    """
    import cv2

    height, width = pixels.shape[:2]
    scale = min(1.0, _SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)[..., ::-1].copy()
    marks = _marks(small.shape[0], small.shape[1], surely)
    cv2.setRNGSeed(0)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    try:
        cv2.grabCut(small, marks, (0, 0, 1, 1), background, foreground, _ROUNDS, cv2.GC_INIT_WITH_MASK)
    except cv2.error:  # One colour all over.
        return None
    found = ndimage.binary_opening(np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)), iterations=1)
    labels, count = ndimage.label(found)
    if not count:
        return None
    thing = labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))
    if not _clear(thing, found):
        return None
    alpha = cv2.resize(thing.astype(np.uint8) * 255, (width, height), interpolation=cv2.INTER_LINEAR)
    box = Image.fromarray(alpha > 127).getbbox()
    if box is None or min(box[2] - box[0], box[3] - box[1]) < _SMALLEST:
        return None
    image = Image.fromarray(pixels).convert("RGBA")
    image.putalpha(Image.fromarray(alpha))
    return image.crop(box)


def _marks(height: int, width: int, surely: bool) -> np.ndarray:
    """What GrabCut begins with, uint8 (h, w): 0 ground, 1 thing, 2 likely ground, 3 likely thing."""
    y, x = np.mgrid[0:height, 0:width]
    far = np.hypot((y - height / 2) / height, (x - width / 2) / width)
    marks = np.where(far < _LIKELY, 3, 2).astype(np.uint8)
    if surely:
        marks[far < _SURELY] = 1
    border = max(1, round(_BORDER * max(height, width)))
    marks[:border] = marks[-border:] = 0
    marks[:, :border] = marks[:, -border:] = 0
    return marks


def _clear(thing: np.ndarray, found: np.ndarray) -> bool:
    """Whether what was found is a thing as garments are, and one."""
    rows, columns = np.flatnonzero(thing.any(1)), np.flatnonzero(thing.any(0))
    box = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    margin = max(2, round(2 * _BORDER * max(thing.shape)))
    border = np.ones_like(thing)
    border[margin:-margin, margin:-margin] = False
    return bool(
        thing.sum() >= _ONE_PIECE * found.sum()
        and _AREA[0] <= thing.mean() <= _AREA[1]
        and thing.sum() >= _FILLS * box
        and thing[border].mean() <= _TOUCHES
    )
