"""Named colours of cloth, skin and walls: sRGB, 0 to 255."""

from __future__ import annotations

import numpy as np

__all__ = ["CLOTH", "NEUTRALS", "SKIN", "WALLS", "rgb"]

Colour = tuple[int, int, int]

CLOTH: dict[str, Colour] = {
    "white": (242, 240, 235),
    "black": (38, 38, 42),
    "grey": (142, 146, 150),
    "navy": (36, 52, 92),
    "blue": (52, 108, 190),
    "sky": (142, 190, 226),
    "teal": (22, 128, 128),
    "green": (62, 128, 76),
    "olive": (112, 116, 66),
    "yellow": (240, 196, 62),
    "orange": (230, 124, 48),
    "red": (198, 46, 50),
    "burgundy": (112, 30, 50),
    "pink": (236, 152, 174),
    "purple": (112, 74, 148),
    "beige": (214, 194, 162),
    "brown": (114, 76, 50),
}
NEUTRALS = ("white", "black", "grey", "navy", "beige", "olive")
SKIN: tuple[Colour, ...] = ((246, 214, 190), (226, 178, 146), (186, 132, 98), (132, 88, 62), (88, 58, 42))
WALLS: tuple[Colour, ...] = (
    (214, 206, 192),
    (178, 192, 198),
    (196, 178, 160),
    (152, 166, 150),
    (224, 222, 216),
    (126, 134, 146),
)


def rgb(colour: Colour | str) -> np.ndarray:
    """The colour, by name or value, as float32 (3,) in [0, 1]."""
    value = CLOTH[colour] if isinstance(colour, str) else colour
    return np.array(value, dtype=np.float32) / 255
