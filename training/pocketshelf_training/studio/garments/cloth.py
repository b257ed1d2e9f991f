"""What a garment is made of: drawn patterns, or real close-ups of fabric dyed in its colours.

A pattern's own variation depends on the garment only, not on the size it is drawn in: every picture of it
shows the same cloth.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.studio.drawing.palette import rgb
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.garments.patterns import PATTERNS
from pocketshelf_training.studio.garments.tailor import Material, Weave

__all__ = ["dyed", "material", "read_close_up"]

_SIDE = 128  # of a close-up in pixels, as it is kept
_SUPERSAMPLING = 2
_GRAIN = 0.012


def material(garment: Garment) -> Material:
    """The cloth of ``garment``."""
    rng = np.random.default_rng([garment.seed, 5])
    main, second = _shade(garment.attributes.colour, rng), _shade(garment.attributes.second_colour, rng)
    if garment.fabric is None:
        variation = int(rng.integers(1 << 30))
        return Material(main, second, _drawn(garment.attributes.pattern, (main, second), variation))
    share, colours = read_close_up(garment.fabric)
    tile = colours if garment.own_colours else dyed(share, garment.attributes.pattern, main, second)
    if garment.own_colours:
        main = second = colours.mean((0, 1))
    return Material(main, second, _woven(tile, float(rng.uniform(0.4, 0.75))))


def _shade(name: str, rng: np.random.Generator) -> np.ndarray:
    """One of the shades that go by this name."""
    colour = rgb(name) * rng.uniform(0.9, 1.08) + rng.normal(0, 0.018, 3)
    return np.clip(colour, 0.02, 0.98).astype(np.float32)


def _drawn(pattern: str, colours: tuple[np.ndarray, np.ndarray], variation: int) -> Weave:
    def weave(size: tuple[int, int], unit: float, scale: float, rng: np.random.Generator) -> np.ndarray:
        width, height = size
        grain = rng.standard_normal((height, width, 1), dtype=np.float32) * _GRAIN
        if pattern == "solid":
            return colours[0] + grain
        step = np.float32(1 / (unit * scale * _SUPERSAMPLING))
        sides = (np.arange(side * _SUPERSAMPLING, dtype=np.float32) * step for side in size)
        share = PATTERNS[pattern](tuple(np.meshgrid(*sides)), np.random.default_rng(variation))
        cells = (height, _SUPERSAMPLING, width, _SUPERSAMPLING)
        share = share.reshape(cells).mean(axis=(1, 3))[..., None]
        return colours[0] + share * (colours[1] - colours[0]) + grain

    return weave


def _woven(tile: np.ndarray, span: float) -> Weave:
    """``tile`` (h, w, 3) covers ``span`` body units; it is continued by its mirror image."""
    bytes_ = Image.fromarray((np.clip(tile, 0, 1) * 255).astype(np.uint8))

    def weave(size: tuple[int, int], unit: float, scale: float, rng: np.random.Generator) -> np.ndarray:
        side = max(8, round(span * unit * scale))
        small = np.asarray(bytes_.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2.0))
        width, height = size
        beyond = [(0, max(0, height - side)), (0, max(0, width - side)), (0, 0)]
        return np.pad(small, beyond, "symmetric")[:height, :width].astype(np.float32) / 255

    return weave


@lru_cache(maxsize=512)
def read_close_up(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """A close-up without the lamp's falling off towards its corners and without its colour cast.

    Returns:
        Float32 (s, s): where the second colour is, 0 to 1, or for plain cloth its threads about 0.5; and
        (s, s, 3) in [0, 1]: its own colours.
    """
    image = Image.fromarray(decode_photo(path, WHOLE).pixels)
    margin = round(min(image.size) * 0.06)
    image = image.crop((margin, margin, image.width - margin, image.height - margin)).resize((_SIDE, _SIDE))
    pixels = np.asarray(image, np.float32) / 255
    lamp = image.convert("L").filter(ImageFilter.GaussianBlur(_SIDE / 4))
    lit = np.asarray(lamp, np.float32)[..., None] / 255
    flat = pixels / np.clip(lit, 0.08, 1) * lit.mean()
    means = flat.mean((0, 1))
    balanced = np.clip(flat * (means.mean() / np.clip(means, 0.02, 1)) ** 0.7 * 1.15, 0, 1)
    return _share(flat), balanced.astype(np.float32)


def _share(flat: np.ndarray) -> np.ndarray:
    """Along the axis on which the pixels differ most; the more frequent end is 0."""
    centred = (flat - flat.mean((0, 1))).reshape(-1, 3)
    axis = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    along = centred @ axis
    low, high = np.percentile(along, (3, 97))
    share = np.clip((along - low) / max(high - low, 1e-3), 0, 1).reshape(flat.shape[:2])
    return (1 - share if share.mean() > 0.5 else share).astype(np.float32)


def dyed(share: np.ndarray, pattern: str, main: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The close-up in other colours, float32 (s, s, 3); plain cloth keeps its threads as light and shade."""
    if pattern == "solid":
        return main * (1 + 0.22 * (share[..., None] - share.mean()))
    # Nearer to the two ends than the photo, whose threads are all shades between.
    clear = np.clip((share[..., None] - 0.5) * 1.6 + 0.5, 0, 1)
    return main + clear * (second - main)
