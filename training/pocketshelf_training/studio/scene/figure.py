"""The parts of a simple figure: head, neck, trunk, legs, feet."""

from __future__ import annotations

import numpy as np

from pocketshelf_training.studio.drawing.canvas import Canvas
from pocketshelf_training.studio.drawing.outline import Points, path, sides
from pocketshelf_training.studio.drawing.palette import SKIN, rgb

__all__ = ["FOOT", "LEG", "NECK", "TRUNK", "hair_behind", "head", "limb", "person"]

_HAIR: tuple[tuple[int, int, int], ...] = (
    (40, 28, 24),
    (92, 58, 34),
    (168, 122, 66),
    (58, 58, 62),
    (140, 60, 34),
)
NECK = path("0,-0.3 0.1,-0.28 0.11,-0.06~ 0.2,0.02 0,0.2")
_HEAD = path("0,-0.72~ 0.2,-0.62~ 0.215,-0.42~ 0.13,-0.2~ 0,-0.14~")
_HAIR_CAP = path("0,-0.79~ 0.22,-0.7~ 0.26,-0.4~ 0.2,-0.34 0.17,-0.56~ 0,-0.6~")
_LONG_HAIR = path("0,-0.79~ 0.26,-0.68~ 0.3,-0.2~ 0.28,0.1~ 0,0.12~")
TRUNK = path("0.1,0 0.36,0.04~ 0.47,0.12~ 0.4,0.5~ 0.34,0.95~ 0.42,1.4~ 0.4,1.7 0,1.7")
LEG = path("0.03,1.5 0.41,1.5~ 0.36,2.2~ 0.3,3.02 0.17,3.02 0.12,2.2~")
FOOT = path("0.15,2.98 0.31,2.98~ 0.4,3.16~ 0.34,3.22~ 0.16,3.2~")


def person(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The colours of someone's skin and hair."""
    return rgb(SKIN[int(rng.integers(len(SKIN)))]), rgb(_HAIR[int(rng.integers(len(_HAIR)))])


def hair_behind(canvas: Canvas, hair: np.ndarray, rng: np.random.Generator) -> None:
    """Long hair, for half of the people; to be laid first."""
    if rng.random() < 0.5:
        limb(canvas, _LONG_HAIR, hair * 0.9)


def head(canvas: Canvas, skin: np.ndarray, hair: np.ndarray) -> None:
    """Head, face and hair, without the neck."""
    limb(canvas, _HEAD, skin)
    for x in (-0.085, 0.085):
        canvas.lay(canvas.stroke(((x, -0.43),), 0.035), rgb("black"))
    canvas.lay(canvas.stroke(path("-0.06,-0.27 0,-0.25~ 0.06,-0.27"), 0.02), skin * 0.6)
    limb(canvas, _HAIR_CAP, hair)


def limb(canvas: Canvas, half: Points, colour: np.ndarray, pair: bool = False) -> None:
    """A rounded part of the body; ``half`` is its right side, or (``pair``) the right one of two."""
    for points in sides(half, "pair" if pair else "join"):
        patch = canvas.area(points)
        canvas.lay(patch, colour * canvas.relief(patch))
