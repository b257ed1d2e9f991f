"""Drawn prints with plenty of corners, and drawn photos of them."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.stages.preprocess import Photo

__all__ = ["SIZE", "cover", "photographed", "write_covers"]

# Of a photo, (width, height).
SIZE = (640, 480)


def cover(seed: int) -> Image.Image:
    """A print with plenty of corners: patches of many sizes and greys."""
    rng = np.random.default_rng(seed)
    picture = np.full((400, 300, 3), 128, np.uint8)
    for _ in range(160):
        x, y = rng.integers(0, 280), rng.integers(0, 380)
        w, h = rng.integers(6, 60, 2)
        picture[y : y + h, x : x + w] = rng.integers(0, 256, 3)
    return Image.fromarray(picture)


def photographed(picture: Image.Image, angle: float = 8, mirrored: bool = False) -> Photo:
    """On a grey ground, smaller and turned."""
    scene = Image.new("RGB", SIZE, (90, 90, 90))
    if mirrored:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    small = picture.resize((240, 320)).rotate(angle, expand=True, fillcolor=(90, 90, 90))
    scene.paste(small, (180, 40))
    return Photo(np.asarray(scene), *SIZE)


def write_covers(path: Path, seeds: Iterable[int], titles: str = "Cover") -> Path:
    """A catalogue of covers at ``path``, its pictures beside it, and of one plain thing; returns ``path``."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["product_id", "title", "category", "image"])
        for seed in seeds:
            cover(seed).save(path.parent / f"{seed}.png")
            # Ids whose order as text and as numbers differ.
            writer.writerow([f"{10 * seed}", f"{titles} {seed}", "Other things", f"{seed}.png"])
        cover(0).resize((1, 1)).resize((300, 300)).save(path.parent / "plain.png")
        writer.writerow(["plain", "A plain thing", "Other things", "plain.png"])
    return path
