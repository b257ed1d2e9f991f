"""Real things cut out of their pictures: goods on white, garments on plain ground, garments by their masks.

Bad ones are rejected: a cut-out that is wrong teaches that two different things are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter
from scipy import ndimage

from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.data import clothing, grocery, street
from pocketshelf_training.data.goods import cut_out

__all__ = ["Source", "cut", "on_plain_ground", "sources"]

_STREET_GROUPS = ("upper", "outerwear", "dress", "trousers", "shorts", "skirt", "bag")

# A garment on plain ground: share of the frame, share of the border that is ground, how even the ground is,
# how much of what was found is one piece, and how much of its box it fills.
_AREA, _BORDER, _EVEN, _ONE_PIECE, _FILLS = (0.1, 0.75), 0.93, 15.0, 0.93, 0.35
_LEAST_CONTRAST = 30.0
_SMALLEST = 56  # pixels of a cut-out's short side


@dataclass(frozen=True)
class Source:
    """A picture that shows one thing to be cut out; it is the identity.

    Attributes:
        data_set: "grocery", "clothing" or "street".
        split: "train", "val" or "test", derived from the data set's own.
        mask, label: of street, the mask and the value in it.
    """

    identity: str
    data_set: str
    split: str
    image: Path
    category: str | None
    group: str
    licence: str
    mask: Path | None = None
    label: int = 0


def sources(root: str | Path | None, data_sets: tuple[str, ...]) -> list[Source]:
    """All candidates of the data sets; what is of their split val is val and test in turns."""
    makers = {"grocery": _goods, "clothing": _garments, "street": _worn}
    return [source for name in data_sets for source in makers[name](root)]


def _goods(root: str | Path | None) -> Iterator[Source]:
    for sample in grocery.load(root):
        if sample.domain == "shop":
            name = f"composite/grocery-{sample.identity}"
            yield Source(name, "grocery", "train", sample.image, sample.category, "goods", grocery.LICENCE)


def _garments(root: str | Path | None) -> Iterator[Source]:
    for number, sample in enumerate(clothing.load(root)):
        if sample.category:
            split = _split(sample.split, number)
            name = f"composite/clothing-{sample.image.stem}"
            group = clothing.GROUP_OF[sample.category]
            yield Source(name, "clothing", split, sample.image, sample.category, group, clothing.LICENCE)


def _worn(root: str | Path | None) -> Iterator[Source]:
    for own in ("train", "val"):
        for number, photo in enumerate(street.load_photos(own, root)):
            for label, group, value in zip(photo.labels, photo.groups, photo.label_ids, strict=True):
                if group in _STREET_GROUPS:
                    name = f"composite/street-{photo.image.stem}-{label}"
                    split = _split(own, number)
                    yield Source(
                        name, "street", split, photo.image, None, group, street.LICENCE, photo.mask, value
                    )


def _split(own: str, number: int) -> str:
    return "train" if own == "train" else ("val", "test")[number % 2]


@lru_cache(maxsize=256)
def cut(source: Source) -> Image.Image | None:
    """The thing as RGBA, cropped to its outline; None where it cannot be cut well."""
    pixels = decode_photo(source.image, WHOLE).pixels
    if source.data_set == "grocery":
        found = cut_out(pixels)
        return found if min(found.size) >= _SMALLEST else None
    if source.mask is not None:
        return _by_mask(pixels, np.asarray(Image.open(source.mask, formats=("PNG",))) == source.label)
    return on_plain_ground(pixels)


def _by_mask(pixels: np.ndarray, mask: np.ndarray) -> Image.Image | None:
    """A worn garment; one that is in pieces, behind a bag or an arm, is rejected."""
    largest = _largest_piece(mask)
    if largest.sum() < 0.88 * mask.sum():
        return None
    return _cropped(pixels, ndimage.binary_fill_holes(largest), fills=0.45)


def on_plain_ground(pixels: np.ndarray) -> Image.Image | None:
    """A thing on ground of one colour, which may be lit unevenly; None where it is not clearly so.

    Args:
        pixels: uint8 (h, w, 3).
    """
    ground, unevenness = _ground(pixels)
    if unevenness > _EVEN:
        return None
    distance = ndimage.gaussian_filter(np.linalg.norm(pixels - ground, axis=2), 0.8)
    differs = distance > max(_LEAST_CONTRAST, 2.6 * unevenness)
    border = np.concatenate([differs[0], differs[-1], differs[:, 0], differs[:, -1]])
    if 1 - border.mean() < _BORDER:
        return None
    opened = ndimage.binary_opening(ndimage.binary_fill_holes(differs), iterations=4)
    thing = _largest_piece(opened)
    if not thing.any() or thing.sum() < _ONE_PIECE * opened.sum():
        return None
    if not _AREA[0] <= thing.mean() <= _AREA[1]:
        return None
    return _cropped(pixels, thing, fills=_FILLS)


def _ground(pixels: np.ndarray) -> tuple[np.ndarray, float]:
    """The ground's colour everywhere (h, w, 3), a plane through the border's, and the border's distance."""
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    planes = np.stack([np.ones_like(x), x, y], axis=-1)
    margin = max(2, round(0.03 * min(height, width)))
    at_border = np.ones((height, width), bool)
    at_border[margin:-margin, margin:-margin] = False
    known, colours = planes[at_border], pixels[at_border].astype(float)
    fitted = np.linalg.lstsq(known, colours, rcond=None)[0]
    far = np.linalg.norm(colours - known @ fitted, axis=1)
    # Once more without what is no ground: a sleeve that reaches the border.
    near = far <= np.percentile(far, 90)
    fitted = np.linalg.lstsq(known[near], colours[near], rcond=None)[0]
    far = np.linalg.norm(colours[near] - known[near] @ fitted, axis=1)
    return planes @ fitted, float(np.sqrt((far**2).mean()))


def _largest_piece(mask: np.ndarray) -> np.ndarray:
    labels, count = ndimage.label(mask)
    if count == 0:
        return np.zeros_like(mask, dtype=bool)
    return labels == 1 + int(np.argmax(np.bincount(labels.ravel())[1:]))


def _cropped(pixels: np.ndarray, mask: np.ndarray, fills: float) -> Image.Image | None:
    box = Image.fromarray(mask).getbbox()
    if box is None:
        return None
    width, height = box[2] - box[0], box[3] - box[1]
    if min(width, height) < _SMALLEST or mask.sum() < fills * width * height:
        return None
    alpha = Image.fromarray((mask * 255).astype(np.uint8))
    # A pixel off the rim, where the ground shines through, then a soft edge.
    alpha = alpha.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.GaussianBlur(0.7))
    image = Image.fromarray(pixels).convert("RGBA")
    image.putalpha(alpha)
    return image.crop(box)
