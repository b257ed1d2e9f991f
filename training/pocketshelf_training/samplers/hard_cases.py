"""Street photos made harder than they came: two people, a close crop, somebody far away.

Street-style photos show one person, whole and large. A phone in a street meets two at once, half a person,
and shoes of a few pixels. Each case is made from real photos and their boxes by nothing but cutting,
shrinking and putting side by side; figures on them are to be called synthetic.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf_training.samplers.pictures import Picture, collage, somewhere, squash, whole

__all__ = ["HARD_CASES", "close_up", "from_afar", "harder", "two_people"]

# Part of the frame's sides that a close crop keeps at least: less would be all blur.
CLOSEST = 0.3


def two_people(first: Picture, second: Picture, rng: np.random.Generator) -> Picture:
    """The people of two photos side by side, of about one height, in random order."""
    parts = [_around_person(picture, rng) for picture in (first, second)]
    if rng.random() < 0.5:
        parts.reverse()
    height = max(part.image.height for part in parts)
    heights = [height, round(height * rng.uniform(0.75, 1.0))]
    resized = [_resized(part, h / part.image.height) for part, h in zip(parts, heights, strict=True)]
    canvas = Image.new("RGB", (sum(part.image.width for part in resized), height))
    canvas.paste(_blurred(resized[1].image, (resized[1].image.width, height)), (resized[0].image.width, 0))
    lefts = (0, resized[0].image.width)
    corners = [(left, height - part.image.height) for left, part in zip(lefts, resized, strict=True)]
    return collage(canvas, resized, corners)


def close_up(picture: Picture, other: Picture, rng: np.random.Generator) -> Picture:
    """A part of the photo around one of its boxes; the others are cut by the frame."""
    width, height = picture.image.size
    if not len(picture.boxes):
        return picture
    x0, y0, x1, y1 = picture.boxes[rng.integers(len(picture.boxes))]
    w = min(width, max(rng.uniform(1.1, 2.2) * (x1 - x0), CLOSEST * width))
    h = min(height, max(rng.uniform(1.1, 2.2) * (y1 - y0), CLOSEST * height))
    x = np.clip((x0 + x1 - w) / 2 + rng.uniform(-0.25, 0.25) * w, 0, width - w)
    y = np.clip((y0 + y1 - h) / 2 + rng.uniform(-0.25, 0.25) * h, 0, height - h)
    return squash(picture, (float(x), float(y), float(x + w), float(y + h)), (round(w), round(h)))


def from_afar(picture: Picture, other: Picture, rng: np.random.Generator) -> Picture:
    """The whole photo at a third to a half of its size, on its own blurred enlargement."""
    small = _resized(picture, rng.uniform(0.33, 0.55))
    return somewhere(_blurred(picture.image, picture.image.size), small, rng)


HARD_CASES: dict[str, Callable[[Picture, Picture, np.random.Generator], Picture]] = {
    "two people": two_people,
    "close crop": close_up,
    "from afar": from_afar,
}


def harder(picture: Picture, other: Picture, size: int, rng: np.random.Generator) -> Picture:
    """One of the cases, squashed to a square of ``size``."""
    made = list(HARD_CASES.values())[int(rng.integers(len(HARD_CASES)))](picture, other, rng)
    return whole(made, (size, size))


def _around_person(picture: Picture, rng: np.random.Generator) -> Picture:
    """The part of the photo that holds all its boxes, with some room."""
    width, height = picture.image.size
    if not len(picture.boxes):
        return picture
    low, high = picture.boxes[:, :2].min(0), picture.boxes[:, 2:].max(0)
    room = rng.uniform(0.05, 0.25, 4) * np.tile(high - low, 2)
    x0, y0 = np.maximum(low - room[:2], 0)
    x1, y1 = np.minimum(high + room[2:], (width, height))
    window = (float(x0), float(y0), float(x1), float(y1))
    return squash(picture, window, (max(1, round(x1 - x0)), max(1, round(y1 - y0))))


def _resized(picture: Picture, scale: float) -> Picture:
    return whole(
        picture, (max(1, round(picture.image.width * scale)), max(1, round(picture.image.height * scale)))
    )


def _blurred(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return image.resize(size).filter(ImageFilter.GaussianBlur(0.04 * max(size)))
