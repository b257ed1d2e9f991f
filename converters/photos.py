"""Photos for calibration and for the parity gate: real ones where they are found, else drawn ones.

Calibration sees training photos only; the gate sees photos that neither training nor calibration saw.
"""

from __future__ import annotations

import csv
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converters.errors import ConversionError
from pocketshelf.errors import PhotoError
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input

__all__ = ["Picture", "PictureSet", "calibration_set", "drawn_set", "parity_set"]

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Picture:
    """One picture: its name for reports, and how to get its uint8 (h, w, 3) pixels."""

    name: str
    load: Callable[[], np.ndarray]
    box: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class PictureSet:
    """Pictures and where they come from.

    Attributes:
        source: "real" or "drawn".
        pictures: in a random but fixed order.
    """

    source: str
    pictures: tuple[Picture, ...]

    def inputs(self, preprocessing: Preprocessing, cropped: bool) -> list[tuple[str, np.ndarray]]:
        """(name, network input uint8 (h, w, 3)) of each.

        Args:
            cropped: cut out the picture's box where it has one; a detector sees the frame.
        """
        return [
            (picture.name, network_input(picture.load(), preprocessing, picture.box if cropped else None))
            for picture in self.pictures
        ]


def calibration_set(count: int = 256, folder: str | Path | None = None) -> PictureSet:
    """Pictures that stand for what a phone sees: phone photos, shop pictures, garments, outfits.

    Args:
        folder: take the pictures in it instead of the real data's training splits.

    Raises:
        ConversionError: ``folder`` has no pictures.
    """
    if folder is not None:
        return _from_folder(Path(folder), count)
    root = _data_root()
    if root is None:
        return drawn_set(count, seed=1)
    half, rest = count // 2, count - count // 2
    pools = [
        (half, _grocery(root, "train")),
        (rest // 4, _shop_pictures(root)),
        (rest // 4, _clothing(root, "train")),
        (rest - rest // 4 * 2, _street(root, "train")),
    ]
    return _draw(pools, seed=1)


def parity_set(count: int = 96) -> PictureSet:
    """Pictures of the validation splits: half grocery, the rest garments and outfits."""
    root = _data_root()
    if root is None:
        return drawn_set(count, seed=2)
    half, rest = count // 2, count - count // 2
    pools = [
        (half, _grocery(root, "val")),
        (rest // 2, _clothing(root, "val")),
        (rest - rest // 2, _street(root, "val")),
    ]
    return _draw(pools, seed=2)


def drawn_set(count: int, seed: int) -> PictureSet:
    """Drawn pictures: coloured shapes on a shaded ground, with noise. For machines without photos."""

    def load(index: int) -> Callable[[], np.ndarray]:
        return lambda: draw_picture(seed * 100_003 + index)

    return PictureSet("drawn", tuple(Picture(f"drawn {i}", load(i)) for i in range(count)))


def draw_picture(seed: int, height: int = 240, width: int = 320) -> np.ndarray:
    """One drawn picture, uint8 (height, width, 3); the same seed gives the same bytes everywhere."""
    random_ = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width]
    slope = random_.integers(-60, 61, size=(2, 3))
    image = (
        random_.integers(40, 216, 3)
        + (slope[0] * x[..., None]) // width
        + (slope[1] * y[..., None]) // height
    )
    for _ in range(int(random_.integers(3, 9))):
        cx, cy = random_.integers(0, width), random_.integers(0, height)
        rx, ry = random_.integers(12, width // 3, 2)
        inside = (x - cx) ** 2 * ry**2 + (y - cy) ** 2 * rx**2 < (rx * ry) ** 2
        if random_.integers(2):
            inside = (abs(x - cx) < rx) & (abs(y - cy) < ry)
        image[inside] = random_.integers(0, 256, 3)
        if random_.integers(2):
            stripes = inside & ((x + y) // int(random_.integers(3, 14)) % 2 == 0)
            image[stripes] = random_.integers(0, 256, 3)
    noise = random_.integers(-6, 7, (height, width, 3))
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def _data_root() -> Path | None:
    named = os.environ.get("POCKETSHELF_DATA")
    if not named:
        return None
    if not Path(named).is_dir():
        raise ConversionError(
            f"{named}: no such folder; POCKETSHELF_DATA must name the real photos, or be unset"
        )
    return Path(named)


def _draw(pools: list[tuple[int, list[Picture]]], seed: int) -> PictureSet:
    chosen: list[Picture] = []
    for count, pool in pools:
        chosen += random.Random(seed).sample(pool, min(count, len(pool)))
    random.Random(seed).shuffle(chosen)
    if not chosen:
        raise ConversionError("POCKETSHELF_DATA holds none of the known photo sets; see its README")
    return PictureSet("real", tuple(chosen))


def _file(path: Path, root: Path, box: tuple[float, float, float, float] | None = None) -> Picture:
    def load() -> np.ndarray:
        return decode_photo(path).pixels

    return Picture(path.relative_to(root).as_posix(), load, box)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _grocery(root: Path, split: str) -> list[Picture]:
    folder = root / "grocery"
    return [_file(folder / r["photo"], root) for r in _rows(folder / "photos.csv") if r["split"] == split]


def _shop_pictures(root: Path) -> list[Picture]:
    folder = root / "grocery"
    return [_file(folder / row["image"], root) for row in _rows(folder / "products.csv")]


def _clothing(root: Path, split: str) -> list[Picture]:
    folder = root / "clothing"
    rows = _rows(folder / "photos.csv")
    return [_file(folder / r["photo"], root) for r in rows if r["split"] == split and r["label"] != "Skip"]


def _street(root: Path, split: str) -> list[Picture]:
    path = root / "street" / f"instances_{split}.json"
    if not path.is_file():
        return []
    document = json.loads(path.read_text(encoding="utf-8"))
    boxes = {a["image_id"]: tuple(a["bbox"]) for a in document["annotations"] if min(a["bbox"][2:]) >= 32}
    return [
        _file(root / "street" / image["file_name"], root, boxes[image["id"]])
        for image in document["images"]
        if image["id"] in boxes
    ]


def _from_folder(folder: Path, count: int) -> PictureSet:
    if not folder.is_dir():
        raise ConversionError(f"{folder}: no such folder of calibration photos")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in _SUFFIXES)
    pictures = list(_readable(files, folder))
    if not pictures:
        raise ConversionError(f"{folder}: no readable pictures in it to calibrate with")
    return _draw([(count, pictures)], seed=1)


def _readable(files: list[Path], folder: Path) -> Iterator[Picture]:
    for path in files:
        try:
            decode_photo(path)
        except PhotoError:
            continue
        yield _file(path, folder)
