"""``pocketshelf-train prepare studio``: the drawn collection into a folder, for `data.studio`.

Every picture is synthetic. With real fabric and backgrounds it is made from data-set images: it stays where
it was made and is no part of a repository.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from pocketshelf_training.data import patterns
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.studio.garments.collection import SPLITS, Collection
from pocketshelf_training.studio.garments.garment import Garment
from pocketshelf_training.studio.prepare.labels import OWN_LICENCE, Thing, save_shots
from pocketshelf_training.studio.prepare.making import Row, add_common, make, report
from pocketshelf_training.studio.scene.grounds import Grounds, real_grounds
from pocketshelf_training.studio.scene.shots import shop_shot, street_shot

__all__ = ["add_arguments", "prepare", "run"]

# Raised whenever the same seed gives other pictures.
VERSION = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, "studio", 600, 4, "garments")
    parser.add_argument("--drawn", action="store_true", help="fabric and backgrounds are drawn, too")


def run(args: argparse.Namespace) -> int:
    rows = prepare(args.out, args.identities, args.photos, args.seed, args.data, args.drawn, args.processes)
    report(args.out, rows, args.photos + 1)
    return 0


def prepare(
    out: Path,
    identities: int,
    photos: int,
    seed: int,
    data: str | Path | None = None,
    drawn: bool = False,
    processes: int = 1,
) -> list[Row]:
    """Make what is missing in ``out``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else.
        DataMissing: the real photos are not there, and not all is to be ``drawn``.
    """
    root = None if drawn else data_root(data)
    close_ups = close_ups_of(root) if root else {}
    grounds = real_grounds(root) if root else dict.fromkeys(SPLITS, Grounds())
    asked = {"identities": identities, "photos": photos, "seed": seed, "drawn": drawn}
    unit = partial(_unit, out, Collection(identities, seed, close_ups), grounds, photos)
    return make(out, "studio", VERSION, asked, identities, unit, processes)


def close_ups_of(root: Path) -> dict[str, dict[str, list[Path]]]:
    """Split to pattern to pictures; val and test share the fabrics of split val."""
    found: dict[str, dict[str, list[Path]]] = {"train": {}, "val": {}}
    for sample in patterns.load(root):
        found[sample.split].setdefault(sample.attributes["pattern"], []).append(sample.image)
    return {**found, "test": found["val"]}


def _unit(
    out: Path, collection: Collection, grounds: dict[str, Grounds], photos: int, index: int
) -> list[Row]:
    """The pictures of one garment."""
    split = collection.split(index)
    shots = [shop_shot(collection, index)]
    shots += [street_shot(collection, index, number, grounds[split]) for number in range(photos)]
    known = {"split": split, "about": collection.garment(index).product_id}
    return save_shots(
        out, index, shots, lambda number: _thing(collection.garment(number)), {OWN_LICENCE}, "", known
    )


def _thing(garment: Garment) -> Thing:
    licence = OWN_LICENCE if garment.fabric is None else patterns.LICENCE
    return Thing(garment.product_id, garment.form.category, garment.form.group, licence, garment.labels())
