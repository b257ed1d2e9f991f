"""Pictures as a system sees them: aligned, cut out at random for training, plain for measuring."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.stages.preprocess import decode_photo, resize_crop
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.alignment import affine_of, templates
from pocketshelf_training.samplers.views import rim_colour

__all__ = ["View", "Views", "mirrored", "random_crop"]

Box = tuple[float, float, float, float]
# Pixels uint8 (s, s, 3), landmarks as shares (l, 2), their visibility (l,), -1 unknown.
View = tuple[np.ndarray, np.ndarray, np.ndarray]


@lru_cache(maxsize=1)
def _frame(path: Path) -> np.ndarray:
    return decode_photo(path).pixels


@lru_cache(maxsize=100_000)
def _frame_size(path: Path) -> tuple[int, int]:
    """Width and height."""
    return _frame(path).shape[1], _frame(path).shape[0]


@lru_cache(maxsize=12_000)
def _piece(path: Path, matrix: bytes, side: int) -> np.ndarray:
    """Cut out once and kept small: 12,000 pieces of 240 x 240 are about 2 GB."""
    (a, b, c), (d, e, f) = np.frombuffer(matrix).reshape(2, 3)
    pixels = _frame(path)
    if b == d == 0:
        return resize_crop(pixels, (-c / a, -f / e, side / a, side / e), (side, side))
    # Pillow wants the way back, from the piece to the photo. Drawn twice as large, then halved: no aliasing.
    back = np.linalg.inv(np.array([[2 * a, 2 * b, 2 * c], [2 * d, 2 * e, 2 * f], [0, 0, 1]]))[:2]
    turned = Image.fromarray(pixels).transform(
        (2 * side, 2 * side),
        Image.Transform.AFFINE,
        tuple(back.ravel()),
        Image.Resampling.BILINEAR,
        fillcolor=rim_colour(pixels),
    )
    return np.asarray(turned.reduce(2))


def random_crop(box: Box, rng: np.random.Generator, smallest: float = 0.4) -> Box:
    """Part of ``box``: an area share of ``smallest`` to 1, a little stretched, anywhere in it."""
    x, y, w, h = box
    side = np.sqrt(rng.uniform(smallest, 1.0))
    stretch = np.exp(rng.uniform(-0.15, 0.15))
    cw, ch = min(w, w * side * stretch), min(h, h * side / stretch)
    return x + rng.uniform(0, w - cw), y + rng.uniform(0, h - ch), cw, ch


def mirrored(name: str) -> str:
    """The landmark that takes this one's place in a mirror: left and right change."""
    swap = {"left": "right", "right": "left"}
    return " ".join(swap.get(word, word) for word in name.split(" "))


class Views:
    """How pictures are brought into the frame.

    Args:
        alignment: one of `pocketshelf_training.samplers.alignment.ALIGNMENTS`.
        training: the samples whose shop pictures say where a category's landmarks lie.
    """

    def __init__(self, alignment: str = "box", training: list[Sample] | None = None) -> None:
        self.alignment = alignment
        self.templates = templates(training or [])

    def _aligned(self, sample: Sample, size: int) -> tuple[np.ndarray, np.ndarray]:
        """The piece, half as large again as the input, and the map (2, 3) from the photo to it."""
        side = round(size * 1.5)
        matrix = affine_of(sample, _frame_size(sample.image), side, self.alignment, self.templates)
        return _piece(sample.image, matrix.tobytes(), side), matrix

    def plain(self, sample: Sample, size: int) -> np.ndarray:
        """uint8 (size, size, 3), as a store would see it."""
        piece, _ = self._aligned(sample, size)
        return resize_crop(piece, (0.0, 0.0, float(len(piece)), float(len(piece))), (size, size))

    def random(self, sample: Sample, size: int, names: tuple[str, ...], rng: np.random.Generator) -> View:
        """A random cut-out, mirrored half of the time, with the landmarks ``names`` in it."""
        piece, matrix = self._aligned(sample, size)
        side = float(len(piece))
        crop = random_crop((0.0, 0.0, side, side), rng, 0.7 if sample.domain == "shop" else 0.4)
        flip = bool(rng.random() < 0.5)
        view = resize_crop(piece, crop, (size, size))
        return (view[:, ::-1] if flip else view), *_landmarks(sample, matrix, crop, flip, names)


def _landmarks(
    sample: Sample, matrix: np.ndarray, crop: Box, flip: bool, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Places as shares of ``crop`` (l, 2) and visibility (l,); one that the crop cut off is unknown."""
    places, visibility = np.zeros((len(names), 2), np.float32), np.full(len(names), -1)
    for index, name in enumerate(names):
        found = sample.landmarks.get(mirrored(name) if flip else name)
        if found is None:
            continue
        px, py = matrix @ np.array([found[0], found[1], 1.0])
        x, y = (px - crop[0]) / crop[2], (py - crop[1]) / crop[3]
        if 0 <= x <= 1 and 0 <= y <= 1:
            places[index] = (1 - x if flip else x, y)
            visibility[index] = int(found[2])
    return places, visibility
