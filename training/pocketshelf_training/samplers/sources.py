"""Where the detector's pictures come from, and that only training photos do.

* street: real photos with real boxes.
* goods photos and garment photos: real photos whose boxes were made by where a trained embedder looks
  (`pocketshelf-train boxes`); given as CSV files.
* more: real photos with boxes that a trained detector found, of groups that are known to be on them
  (`pocketshelf-train tagged-boxes`); a CSV file as well.
* composites: goods cut out of the shop's pictures, on real photos (`pocketshelf_training.data.goods`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.types import Box
from pocketshelf_training.data import clothing, grocery, shop, street
from pocketshelf_training.data.catalog import load_given
from pocketshelf_training.data.protocol import DataMissing, Sample, data_root, read_rows
from pocketshelf_training.models.detector import GROUPS
from pocketshelf_training.samplers.pictures import Picture

__all__ = [
    "Labelled",
    "PhotoCache",
    "garment_photos",
    "given_photos",
    "goods_photos",
    "instance",
    "more_photos",
    "street_photos",
]


@dataclass(frozen=True)
class Labelled:
    """One training photo on disk.

    Attributes:
        image: its path.
        boxes: float32 (n, 4), corners in its own pixels.
        groups: int64 (n,), indices into `GROUPS`.
        street: its masks, where there are any.
    """

    image: Path
    boxes: np.ndarray
    groups: np.ndarray
    street: street.StreetPhoto | None = None


@dataclass
class PhotoCache:
    """Decoded photos, kept in memory as uint8 at no more than ``side`` pixels."""

    side: int
    kept: dict[Path, tuple[Image.Image, tuple[float, float]]] = field(default_factory=dict)
    masks: dict[Path, np.ndarray] = field(default_factory=dict)

    def image(self, path: Path) -> tuple[Image.Image, tuple[float, float]]:
        """The photo and the factors (x, y) from its own pixels to these."""
        if path not in self.kept:
            photo = decode_photo(path, self.side)
            self.kept[path] = Image.fromarray(photo.pixels), photo.scale
        return self.kept[path]

    def mask(self, labelled: Labelled) -> np.ndarray:
        """uint8 (h, w) of label ids; of the photo's own size, or smaller."""
        assert labelled.street is not None
        if labelled.image in self.masks:
            return self.masks[labelled.image]
        return labelled.street.read_mask()

    def picture(self, labelled: Labelled) -> Picture:
        image, scale = self.image(labelled.image)
        return Picture(image, labelled.boxes * np.array(scale * 2, np.float32), labelled.groups)


def street_photos(root: str | Path | None, split: str = "train") -> list[Labelled]:
    """The street photos of ``split`` with their boxes."""
    return [
        Labelled(photo.image, photo.boxes, np.array([GROUPS.index(g) for g in photo.groups], np.int64), photo)
        for photo in street.load_photos(split, root)
    ]


def goods_photos(path: Path, root: str | Path | None) -> list[Labelled]:
    """Grocery training photos with the boxes of a CSV (photo,x,y,w,h in pixels of the photo).

    Raises:
        DataMissing: the file is missing, or names a photo that is not for training.
    """
    return _from_csv(path, "grocery", grocery.load(root), root, lambda sample: "goods")


def garment_photos(path: Path, root: str | Path | None) -> list[Labelled]:
    """Clothing training photos with the boxes of a CSV, their group from the photo's label.

    Photos whose label belongs to no group are left out.
    """
    return _from_csv(
        path, "clothing", clothing.load(root), root, lambda s: clothing.GROUP_OF.get(s.attributes["label"])
    )


