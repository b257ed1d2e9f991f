"""The five drawn products of this folder's tests."""

import numpy as np
from PIL import Image

COLOURS = ((200, 20, 20), (20, 180, 30), (20, 30, 200), (180, 180, 20), (20, 170, 170))
KINDS = ("Red things", "Green things", "Blue things", "Red things", "Green things")


def draw(colour: tuple[int, int, int], shift: int, ground: int = 255) -> Image.Image:
    pixels = np.full((64, 64, 3), ground, np.uint8)
    pixels[8 + shift : 48 + shift, 12:52] = colour
    return Image.fromarray(pixels)
