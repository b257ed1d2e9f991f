"""Flat covers of shapes and words, and photos of them in perspective: all drawn, none of a data set."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

__all__ = ["COVERS", "GROUNDS", "cover", "photographed", "read_picture", "write_picture"]

COVERS, SIZE = 12, (300, 400)
WORDS = (
    "Harbour", "Lantern", "Seven", "Orchard", "Winter", "Copper", "Voyage", "Meadow", "Silent", "River",
    "Garden", "Falcon", "Midnight", "Paper", "Castle", "Amber", "Storm", "Violin", "Desert", "Echo",
)  # fmt: skip
# Colours of what lies behind the prints.
GROUNDS = ((176, 150, 118), (92, 101, 112), (201, 205, 196))
Corners = Sequence[tuple[float, float]]


def cover(number: int) -> Image.Image:
    """One of `COVERS` and of any more: shapes, lines, and words of several sizes."""
    chance = random.Random(3100 + number)
    picture = Image.new("RGB", SIZE, colour(chance))
    draw = ImageDraw.Draw(picture)
    for _ in range(26):
        x, y = chance.randrange(-20, 270), chance.randrange(-20, 370)
        w, h = chance.randrange(12, 110), chance.randrange(12, 110)
        kind, fill = chance.randrange(3), colour(chance)
        if kind == 0:
            draw.rectangle([x, y, x + w, y + h], fill=fill)
        elif kind == 1:
            draw.ellipse([x, y, x + w, y + h], fill=fill)
        else:
            draw.polygon(
                [(x, y), (x + w, y + chance.randrange(h)), (x + chance.randrange(w), y + h)], fill=fill
            )
    for _ in range(9):
        size, word = chance.choice([14, 18, 24, 34, 52]), chance.choice(WORDS)
        place = chance.randrange(4, 170), chance.randrange(4, 350)
        draw.text(place, word, fill=colour(chance), font=ImageFont.load_default(size))
    return picture


def colour(chance: random.Random) -> tuple[int, int, int]:
    """Any."""
    return chance.randrange(256), chance.randrange(256), chance.randrange(256)


def photographed(
    size: tuple[int, int], ground: tuple[int, int, int], laid: Sequence[tuple[Image.Image, Corners]]
) -> np.ndarray:
    """uint8 (h, w, 3): prints, each with its corners at given places, clockwise from its upper left."""
    scene = Image.new("RGB", size, ground)
    draw = ImageDraw.Draw(scene)
    # A table's edge, and its leg: what is no print has corners, too.
    draw.rectangle([0, round(0.93 * size[1]), size[0], size[1]], fill=tuple(level // 2 for level in ground))
    draw.rectangle([round(0.96 * size[0]), 0, size[0], round(0.4 * size[1])], fill=(40, 30, 20))
    for picture, corners in laid:
        w, h = picture.size
        back = homography(corners, [(0, 0), (w, 0), (w, h), (0, h)])
        warp = (size, Image.Transform.PERSPECTIVE, back, Image.Resampling.BICUBIC)
        mask = Image.new("L", picture.size, 255).transform(*warp)
        scene.paste(picture.transform(*warp), (0, 0), mask)
    return np.asarray(scene)


def homography(source: Corners, target: Corners) -> tuple[float, ...]:
    """The first eight numbers of the one that maps four points to four points."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return tuple(np.linalg.solve(np.array(rows, float), np.array(right, float)).tolist())


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """As gzipped binary PPM."""
    height, width = pixels.shape[:2]
    path.parent.mkdir(exist_ok=True)
    plain = f"P6\n{width} {height}\n255\n".encode() + pixels.tobytes()
    path.write_bytes(gzip.compress(plain, 9, mtime=0))


def read_picture(path: Path) -> np.ndarray:
    """uint8 (h, w, 3): what `write_picture` wrote."""
    magic, sizes, most, pixels = gzip.decompress(path.read_bytes()).split(b"\n", 3)
    assert (magic, most) == (b"P6", b"255")
    width, height = map(int, sizes.split())
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)