def more_photos(path: Path, root: str | Path | None) -> list[Labelled]:
    """The photos of a CSV (photo relative to the real photos, group, x,y,w,h in its pixels).

    Raises:
        DataMissing: the file is missing, or names a photo that is not for training, or no group.
    """
    folder = data_root(root)
    loaders = [street.load, clothing.load, grocery.load]
    loaders += [shop.load] if (folder / "shop").is_dir() else []
    apart = {sample.image for load in loaders for sample in load(root) if sample.split != "train"}
    boxes: dict[Path, list[list[float]]] = {}
    groups: dict[Path, list[int]] = {}
    for line, row in enumerate(read_rows(path), 2):
        photo = folder / row["photo"]
        if photo in apart or not photo.is_file():
            raise DataMissing(f"{path} line {line}: {row['photo']} is no training photo")
        if row["group"] not in GROUPS:
            raise DataMissing(f"{path} line {line}: no group {row['group']!r}; there are {', '.join(GROUPS)}")
        x, y, w, h = (float(row[key]) for key in "xywh")
        boxes.setdefault(photo, []).append([x, y, x + w, y + h])
        groups.setdefault(photo, []).append(GROUPS.index(row["group"]))
    return [
        Labelled(photo, np.array(corners, np.float32), np.array(groups[photo], np.int64))
        for photo, corners in boxes.items()
    ]


def given_photos(given: Sequence[str], root: str | Path | None) -> list[Labelled]:
    """The pictures of split train with boxes, of the data sets NAME[=FOLDER].

    Raises:
        UsageError: a box's group is none of the detector's, or a data set has no box for training.
    """
    found: list[Labelled] = []
    for name in given:
        _, samples = load_given(name, str(root) if root else None)
        photos = [sample for sample in samples if sample.split == "train" and sample.boxes]
        if not photos:
            raise UsageError(
                f"data set {name}: no picture of split train with a box (columns group, x, y, w, h)"
            )
        found += _of_samples(name, photos)
    return found


def _of_samples(name: str, samples: Iterable[Sample]) -> Iterator[Labelled]:
    """One a picture, whichever lines its boxes stand in."""
    boxes: dict[Path, list[tuple[str, Box]]] = {}
    for sample in samples:
        boxes.setdefault(sample.image, []).extend(sample.boxes)
    for image, there in boxes.items():
        if strangers := {group for group, _ in there} - {*GROUPS}:
            raise UsageError(f"data set {name}: no group {min(strangers)!r}; there are {', '.join(GROUPS)}")
        corners = np.array([[x, y, x + w, y + h] for _, (x, y, w, h) in there], np.float32)
        yield Labelled(image, corners, np.array([GROUPS.index(group) for group, _ in there], np.int64))


def _from_csv(
    path: Path,
    name: str,
    samples: list[Sample],
    root: str | Path | None,
    group_of: Callable[[Sample], str | None],
) -> list[Labelled]:
    folder = data_root(root) / name
    known = {sample.image: sample for sample in samples if sample.domain == "street"}
    boxes: dict[Path, list[list[float]]] = {}
    for line, row in enumerate(read_rows(path), 2):
        photo = folder / row["photo"].removeprefix(f"{name}/")
        if photo not in known or known[photo].split != "train":
            raise DataMissing(f"{path} line {line}: {row['photo']} is no training photo of {name}")
        x, y, w, h = (float(row[key]) for key in "xywh")
        boxes.setdefault(photo, []).append([x, y, x + w, y + h])
    grouped = ((photo, corners, group_of(known[photo])) for photo, corners in boxes.items())
    return [
        Labelled(photo, np.array(corners, np.float32), np.full(len(corners), GROUPS.index(group), np.int64))
        for photo, corners, group in grouped
        if group is not None
    ]


def instance(labelled: Labelled, number: int, cache: PhotoCache) -> Image.Image | None:
    """One garment of a street photo, cut out by its mask: RGBA, or None if too little of it is left."""
    assert labelled.street is not None
    image, scale = cache.image(labelled.image)
    mask = np.where(cache.mask(labelled) == labelled.street.label_ids[number], 255, 0).astype(np.uint8)
    alpha = Image.fromarray(mask).resize(image.size, Image.Resampling.BILINEAR)
    corners = labelled.boxes[number] * np.array(scale * 2)
    x0, y0, x1, y1 = (int(v) for v in (*np.floor(corners[:2]), *np.ceil(corners[2:])))
    if x1 - x0 < 6 or y1 - y0 < 6:
        return None
    piece = image.crop((x0, y0, x1, y1)).convert("RGBA")
    piece.putalpha(alpha.crop((x0, y0, x1, y1)))
    return piece
