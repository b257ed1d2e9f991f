"""``pocketshelf-train prepare solids``: goods and things of one's home from many sides, for `data.pairs`.

3D models under free licences (`pocketshelf_training.studio.scene.libraries`: Sweet Home 3D's furniture, or
scanned goods with their photographed surfaces) are drawn from many sides: the gallery picture on white, from
the front and a little above; the queries from other sides, turned, in other light, before parts of real
photos. The same in other colours is an item of its own: a hard negative. **Synthetic.** Every fifth model, or
maker, is of split val.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.studio.prepare.making import (
    Row,
    add_common,
    make,
    report,
    save_picture,
    write_pairs,
)
from pocketshelf_training.studio.scene.dressing import recoloured
from pocketshelf_training.studio.scene.grounds import Grounds, real_grounds
from pocketshelf_training.studio.scene.libraries import FOLDER, Model, models_in, of_split
from pocketshelf_training.studio.scene.solids import Solid, SolidError, View, drawn

__all__ = ["add_arguments", "prepare", "run"]

VERSION = 1
KINDS = ("own", "recoloured")
COLUMNS = ("role", "image", "item_id", "category", "split", "variant_of", "licence")
SIDE = 256
# Degrees: how far a query is turned from the gallery's picture, and how high it is taken from.
TURNED, RAISED, LEANING = 80.0, (-5.0, 55.0), 15.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, "solids", 1000, 5, "models, at most; each makes two items")
    parser.add_argument(
        "--models",
        type=Path,
        default=FOLDER,
        metavar="DIR",
        help=f"of libraries, *.sh3f, or of scanned things, a folder each (default: {FOLDER})",
    )
    parser.add_argument("--split", choices=("train", "val"), default="train", help="of the models")


def run(args: argparse.Namespace) -> int:
    root = data_root(args.data)
    models = models_in(args.models)
    rows = prepare(
        args.out, models, args.identities, args.photos, args.seed, root, args.split, args.processes
    )
    report(args.out, rows, args.photos + 1)
    return 0


def prepare(
    out: Path,
    models: list[Model],
    identities: int,
    photos: int,
    seed: int,
    root: Path,
    split: str = "train",
    processes: int = 1,
) -> list[Row]:
    """Make what is missing in ``out`` and list it in ``pairs.csv``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else.
        DataMissing: the photos that things stand before are not there.
    """
    own = of_split(models, split)
    order = np.random.default_rng([seed, 41]).permutation(len(own))[:identities]
    unit = Unit(out, tuple(own[i] for i in order), real_grounds(root)[split], photos, seed, split)
    asked = {"identities": identities, "photos": photos, "seed": seed, "split": split, "models": len(own)}
    rows = make(out, "solids", VERSION, asked, len(unit.models), unit, processes)
    write_pairs(out, COLUMNS, rows)
    return rows


@dataclass(frozen=True)
class Unit:
    """Draws one model, and the same in other colours."""

    out: Path
    models: tuple[Model, ...]
    grounds: Grounds
    photos: int
    seed: int
    split: str

    def __call__(self, number: int) -> list[Row]:
        model, rng = self.models[number], np.random.default_rng([self.seed, 42, number])
        try:
            solid = model.solid(rng)
        except SolidError:
            return []
        rows: list[Row] = []
        for kind in KINDS:
            rows += self._item(
                model, number, kind, solid if kind == "own" else _in_other_colours(solid, rng), rng
            )
        return rows

    def _item(
        self, model: Model, number: int, kind: str, solid: Solid, rng: np.random.Generator
    ) -> list[Row]:
        front = View(float(rng.uniform(15, 40)) * float(rng.choice([-1, 1])), float(rng.uniform(8, 25)))
        shots = [
            ("gallery", _on_white(solid, front)),
            *(("query", self._seen(solid, front, rng)) for _ in range(self.photos)),
        ]
        item = f"{number:04d}-{kind}"
        return [
            {
                "role": role,
                "image": save_picture(shot, self.out, f"pictures/{item}-{index}.jpg"),
                "item_id": item,
                "about": item,
                "name": model.name,
                "category": model.category,
                "split": self.split,
                "variant_of": "" if kind == "own" else f"{number:04d}-own",
                "licence": model.licence,
            }
            for index, (role, shot) in enumerate(shots)
        ]

    def _seen(self, solid: Solid, front: View, rng: np.random.Generator) -> Image.Image:
        view = View(
            front.turn + float(rng.uniform(-TURNED, TURNED)),
            float(rng.uniform(*RAISED)),
            float(rng.uniform(-LEANING, LEANING)),
            (float(rng.uniform(-70, 70)), float(rng.uniform(10, 80))),
        )
        side = round(SIDE * float(rng.uniform(0.5, 1.1)))
        thing, cover = drawn(solid, view, side)
        scene, _ = self.grounds.draw((SIDE, SIDE), rng)
        room = abs(SIDE - side) / 2
        at = [round((SIDE - side) / 2 + float(rng.uniform(-room, room))) for _ in range(2)]
        scene.paste(thing, (at[0], at[1]), cover.filter(ImageFilter.GaussianBlur(0.7)))
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            scene = enhance(scene).enhance(float(rng.uniform(0.75, 1.25)))
        return scene


def _on_white(solid: Solid, view: View) -> Image.Image:
    thing, cover = drawn(solid, view, SIDE)
    return Image.composite(
        thing, Image.new("RGB", thing.size, "white"), cover.filter(ImageFilter.GaussianBlur(0.7))
    )


def _in_other_colours(solid: Solid, rng: np.random.Generator) -> Solid:
    levels = Image.fromarray(solid.colours.clip(0, 255).astype(np.uint8)[None]).convert("RGBA")
    changed = np.asarray(recoloured(levels, rng).convert("RGB"))[0]
    return replace(solid, colours=changed.astype(np.float32))
