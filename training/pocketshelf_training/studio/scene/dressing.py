"""A flat garment on a person of a street photo: bent to the worn garment's outline, shaded by its folds.

The worn garment's mask says where cloth is seen; arms, hair and bags before it stay where they are, for they
have labels of their own. **Synthetic**: the cloth is real, the fit is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.data import street

__all__ = ["Person", "dressed", "extents", "people", "printed", "recoloured", "spread"]

# A worn garment that is too small, or in pieces behind others, teaches nothing.
_SMALLEST, _LARGEST_PIECE = 40, 0.75
# Rows of a flat garment count as torso up to this multiple of their median width: sleeves lie beside it.
_TORSO = 1.35
_SHADE = (0.45, 1.6)


@dataclass(frozen=True)
class Person:
    """One garment that somebody wears: the photo, and the mask's values that are it.

    Attributes:
        group: see `pocketshelf_training.data.street`.
        box: x, y, w, h in pixels.
    """

    image: Path
    mask: Path
    label: int
    group: str
    box: tuple[int, int, int, int]

    def cloth(self) -> np.ndarray:
        """bool (h, w): where it is seen."""
        return np.asarray(Image.open(self.mask, formats=("PNG",))) == self.label


def people(split: str, root: str | Path | None = None) -> dict[str, list[Person]]:
    """Worn garments of the street photos of a split, by group."""
    found: dict[str, list[Person]] = {}
    for photo in street.load_photos(split, root):
        for box, group, label in zip(photo.boxes, photo.groups, photo.label_ids, strict=True):
            x0, y0, x1, y1 = (int(v) for v in box)
            if min(x1 - x0, y1 - y0) >= _SMALLEST:
                person = Person(photo.image, photo.mask, label, group, (x0, y0, x1 - x0, y1 - y0))
                found.setdefault(group, []).append(person)
    return found


def dressed(garment: Image.Image, person: Person, rng: np.random.Generator) -> Image.Image | None:
    """The photo with ``garment`` (RGBA, flat) in place of what is worn; None where that is mostly hidden."""
    cloth = person.cloth()
    pieces, count = ndimage.label(cloth)
    if not count or np.bincount(pieces.ravel())[1:].max() < _LARGEST_PIECE * cloth.sum():
        return None
    pixels = decode_photo(person.image, WHOLE).pixels.astype(np.float32)
    flat, alpha = spread(garment)
    rows, columns = _sources(cloth, alpha)
    worn = np.stack(
        [ndimage.map_coordinates(flat[..., c], [rows, columns], order=1, mode="nearest") for c in range(3)],
        -1,
    )
    worn = worn * _folds(pixels, cloth, rng)[..., None]
    seen = ndimage.gaussian_filter(cloth.astype(np.float32), 0.8)[..., None]
    return Image.fromarray(np.clip(seen * worn + (1 - seen) * pixels, 0, 255).astype(np.uint8))


def spread(garment: Image.Image) -> tuple[np.ndarray, np.ndarray]:
    """Colours (h, w, 3), those of the nearest cloth beyond its outline, and bool (h, w): the outline."""
    array = np.asarray(garment).astype(np.float32)
    inside = array[..., 3] > 200
    if not inside.any():
        inside = array[..., 3] >= array[..., 3].max()
    near = ndimage.distance_transform_edt(~inside, return_distances=False, return_indices=True)
    return array[..., :3][near[0], near[1]], inside


def extents(mask: np.ndarray, torso: float | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows with something in them, and its smoothed left and right ends there.

    Args:
        torso: cut what is wider than so many median widths, around the row's centre.
    """
    rows = np.flatnonzero(mask.any(1))
    left = mask[rows].argmax(1).astype(float)
    right = mask.shape[1] - 1.0 - mask[rows][:, ::-1].argmax(1)
    if torso:
        centre = np.median((left + right) / 2)
        half = torso * np.median(right - left) / 2
        left, right = np.maximum(left, centre - half), np.minimum(right, centre + half)
    smooth = max(1.0, len(rows) / 25)
    return rows, ndimage.gaussian_filter1d(left, smooth), ndimage.gaussian_filter1d(right, smooth)


def _sources(cloth: np.ndarray, flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of the photo its row and column in the flat garment: outline to outline, row by row."""
    rows, left, right = extents(cloth)
    flat_rows, flat_left, flat_right = extents(flat, _TORSO)
    height, width = cloth.shape
    down = np.clip((np.arange(height) - rows[0]) / max(1, rows[-1] - rows[0]), 0, 1)
    at = down * (len(flat_rows) - 1)
    index = np.arange(len(flat_rows))
    ends = [np.interp(at, index, side) for side in (flat_left, flat_right)]
    y = np.arange(height)
    start, end = np.interp(y, rows, left), np.interp(y, rows, right)
    across = (np.arange(width)[None] - start[:, None]) / np.maximum(1, end - start)[:, None]
    columns = ends[0][:, None] + across * (ends[1] - ends[0])[:, None]
    source_rows = np.interp(at, index, flat_rows)
    return np.broadcast_to(source_rows[:, None], (height, width)), columns


def _folds(pixels: np.ndarray, cloth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What light does on the worn garment (h, w), about 1: its own brightness without fine prints."""
    light = pixels.mean(2)
    inside = cloth.astype(np.float32)
    sigma = float(rng.uniform(1.5, 4.0))
    soft = ndimage.gaussian_filter(light * inside, sigma)
    soft /= np.maximum(ndimage.gaussian_filter(inside, sigma), 1e-3)
    ratio = (soft + 20) / (soft[cloth].mean() + 20)
    return np.clip(ratio ** float(rng.uniform(0.5, 0.9)), *_SHADE) * float(rng.uniform(0.75, 1.15))


def recoloured(garment: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same cut and print in another colour: the hue turned by 60 to 300 degrees, stronger or weaker."""
    hue, saturation, value = (
        np.asarray(c).astype(int) for c in garment.convert("RGB").convert("HSV").split()
    )
    turned = (hue + int(rng.integers(43, 213))) % 256
    strong = np.clip(np.maximum(saturation, int(rng.integers(0, 90))) * rng.uniform(0.8, 1.3), 0, 255)
    bright = np.clip(value * rng.uniform(0.6, 1.25), 0, 255)
    bands = [Image.fromarray(band.astype(np.uint8)) for band in (turned, strong, bright)]
    changed = Image.merge("HSV", bands).convert("RGB")
    changed.putalpha(garment.getchannel("A"))
    return changed


def printed(garment: Image.Image, fabric: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The same cut in another fabric, a close-up laid in tiles, with the garment's own light and shade."""
    width, height = garment.size
    side = max(16, int(max(width, height) * rng.uniform(0.25, 0.8)))
    tile = np.asarray(fabric.convert("RGB").resize((side, side))).astype(np.float32)
    tile = np.concatenate([tile, tile[:, ::-1]], 1)
    tile = np.concatenate([tile, tile[::-1]], 0)
    times = (height // len(tile) + 1, width // len(tile) + 1, 1)
    cloth = np.tile(tile, times)[:height, :width]
    light = np.asarray(garment.convert("L")).astype(np.float32)
    light = ndimage.gaussian_filter(light, 2.0)
    inside = np.asarray(garment.getchannel("A")) > 128
    shade = np.clip((light + 30) / ((light[inside].mean() if inside.any() else 128) + 30), 0.5, 1.5)
    changed = Image.fromarray(np.clip(cloth * shade[..., None], 0, 255).astype(np.uint8))
    changed.putalpha(garment.getchannel("A"))
    return changed
