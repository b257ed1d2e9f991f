"""What happens to a labelled picture between the disk and the network.

Pictures are Pillow images with boxes; geometry is one resampling, by the filter that the SDK uses.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

__all__ = ["Picture", "collage", "colour", "cover", "flip", "mosaic", "somewhere", "squash", "view", "whole"]

# A box cut by the frame is kept while this share of it shows and it has this many pixels on a side.
SHOWN, SMALLEST = 0.3, 3.0
# A box under something opaque is dropped when less than this share of it shows.
UNCOVERED = 0.35


@dataclass(frozen=True)
class Picture:
    """An RGB image with its boxes.

    Attributes:
        image: not to be changed in place: caches share it.
        boxes: float32 (n, 4), corners in pixels.
        groups: int64 (n,), indices into the detector's groups.
    """

    image: Image.Image
    boxes: np.ndarray
    groups: np.ndarray

    def with_box(self, image: Image.Image, boxes: list, group: int) -> Picture:
        """The picture after opaque things of ``group`` were put on it: what they cover goes."""
        seen = self if not len(boxes) else cover(self, np.asarray(boxes, np.float32))
        added = np.asarray(boxes, np.float32).reshape(-1, 4)
        return Picture(
            image,
            np.concatenate([seen.boxes, added]),
            np.concatenate([seen.groups, np.full(len(added), group, np.int64)]),
        )


def collage(canvas: Image.Image, parts: Sequence[Picture], corners: Iterable[tuple[int, int]]) -> Picture:
    """Parts pasted onto ``canvas``, which is changed, with their upper left ``corners`` there."""
    boxes = []
    for part, corner in zip(parts, corners, strict=True):
        canvas.paste(part.image, corner)
        boxes.append(part.boxes + np.array([*corner, *corner], np.float32))
    return Picture(canvas, np.concatenate(boxes), np.concatenate([part.groups for part in parts]))


def cover(picture: Picture, covers: np.ndarray) -> Picture:
    """Drop boxes that lie almost wholly under one of ``covers`` (corners)."""
    boxes = picture.boxes
    low = np.maximum(boxes[:, None, :2], covers[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], covers[None, :, 2:])
    hidden = np.clip(high - low, 0, None).prod(-1).max(1, initial=0)
    keep = hidden <= (1 - UNCOVERED) * (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    return replace(picture, boxes=boxes[keep], groups=picture.groups[keep])


def flip(picture: Picture) -> Picture:
    """Left to right."""
    boxes = picture.boxes.copy()
    boxes[:, [0, 2]] = picture.image.width - picture.boxes[:, [2, 0]]
    return replace(picture, image=picture.image.transpose(Image.Transpose.FLIP_LEFT_RIGHT), boxes=boxes)


def squash(picture: Picture, window: tuple[float, float, float, float], size: tuple[int, int]) -> Picture:
    """Resample ``window`` (corners, inside the image) to ``size`` (w, h); boxes are cut to it."""
    x0, y0, x1, y1 = window
    image = picture.image.resize(size, Image.Resampling.BILINEAR, box=window)
    scale = np.array([size[0] / (x1 - x0), size[1] / (y1 - y0)] * 2, np.float32)
    whole = (picture.boxes - np.array([x0, y0, x0, y0], np.float32)) * scale
    cut = whole.clip(0, np.array([*size, *size], np.float32))
    sides, full = cut[:, 2:] - cut[:, :2], whole[:, 2:] - whole[:, :2]
    keep = (sides.min(1, initial=np.inf) >= SMALLEST) & (sides.prod(1) >= SHOWN * full.prod(1))
    return Picture(image, cut[keep], picture.groups[keep])


def whole(picture: Picture, size: tuple[int, int]) -> Picture:
    """All of the picture, resampled to ``size`` (w, h)."""
    return squash(picture, (0, 0, *picture.image.size), size)


def view(picture: Picture, size: int, rng: np.random.Generator, strength: float = 1.0) -> Picture:
    """The frame, a part of it, or the frame seen from farther away, squashed to a square of ``size``.

    Args:
        strength: 0 always gives the frame.
    """
    kind = rng.random()
    if kind >= 0.8 * strength:
        return whole(picture, (size, size))
    if kind < 0.5 * strength:
        return squash(picture, _window(picture.image.size, rng, (0.55, 1.0)), (size, size))
    return _farther(picture, size, rng)


def _window(frame: tuple[int, int], rng: np.random.Generator, share: tuple[float, float]) -> tuple:
    """A random part of the frame whose sides are about ``share`` of the frame's."""
    scale = rng.uniform(*share)
    stretch = math.exp(rng.uniform(-0.2, 0.2))
    width = frame[0] * min(1.0, scale * stretch)
    height = frame[1] * min(1.0, scale / stretch)
    x, y = rng.uniform(0, frame[0] - width), rng.uniform(0, frame[1] - height)
    return x, y, x + width, y + height


