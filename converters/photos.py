"""Photos for calibration and for the parity gate: real ones where they are found, else drawn ones.

Calibration sees training photos only; the gate sees photos that neither training nor calibration saw.

What stands in for photos are the studio's garments. A gate of plain shapes misses its mean of 0.98 whatever
int8 is calibrated on, real photos included (0.978, where real photos have 0.997 and the studio's pictures
0.993): what a network makes of them is little but noise, of which rounding takes a larger share.
"""

from __future__ import annotations

import contextlib
import functools
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from converters.errors import ConversionError
from pocketshelf.errors import PhotoError
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.picture_files import pictures_in
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data.catalog import load_data_set
from pocketshelf_training.data.protocol import DataMissing, Sample, data_root

__all__ = ["Picture", "PictureSet", "calibration_set", "drawn_set", "parity_set", "studio_set"]


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
        ConversionError: ``folder``, or the folder of the real data, has no pictures.
    """
    if folder is not None:
        return _draw([(count, _in_folder(Path(folder)))], seed=1)
    if not os.environ.get("POCKETSHELF_DATA"):
        # Shapes widen what is seen of each activation's range.
        shapes = drawn_set(count // 3, seed=1)
        return PictureSet("drawn", (*studio_set(count - count // 3, seed=1).pictures, *shapes.pictures))
    half, rest = count // 2, count - count // 2
    shop = [_file(s.image, data_root()) for s in _samples("grocery") if s.domain == "shop"]
    pools = [
        (half, _photos("grocery", "train")),
        (rest // 4, shop),
        (rest // 4, _photos("clothing", "train")),
    ]
    return _draw([*pools, (rest - rest // 4 * 2, _photos("street", "train"))], seed=1)


def parity_set(count: int = 96) -> PictureSet:
    """Pictures of the validation splits: half grocery, the rest garments and outfits."""
    if not os.environ.get("POCKETSHELF_DATA"):
        return studio_set(count, seed=2)
    half, rest = count // 2, count - count // 2
    shares = {"grocery": half, "clothing": rest // 2, "street": rest - rest // 2}
    return _draw([(share, _photos(name, "val")) for name, share in shares.items()], seed=2)


def studio_set(count: int, seed: int) -> PictureSet:
    """Drawn garments (synthetic), on white as in a shop and before a ground as in the street, by turns.

    No two seeds draw the same garment. For machines without photos.
    """
    pictures = (Picture(f"studio {i}", functools.partial(draw_garment, seed, i)) for i in range(count))
    return PictureSet("drawn", tuple(pictures))


def draw_garment(seed: int, index: int) -> np.ndarray:
    """One picture of the studio, uint8 (h, w, 3); even ones the shop's, odd ones of the street."""
    from pocketshelf_training.studio.garments.collection import Collection
    from pocketshelf_training.studio.scene.grounds import Grounds
    from pocketshelf_training.studio.scene.shots import shop_shot, street_shot

    collection = Collection(index + 1, seed)
    shot = street_shot(collection, index, 0, Grounds()) if index % 2 else shop_shot(collection, index)
    return np.asarray(shot.image)


def drawn_set(count: int, seed: int) -> PictureSet:
    """Coloured shapes on a shaded ground, with noise: quicker to draw than garments, and less like photos."""
    seeds = [seed * 100_003 + index for index in range(count)]
    pictures = (Picture(f"drawn {i}", functools.partial(draw_picture, each)) for i, each in enumerate(seeds))
    return PictureSet("drawn", tuple(pictures))


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


def _draw(pools: list[tuple[int, list[Picture]]], seed: int) -> PictureSet:
    chosen: list[Picture] = []
    for count, pool in pools:
        chosen += random.Random(seed).sample(pool, min(count, len(pool)))
    random.Random(seed).shuffle(chosen)
    if not chosen:
        raise ConversionError("POCKETSHELF_DATA holds none of the known photo sets; see its README")
    return PictureSet("real", tuple(chosen))


def _file(path: Path, root: Path, box: tuple[float, float, float, float] | None = None) -> Picture:
    return Picture(path.relative_to(root).as_posix(), lambda: decode_photo(path).pixels, box)


def _samples(name: str) -> list[Sample]:
    """Of a set of the real photos; none if it is not there."""
    root = data_root()
    with contextlib.suppress(DataMissing):
        return load_data_set(name, root)
    return []


def _photos(name: str, split: str) -> list[Picture]:
    """Customers' photos; of outfits those with a box of 32 pixels and more a side, with the last such."""
    pictures = []
    for sample in _samples(name):
        large = [box for _, box in sample.boxes if min(box[2:]) >= 32]
        skipped = sample.attributes.get("label") == "Skip" or (name == "street" and not large)
        if sample.split == split and sample.domain == "street" and not skipped:
            # Marked to a tenth of a pixel; the reader's corners are float32.
            box = tuple(round(side, 1) for side in large[-1]) if large else None
            pictures.append(_file(sample.image, data_root(), box))  # type: ignore[arg-type]
    return pictures


def _in_folder(folder: Path) -> list[Picture]:
    if not folder.is_dir():
        raise ConversionError(f"{folder}: no such folder of calibration photos")
    pictures = list(_readable(pictures_in(folder), folder))
    if not pictures:
        raise ConversionError(f"{folder}: no readable pictures in it to calibrate with")
    return pictures


def _readable(files: list[Path], folder: Path) -> Iterator[Picture]:
    for path in files:
        try:
            decode_photo(path)
        except PhotoError:
            continue
        yield _file(path, folder)
