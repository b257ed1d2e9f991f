"""The garments of a data set as one table of embeddings, extracted once and kept in a file.

A garment's vector is that of its box alone. What a search adds of the whole frame (`frame_weight`) is left
out: it would be the same for all garments of a photo, and two would go together for being in one photo.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.files import atomic_write
from pocketshelf.formats.bundle import Bundle
from pocketshelf.stages.colours import histograms, looked_at, palette_of
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.types import Box

__all__ = ["BINS", "Garments", "Spotted", "colour_histogram", "embed_garments", "kept"]

log = logging.getLogger(__name__)

# Hue, saturation and value are cut into so many bins.
BINS = (8, 4, 4)


@dataclass(frozen=True)
class Spotted:
    """One garment in one photo.

    Attributes:
        box: pixels of the upright photo; the whole frame if None.
        visible: bool (h, w) of the decoded photo: its pixels; all of the box's if None.
        score: of the detector; 1 where a person drew the box.
    """

    group: str
    label: str
    box: Box | None = None
    visible: np.ndarray | None = None
    score: float = 1.0


@dataclass(frozen=True)
class Garments:
    """n garments, a row each.

    Attributes:
        photos: path of the photo, relative to the data set's folder.
        splits, groups, labels: texts.
        boxes: float32 (n, 4) x, y, width, height.
        scores: float32 (n,) of the detector.
        vectors: float32 (n, d), of length 1.
        colours: float32 (n, 128), see `colour_histogram`.
        palettes: texts, as a store has them: see `pocketshelf.stages.colours.palette_of`.
    """

    photos: np.ndarray
    splits: np.ndarray
    groups: np.ndarray
    labels: np.ndarray
    boxes: np.ndarray
    scores: np.ndarray
    vectors: np.ndarray
    colours: np.ndarray
    palettes: np.ndarray

    @functools.cached_property
    def shades(self) -> np.ndarray:
        """The histograms of the palettes, float32 (n, 700)."""
        return histograms(list(map(str, self.palettes)))

    def __len__(self) -> int:
        return len(self.photos)

    def take(self, rows: np.ndarray) -> Garments:
        """Those of ``rows``: indices, or bool (n,)."""
        return Garments(*(getattr(self, field.name)[rows] for field in fields(self)))

    def joined(self, other: Garments) -> Garments:
        """These, and those of ``other`` behind them."""
        both = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Garments(*(np.concatenate(columns) for columns in both))

    def save(self, path: Path) -> None:
        """Write an ``.npz``."""
        with atomic_write(path) as temporary, temporary.open("wb") as stream:
            np.savez_compressed(stream, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Garments:
        """Read what `save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            return cls(*(file[field.name] for field in fields(cls)))


def kept(cache: Path | None, name: str, bundle: Bundle, make: Callable[[], Garments]) -> Garments:
    """The table ``name`` of this bundle's models from the folder ``cache``; made and kept if not there."""
    if cache is None:
        return make()
    models = [bundle.embedder, *([bundle.detector] if bundle.detector else [])]
    columns = ",".join(field.name for field in fields(Garments))
    of = "".join(spec.sha256 for spec in models) + columns
    known = hashlib.sha256(of.encode()).hexdigest()[:12]
    path = cache / f"{name}-{known}.npz"
    if not path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        make().save(path)
    return Garments.load(path)


Find = Callable[[Photo], Sequence[Spotted]]


def embed_garments(
    encoder: Encoder, photos: Iterable[tuple[Path, str]], root: Path, find: Callable[[Path], Find]
) -> Garments:
    """Embed what ``find`` spots in each of the (path, split) photos.

    Args:
        root: photos are named relative to it.
    """
    rows: list[tuple] = []
    for path, split in tqdm(list(photos), "garments", file=sys.stderr):
        photo = decode_photo(path)
        for one in find(path)(photo):
            shown = photo if one.visible is None else _cut(photo, one.visible)
            vector = encoder.embed(shown, one.box)
            box = one.box or (0.0, 0.0, float(photo.width), float(photo.height))
            colour = colour_histogram(photo.pixels, photo.to_decoded(box), one.visible)
            name = path.relative_to(root).as_posix()
            palette = palette_of(looked_at(shown, one.box))
            rows.append((name, split, one.group, one.label, box, one.score, vector, colour, palette))
    columns = list(zip(*rows, strict=True)) or [()] * 9
    types = [np.str_] * 4 + [np.float32] * 4 + [np.str_]
    return Garments(*(np.array(column, kind) for column, kind in zip(columns, types, strict=True)))


def _cut(photo: Photo, visible: np.ndarray) -> Photo:
    """The photo with grey where the garment is not."""
    pixels = np.where(visible[..., None], photo.pixels, np.uint8(128))
    return Photo(pixels, photo.width, photo.height)


def colour_histogram(pixels: np.ndarray, box: Box, visible: np.ndarray | None = None) -> np.ndarray:
    """Square roots of the joint HSV histogram (128,) of a box: a dot product of two is their affinity.

    Args:
        pixels: uint8 (h, w, 3).
        box: in these pixels.
        visible: bool (h, w): only these count; without it the middle half of each side of the box.
    """
    hsv = np.asarray(Image.fromarray(pixels).convert("HSV"))
    x, y, w, h = box
    if visible is None:
        x, y, w, h = x + w / 4, y + h / 4, w / 2, h / 2
    part = np.s_[max(0, int(y)) : int(y + h) + 1, max(0, int(x)) : int(x + w) + 1]
    chosen = hsv[part].reshape(-1, 3) if visible is None else hsv[part][visible[part]]
    counts, _ = np.histogramdd(chosen, BINS, [(0, 256)] * 3)
    return np.sqrt(counts.ravel() / max(counts.sum(), 1)).astype(np.float32)
