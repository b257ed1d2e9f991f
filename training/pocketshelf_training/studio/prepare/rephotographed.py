"""``pocketshelf-train prepare rephotographed``: flat prints as phones photograph them, for `data.pairs`.

A print is a cover made of street photos that carry tags alone, a band and words; every third design has
variants that differ in a word, a colour and an inset. The gallery picture is the print; the queries are
photos of it in perspective, in glare, blurred, held, beside its neighbours, as JPEG. **Synthetic**.
"""

from __future__ import annotations

import argparse
import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data.protocol import DataMissing, data_root
from pocketshelf_training.studio.prepare.making import (
    Row,
    add_common,
    make,
    report,
    save_picture,
    write_pairs,
)
from pocketshelf_training.studio.scene.flat_prints import Print, draw_print, opened
from pocketshelf_training.studio.scene.rephotograph import rephotographed

__all__ = ["add_arguments", "prepare", "run"]

VERSION = 1
SIZE = (640, 480)
VARIANTS = 3
# One photo in so many stands behind the prints.
GROUNDS = 5
COLUMNS = ("role", "image", "item_id", "category", "split", "variant_of", "licence")
SPLITS = ("train", "val", "test")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, "rephotographed", 100, 3, "prints")
    parser.add_argument(
        "--split", choices=SPLITS, default="val", help="whose pictures are on them (default val)"
    )


def run(args: argparse.Namespace) -> int:
    root = data_root(args.data)
    rows = prepare(args.out, args.identities, args.photos, args.seed, root, args.split, args.processes)
    report(args.out, rows, args.photos + 1)
    return 0


def prepare(
    out: Path, identities: int, photos: int, seed: int, root: Path, split: str = "val", processes: int = 1
) -> list[Row]:
    """Make what is missing in ``out`` and list it in ``pairs.csv``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else, or so many prints are not to be had.
        DataMissing: the street photos are not there.
    """
    asked = {"identities": identities, "photos": photos, "seed": seed, "split": split}
    unit = Unit(out, *prints(root, identities, seed, split), photos, seed, split)
    rows = make(out, "rephotographed", VERSION, asked, identities, unit, processes)
    write_pairs(out, COLUMNS, rows)
    return rows


def prints(root: Path, identities: int, seed: int, split: str) -> tuple[tuple[Print, ...], tuple[Path, ...]]:
    """So many, and photos to stand behind them, which are on none.

    No two splits share a photo, and no two designs of a split the picture in the middle.

    Raises:
        DataMissing, UsageError: as `prepare`.
    """
    listed = root / "street" / "tags.csv"
    if not listed.is_file():
        raise DataMissing(f"{listed}: not found; the prints show street photos")
    with listed.open(newline="", encoding="utf-8") as stream:
        names = sorted({row["photo"] for row in csv.DictReader(stream)})
    own = [root / "street" / name for number, name in enumerate(names) if number % 3 == SPLITS.index(split)]
    rng = np.random.default_rng([seed, 51])
    order = [own[place] for place in rng.permutation(len(own))]
    grounds, order = tuple(order[: len(order) // GROUNDS]), order[len(order) // GROUNDS :]
    others = tuple(order)
    found: list[Print] = []
    while len(found) < identities and order:
        pictures = (order.pop(), *(others[int(rng.integers(len(others)))] for _ in range(4)))
        design = int(rng.integers(1 << 30))
        many = VARIANTS if rng.random() < 1 / 3 else 1
        found += [Print(pictures, design, variant) for variant in range(many)]
    if len(found) < identities:
        raise UsageError(f"{listed}: its photos of {split} suffice for {len(found)} prints")
    return tuple(found[:identities]), grounds


@dataclass(frozen=True)
class Unit:
    """Makes the pictures of one print."""

    out: Path
    prints: tuple[Print, ...]
    grounds: tuple[Path, ...]
    photos: int
    seed: int
    split: str

    def __call__(self, number: int) -> list[Row]:
        print_ = self.prints[number]
        rng = np.random.default_rng([self.seed, 52, number])
        flat = draw_print(print_)
        shots = [("gallery", flat), *(("query", self._shot(flat, rng)) for _ in range(self.photos))]
        first = number - print_.variant
        return [
            {
                "role": role,
                "image": save_picture(shot, self.out, f"pictures/{number:05d}-{index}.jpg"),
                "item_id": f"print-{number:05d}",
                "about": f"print-{number:05d}",
                "category": "Cover",
                "split": self.split,
                "variant_of": f"print-{first:05d}" if print_.variant else "",
                "licence": "Apache-2.0",
            }
            for index, (role, shot) in enumerate(shots)
        ]

    def _shot(self, flat: Image.Image, rng: np.random.Generator) -> Image.Image:
        size = SIZE if rng.random() < 0.4 else SIZE[::-1]
        ground = opened(self.grounds[int(rng.integers(len(self.grounds)))])
        beside = rng.integers(len(self.prints), size=int(rng.choice([0, 0, 0, 2, 4])))
        neighbours = [draw_print(self.prints[int(index)]) for index in beside]
        return _as_jpeg(rephotographed(flat, ground, neighbours, size, rng)[0], rng)


def _as_jpeg(photo: Image.Image, rng: np.random.Generator) -> Image.Image:
    """As a phone's or a messenger's compression leaves it."""
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=int(rng.integers(30, 90)))
    return Image.fromarray(decode_photo(stream.getvalue()).pixels)
