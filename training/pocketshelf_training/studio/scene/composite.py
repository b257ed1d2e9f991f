"""Pictures of a cut-out thing: on white, as a shop shows it, and pasted into real places, lit anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from pocketshelf_training.studio.drawing.warp import Warp, draw_warp
from pocketshelf_training.studio.scene.compose import (
    FRAMES,
    LONGEST,
    MARGIN,
    Shot,
    compose,
    on_white,
    retaken,
)
from pocketshelf_training.studio.scene.cutouts import Source, cut
from pocketshelf_training.studio.scene.grounds import Grounds
from pocketshelf_training.studio.scene.stage import Layer, Piece

__all__ = ["Pool", "pasted", "shop_shot"]

_OTHERS = 0.35

Rng = np.random.Generator


@dataclass(frozen=True)
class Pool:
    """The sources of a collection of composites, and its seed."""

    sources: tuple[Source, ...]
    seed: int

    def other(self, number: int, rng: Rng) -> int | None:
        """Another source of the same split that can be cut; None where a few tries find none."""
        split = self.sources[number].split
        others = (int(rng.integers(len(self.sources))) for _ in range(12))
        alike = (n for n in others if n != number and self.sources[n].split == split)
        return next((n for n in alike if cut(self.sources[n]) is not None), None)


def shop_shot(pool: Pool, number: int) -> Shot:
    """The thing as it was, on white, square."""
    return on_white(_layer(pool, number, LONGEST * (1 - 2 * MARGIN), None))


def pasted(pool: Pool, number: int, photo: int, grounds: Grounds) -> Shot:
    """Photo ``photo`` of the thing; one that hardly shows it is taken again."""
    return retaken(partial(_photo, pool, number, grounds), number, (pool.seed, number, 3, photo))[0]


def _photo(pool: Pool, number: int, grounds: Grounds, rng: Rng) -> Shot:
    frame = FRAMES[int(rng.integers(len(FRAMES)))]
    ground, layers = grounds.draw(frame, rng), []
    if rng.random() < _OTHERS and (other := pool.other(number, rng)) is not None:
        layers.append(_placed(pool, other, frame, (0.25, 0.5), 0.35, rng))
    layers.append(_placed(pool, number, frame, (0.45, 0.95), 0.06, rng))
    return compose(ground, layers, rng, number, "pasted")


def _placed(
    pool: Pool, number: int, frame: tuple[int, int], share: tuple[float, float], off: float, rng: Rng
) -> tuple[Layer, Warp]:
    layer = _layer(pool, number, float(rng.uniform(*share)) * min(frame) * 1.1, rng)
    place = 0.5 + rng.uniform(-off, off, 2)
    turn = 0.16 if rng.random() < 0.85 else 0.9
    return layer, draw_warp(layer.image.size, frame, place, rng, turn, bend=0.022)


def _layer(pool: Pool, number: int, side: float, rng: Rng | None) -> Layer:
    """The cut-out with a long side of ``side`` pixels; with ``rng`` stretched and lit anew."""
    image = cut(pool.sources[number])
    assert image is not None
    stretch = float(np.exp(rng.uniform(-0.1, 0.1))) if rng else 1.0
    scale = side / max(image.width * stretch, image.height / stretch)
    size = (max(4, round(image.width * scale * stretch)), max(4, round(image.height * scale / stretch)))
    image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    if rng:
        light = rng.uniform(0.65, 1.2) * rng.uniform(0.93, 1.07, 3)
        image = image.point([min(255, round(v * gain)) for gain in (*light, 1.0) for v in range(256)])
    cover = np.asarray(image.getchannel("A"), np.float32) / 255
    return Layer(image, [Piece(number, cover.copy(), cover.copy(), {})])
