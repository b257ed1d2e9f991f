"""One garment as shops show it: large, alone, on white or a light wall; cut out of photos (synthetic)."""

from __future__ import annotations

import numpy as np
from PIL import Image

from pocketshelf_training.data import goods
from pocketshelf_training.samplers.pictures import Picture

__all__ = ["alone", "light_ground"]

# A garment of which fewer pixels than these are seen is none.
FEWEST = 30
# Enlarged more than so many times, a ring is nothing but blur.
LARGEST = 4.0


def alone(
    piece: Image.Image | None, group: int, ground: Image.Image, share: float, at: np.ndarray
) -> Picture:
    """A cut-out put on ``ground``, which is changed; without boxes where there is nothing to put.

    Args:
        piece: RGBA.
        share: how much of the ground's width or height it takes, if it need not be enlarged too much.
        at: where it is between the left and the right, the upper and the lower rim, 0 to 1 each.
    """
    empty = Picture(ground, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))
    if piece is None:
        return empty
    scale = min(share * min(ground.width / piece.width, ground.height / piece.height), LARGEST)
    size = max(4, round(piece.width * scale)), max(4, round(piece.height * scale))
    x, y = at * (np.array(ground.size) - np.array(size))
    box, outline = goods.paste(ground, piece.resize(size, Image.Resampling.BICUBIC), (round(x), round(y)))
    return empty if outline.sum() < FEWEST else empty.with_box(ground, [box], group)


def light_ground(size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """White or nearly, or a gradient between two light colours."""
    if rng.random() < 0.7:
        return Image.new("RGB", size, (int(rng.integers(225, 256)),) * 3)
    ends = (rng.integers(190, 256, (2, 2, 1)) * rng.uniform(0.93, 1.0, 3)).astype(np.uint8)
    return Image.fromarray(ends).resize(size, Image.Resampling.BICUBIC)
