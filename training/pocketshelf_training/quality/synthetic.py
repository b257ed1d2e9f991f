"""Photos with known faults: real ones, and what was made of them (synthetic)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.quality import FAULTS
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data import street
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.quality import degrade, scenes
from pocketshelf_training.quality.photos import RealPhoto
from pocketshelf_training.quality.scenes import Person

__all__ = ["Example", "Maker"]

# What nobody knows of an example.
UNKNOWN = -1
# How often each is made; "none" is a real photo as it is.
SHARES = {"none": 3.0, **dict.fromkeys(FAULTS, 1.0), "not_full_body": 1.5, "collage": 1.3}


@dataclass(frozen=True)
class Example:
    """One picture and its faults.

    Attributes:
        image: RGB.
        faults: int8 (len(FAULTS),): 1 has it, 0 has it not, `UNKNOWN`.
        made: the fault that was made, or "none".
    """

    image: Image.Image
    faults: np.ndarray
    made: str


class Maker:
    """Makes examples of the photos given, one a number: the same number, the same example.

    Args:
        photos: of one part, so that parts stay apart.
        root: of the data sets.
        seed: of everything that is drawn.
    """

    def __init__(self, photos: Sequence[RealPhoto], root: str | Path | None, seed: int) -> None:
        self._root, self._seed = data_root(root), seed
        self._photos = {
            kind: [p for p in photos if p.kind == kind] for kind in ("street", "clothing", "grocery", "shop")
        }
        self._all = [p for p in photos if p.kind != "patterns"]
        names = {p.name.rpartition("/")[2] for p in self._photos["street"]}
        masked = [p for split in ("train", "val") for p in street.load_photos(split, root)]
        self._masked = [p for p in masked if p.image.name in names]
        self._ways: Mapping[str, Callable[[np.random.Generator], Image.Image]] = {
            "none": self._any,
            "too_dark": lambda rng: degrade.darkened(self._any(rng), rng),
            "blurred": lambda rng: degrade.blurred(self._any(rng), rng),
            "over_exposed": lambda rng: degrade.over_exposed(self._any(rng), rng),
            "too_small": self._too_small,
            "cluttered": self._cluttered,
            "collage": self._collage,
            "not_full_body": self._not_full_body,
            "runway": lambda rng: scenes.runway(self._people(rng, int(rng.integers(1, 3))), rng),
        }

    def example(self, number: int) -> Example:
        """The example of this number."""
        rng = np.random.default_rng((self._seed, number))
        shares = np.array(list(SHARES.values()))
        made = str(rng.choice(list(SHARES), p=shares / shares.sum()))
        if made == "none" and rng.random() < 0.25:
            return self._full_body(rng)
        return Example(self._ways[made](rng), _labels(made), made)

    def _full_body(self, rng: np.random.Generator) -> Example:
        """A person from head to feet, in the street or before white."""
        (person,) = self._people(rng, 1)
        labels = _labels("none")
        labels[FAULTS.index("not_full_body")] = 0
        image = person.photo if rng.random() < 0.6 else scenes.on_white(person, rng, whole=True)
        return Example(image, labels, "none")

    def _any(self, rng: np.random.Generator, kind: str | None = None) -> Image.Image:
        photos = self._photos[kind] if kind else self._all
        return self._read(photos[rng.integers(len(photos))])

    def _read(self, photo: RealPhoto) -> Image.Image:
        return _opened(self._root / photo.name)

    def _people(self, rng: np.random.Generator, count: int) -> list[Person]:
        return [self._person(i) for i in rng.choice(len(self._masked), count, replace=False)]

    def _person(self, number: int) -> Person:
        photo = self._masked[number]
        mask = Image.fromarray(((photo.read_mask() > 0) * 255).astype(np.uint8))
        if mask.getbbox() is None:  # A few masks are empty.
            return self._person((number + 1) % len(self._masked))
        return Person(_opened(photo.image), mask)

    def _too_small(self, rng: np.random.Generator) -> Image.Image:
        if rng.random() < 0.25:
            return degrade.shrunk(self._any(rng), rng)
        ground = degrade.blurred(self._any(rng), rng) if rng.random() < 0.5 else _plain_ground(rng)
        if rng.random() < 0.5:
            return scenes.far_away(self._people(rng, 1)[0].cut_out, ground, rng)
        return scenes.far_away(_on_its_ground(self._any(rng, "shop")), ground, rng)

    def _cluttered(self, rng: np.random.Generator) -> Image.Image:
        if rng.random() < 0.5:
            return scenes.crowd(self._people(rng, int(rng.integers(3, 6))), rng)
        return scenes.side_by_side([self._any(rng, "grocery") for _ in range(int(rng.integers(2, 5)))], rng)

    def _collage(self, rng: np.random.Generator) -> Image.Image:
        if rng.random() < 0.4:
            return scenes.screenshot(self._any(rng), rng)
        kind = str(rng.choice(list(self._photos)))
        return scenes.collage([self._any(rng, kind) for _ in range(9)], rng)

    def _not_full_body(self, rng: np.random.Generator) -> Image.Image:
        (person,) = self._people(rng, 1)
        return (
            scenes.cut_off(person, rng) if rng.random() < 0.5 else scenes.on_white(person, rng, whole=False)
        )


def _opened(path: Path) -> Image.Image:
    return Image.fromarray(decode_photo(path).pixels)


def _plain_ground(rng: np.random.Generator) -> Image.Image:
    colour = rng.integers(90, 250, 3)
    noise = rng.normal(0, rng.uniform(1, 12), (420, 320, 1))
    return Image.fromarray(np.clip(colour + noise, 0, 255).astype(np.uint8))


def _on_its_ground(photo: Image.Image) -> Image.Image:
    """A shop's picture without its white, RGBA."""
    pixels = np.asarray(photo)
    cut = np.dstack([pixels, np.where(pixels.min(axis=2) > 244, 0, 255).astype(np.uint8)])
    alone = Image.fromarray(cut, "RGBA")
    return alone.crop(alone.getchannel("A").getbbox() or (0, 0, *photo.size))


def _labels(made: str) -> np.ndarray:
    """What is known of an example: whole bodies only where a person was put in, and little of a collage."""
    labels = np.zeros(len(FAULTS), np.int8)
    labels[FAULTS.index("not_full_body")] = UNKNOWN
    for other in _UNTOLD.get(made, ()):
        labels[FAULTS.index(other)] = UNKNOWN
    if made != "none":
        labels[FAULTS.index(made)] = 1
    return labels


_UNTOLD = {
    "collage": ("cluttered", "too_small"),
    "cluttered": ("collage",),
    "too_small": ("blurred", "over_exposed"),
    "blurred": ("too_small",),
    "runway": ("too_dark", "cluttered"),
    "not_full_body": ("over_exposed",),
}