def _farther(picture: Picture, size: int, rng: np.random.Generator) -> Picture:
    """The whole picture, smaller, somewhere on a plain canvas of its mean colour or of a grey."""
    share = rng.uniform(0.6, 1.0)
    stretch = math.exp(rng.uniform(-0.15, 0.15))
    inner = (round(size * min(1.0, share * stretch)), round(size * min(1.0, share / stretch)))
    small = whole(picture, inner)
    grey = (int(rng.integers(40, 220)),) * 3
    colour_ = small.image.resize((1, 1)).getpixel((0, 0)) if rng.random() < 0.5 else grey
    canvas = Image.new("RGB", (size, size), colour_)
    return somewhere(canvas, small, rng)


def somewhere(canvas: Image.Image, small: Picture, rng: np.random.Generator) -> Picture:
    """``small`` at a random place of ``canvas``, which is changed, wholly inside."""
    spare = (canvas.width - small.image.width, canvas.height - small.image.height)
    return collage(
        canvas, [small], [(int(rng.integers(0, spare[0] + 1)), int(rng.integers(0, spare[1] + 1)))]
    )


def mosaic(pictures: list[Picture], size: int, rng: np.random.Generator) -> Picture:
    """Four pictures in the quarters of one, around a random centre (YOLOv4, Bochkovskiy et al., 2020)."""
    x, y = (int(v) for v in rng.uniform(0.35, 0.65, 2) * size)
    canvas = Image.new("RGB", (size, size))
    cells = ((0, 0, x, y), (x, 0, size, y), (0, y, x, size), (x, y, size, size))
    parts = [
        squash(picture, _window(picture.image.size, rng, (0.5, 1.0)), (x1 - x0, y1 - y0))
        for picture, (x0, y0, x1, y1) in zip(pictures, cells, strict=True)
    ]
    return collage(canvas, parts, [cell[:2] for cell in cells])


def colour(image: Image.Image, rng: np.random.Generator, strength: float = 1.0) -> Image.Image:
    """Light, contrast, colour cast, saturation; now and then out of focus."""
    gains = rng.uniform(1 - 0.3 * strength, 1 + 0.2 * strength) * rng.uniform(0.93, 1.07, 3)
    gamma = math.exp(rng.uniform(-0.3, 0.3) * strength)
    ramp = (np.arange(256) / 255.0) ** gamma
    contrast = rng.uniform(1 - 0.25 * strength, 1 + 0.25 * strength)
    table = ((ramp - 0.45) * contrast + 0.45)[None] * gains[:, None] * 255
    image = image.point(table.clip(0, 255).round().astype(int).ravel().tolist())
    if rng.random() < 0.5:
        image = ImageEnhance.Color(image).enhance(rng.uniform(1 - 0.6 * strength, 1 + 0.4 * strength))
    if rng.random() < 0.1 * strength:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.4, 1.5)))
    return image
