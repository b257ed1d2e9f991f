"""``pocketshelf-train prepare dressed``: flat garments on people of street photos, for `data.pairs`.

A garment of `clothing`, or one that somebody else wears in `street`, is cut out; it, the same in another
colour and the same in another fabric are three items, each other's hard negatives. The gallery picture is the
garment as its owner laid it out, or on white; the queries are crops of street photos in which somebody wears
it. **Synthetic**: made from data-set images, it stays where it was made and is no part of a repository.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.data import patterns
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.studio.prepare.making import (
    Row,
    add_common,
    make,
    report,
    save_picture,
    write_pairs,
)
from pocketshelf_training.studio.scene.cutouts import Source, cut, sources
from pocketshelf_training.studio.scene.dressing import Person, dressed, people, printed, recoloured

__all__ = ["add_arguments", "prepare", "run"]

VERSION = 1
KINDS = ("own", "recoloured", "printed")
TRIES, SIDE = 6, 320
COLUMNS = ("role", "image", "item_id", "category", "split", "group", "variant_of", "licence")


@dataclass(frozen=True)
class Wardrobe:
    """What is dressed on whom.

    Attributes:
        garments: to be cut out; some are rejected.
        wearers: group → people whose garment of it is replaced.
        fabrics: close-ups.
    """

    garments: tuple[Source, ...]
    wearers: dict[str, list[Person]]
    fabrics: tuple[Path, ...]
    split: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, "dressed", 1500, 3, "garments; some are rejected, others make up to three items")
    parser.add_argument("--split", choices=("train", "val"), default="train", help="of garments and people")


def run(args: argparse.Namespace) -> int:
    root = data_root(args.data)
    rows = prepare(args.out, args.identities, args.photos, args.seed, root, args.split, args.processes)
    report(args.out, rows, args.photos + 1)
    return 0


def prepare(
    out: Path, identities: int, photos: int, seed: int, root: Path, split: str = "train", processes: int = 1
) -> list[Row]:
    """Make what is missing in ``out`` and list it in ``pairs.csv``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else.
        DataMissing: a data set is not there.
    """
    asked = {"identities": identities, "photos": photos, "seed": seed, "split": split}
    unit = Unit(out, wardrobe(root, identities, seed, split), photos, seed)
    rows = make(out, "dressed", VERSION, asked, len(unit.wardrobe.garments), unit, processes)
    write_pairs(out, COLUMNS, rows)
    return rows


def wardrobe(root: Path, identities: int, seed: int, split: str) -> Wardrobe:
    """At most ``identities`` garments in a drawn order; val is what the source calls val or test."""
    wearers = people(split, root)
    there = [
        s
        for s in sources(root, ("clothing", "street"))
        if (s.split == "train") == (split == "train") and s.group in wearers
    ]
    order = np.random.default_rng([seed, 31]).permutation(len(there))[:identities]
    fabrics = [s.image for s in patterns.load(root) if (s.split == "train") == (split == "train")]
    return Wardrobe(tuple(there[i] for i in order), wearers, tuple(fabrics), split)


@dataclass(frozen=True)
class Unit:
    """Makes the pictures of one garment."""

    out: Path
    wardrobe: Wardrobe
    photos: int
    seed: int

    def __call__(self, number: int) -> list[Row]:
        source = self.wardrobe.garments[number]
        garment = cut(source)
        if garment is None:
            return []
        rng = np.random.default_rng([self.seed, 32, number])
        rows: list[Row] = []
        for kind in KINDS:
            rows += self._item(source, kind, self._changed(garment, kind, rng), rng)
        return rows

    def _changed(self, garment: Image.Image, kind: str, rng: np.random.Generator) -> Image.Image:
        if kind == "recoloured":
            return recoloured(garment, rng)
        if kind == "printed" and self.wardrobe.fabrics:
            fabric = self.wardrobe.fabrics[int(rng.integers(len(self.wardrobe.fabrics)))]
            return printed(garment, Image.fromarray(decode_photo(fabric, WHOLE).pixels), rng)
        return garment

    def _item(self, source: Source, kind: str, garment: Image.Image, rng: np.random.Generator) -> list[Row]:
        """The gallery's picture and the worn ones; nothing where nobody could wear it."""
        name = f"{source.identity.removeprefix('composite/')}-{kind}"
        worn = [shot for _ in range(self.photos) if (shot := self._worn(source, garment, rng)) is not None]
        if not worn:
            return []
        own = kind == "own" and source.mask is None and rng.random() < 0.5
        laid = Image.fromarray(decode_photo(source.image, WHOLE).pixels) if own else _on_white(garment, rng)
        shots = [("gallery", laid), *(("query", shot) for shot in worn)]
        return [
            {
                "role": role,
                "image": save_picture(_small(shot), self.out, f"pictures/{name}-{index}.jpg"),
                "item_id": name,
                "about": name,
                "category": source.category or "",
                "split": self.wardrobe.split,
                "group": source.group,
                "variant_of": "" if kind == "own" else f"{name.removesuffix(kind)}own",
                "licence": source.licence,
            }
            for index, (role, shot) in enumerate(shots)
        ]

    def _worn(self, source: Source, garment: Image.Image, rng: np.random.Generator) -> Image.Image | None:
        wearers = self.wardrobe.wearers[source.group]
        for _ in range(TRIES):
            person = wearers[int(rng.integers(len(wearers)))]
            photo = dressed(garment, person, rng)
            if photo is not None:
                return photo.crop(_around(person.box, photo.size, rng))
        return None


def _around(
    box: tuple[int, int, int, int], frame: tuple[int, int], rng: np.random.Generator
) -> tuple[int, int, int, int]:
    """A crop that holds the box with 0 to 80 % more on each side; left, top, right, bottom."""
    x, y, w, h = box
    grown = [side * rng.uniform(0.0, 0.8) ** 1.5 for side in (w, h, w, h)]
    return (
        int(max(0, x - grown[0])),
        int(max(0, y - grown[1])),
        int(min(frame[0], x + w + grown[2])),
        int(min(frame[1], y + h + grown[3])),
    )


def _on_white(garment: Image.Image, rng: np.random.Generator) -> Image.Image:
    margin = round(max(garment.size) * rng.uniform(0.02, 0.15))
    ground = Image.new("RGB", (garment.width + 2 * margin, garment.height + 2 * margin), "white")
    ground.paste(garment, (margin, margin), garment)
    return ground


def _small(picture: Image.Image) -> Image.Image:
    picture.thumbnail((SIDE, SIDE))
    return picture
