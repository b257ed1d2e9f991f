"""Backgrounds: parts of real photos where no garment is, or drawn ones.

Of a street photo only the strips beside the person are taken (its mask says where), of a grocery photo
any part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.data import grocery, street
from pocketshelf_training.studio.scene.backdrop import backdrop

__all__ = ["Grounds", "real_grounds"]

Size = tuple[int, int]

_REAL = 0.75
_NARROWEST = 64  # pixels of a strip beside a person


@dataclass(frozen=True)
class Grounds:
    """What one split's pictures may stand before.

    Attributes:
        photos: real ones without a mask; any part of them serves.
        masked: (photo, mask) of real ones with a person.
    """

    photos: tuple[Path, ...] = ()
    masked: tuple[tuple[Path, Path], ...] = ()

    def draw(self, size: Size, rng: np.random.Generator) -> tuple[Image.Image, bool]:
        """RGB of ``size`` (width, height), and whether it is from a real photo."""
        if (self.photos or self.masked) and rng.random() < _REAL:
            for _ in range(4):
                found = self._real(size, rng)
                if found is not None:
                    return _as_ground(found, size, rng), True
        return backdrop(size, rng), False

    def _real(self, size: Size, rng: np.random.Generator) -> Image.Image | None:
        number = int(rng.integers(len(self.photos) + len(self.masked)))
        if number < len(self.photos):
            return _part(_read(self.photos[number]), size, float(rng.uniform(0.5, 1)), rng)
        photo, mask = self.masked[number - len(self.photos)]
        strip = _strip(photo, mask)
        return None if strip is None else _part(strip, size, float(rng.uniform(0.7, 1)), rng)


def real_grounds(root: str | Path | None) -> dict[str, Grounds]:
    """By split: training sees photos of split train only; val and test share the street photos of val."""
    shelves = tuple(s.image for s in grocery.load(root) if s.split == "train" and s.domain == "street")
    masked = {
        split: tuple((photo.image, photo.mask) for photo in street.load_photos(split, root))
        for split in ("train", "val")
    }
    held_out = Grounds((), masked["val"])
    return {"train": Grounds(shelves, masked["train"]), "val": held_out, "test": held_out}


@lru_cache(maxsize=256)
def _read(path: Path) -> Image.Image:
    return Image.fromarray(decode_photo(path, WHOLE).pixels)


@lru_cache(maxsize=256)
def _strip(photo: Path, mask: Path) -> Image.Image | None:
    """The wider of the two strips without a labelled pixel, or None where both are narrow."""
    labelled = Image.open(mask, formats=("PNG",))
    width = labelled.width
    left, _, right, _ = labelled.getbbox() or (width, 0, width, 0)
    if max(left, width - right) < _NARROWEST:
        return None
    image = _read(photo)
    start, end = (0, left) if left >= width - right else (right, width)
    return image.crop((start, 0, end, image.height))


def _part(image: Image.Image, size: Size, share: float, rng: np.random.Generator) -> Image.Image:
    """A part of the aspect of ``size``, ``share`` of the largest there is."""
    scale = share * min(image.width / size[0], image.height / size[1])
    width, height = size[0] * scale, size[1] * scale
    x, y = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    box = (float(x), float(y), float(x + width), float(y + height))
    return image.resize(size, Image.Resampling.BILINEAR, box=box)


def _as_ground(image: Image.Image, size: Size, rng: np.random.Generator) -> Image.Image:
    if rng.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return image.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 2))))
