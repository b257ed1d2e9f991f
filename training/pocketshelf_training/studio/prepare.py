"""``pocketshelf-train prepare studio``: the drawn collection into a folder, for `data.studio`.

Every picture is synthetic. With real fabric and backgrounds it is made from data-set images: it stays where
it was made and is no part of a repository.
"""

from __future__ import annotations

import argparse
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

from pocketshelf_training.data import grocery, patterns, street
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.studio.collection import Collection
from pocketshelf_training.studio.grounds import Grounds, real_grounds
from pocketshelf_training.studio.making import Unit, make, save_picture, write_sheet
from pocketshelf_training.studio.scene import Shot, Shown
from pocketshelf_training.studio.shots import shop_shot, street_shot

__all__ = ["add_arguments", "ground_licences", "prepare", "run"]

log = logging.getLogger("pocketshelf.training")

# Raised whenever the same seed gives other pictures.
VERSION = 2
OWN_LICENCE = "Apache-2.0"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--identities", type=int, default=600, help="garments (default 600)")
    parser.add_argument("--photos", type=int, default=4, help="street photos of each (default 4)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/studio"), help="default: runs/studio")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--drawn", action="store_true", help="fabric and backgrounds are drawn, too")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def run(args: argparse.Namespace) -> int:
    rows = prepare(args.out, args.identities, args.photos, args.seed, args.data, args.drawn, args.processes)
    sheet = write_sheet(args.out, rows, lambda row: row["about"], args.photos + 1)
    log.info("%d synthetic pictures in %s; look at %s", len(rows), args.out, sheet)
    return 0


def prepare(
    out: Path,
    identities: int,
    photos: int,
    seed: int,
    data: str | Path | None = None,
    drawn: bool = False,
    processes: int = 1,
) -> list[dict[str, Any]]:
    """Make what is missing in ``out``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else.
        DataMissing: the real photos are not there, and not all is to be ``drawn``.
    """
    settings = {
        "made by": "prepare studio", "version": VERSION, "synthetic": True, "identities": identities,
        "photos": photos, "seed": seed, "drawn": drawn,
    }  # fmt: skip
    root = None if drawn else data_root(data)
    arguments = (out, identities, photos, seed, root)
    return make(out, settings, identities, _begin, arguments, processes, "studio")


def _begin(out: Path, identities: int, photos: int, seed: int, root: Path | None) -> Unit:
    close_ups = close_ups_of(root) if root else {}
    grounds = real_grounds(root) if root else dict.fromkeys(("train", "val", "test"), Grounds())
    return partial(_unit, out, Collection(identities, seed, close_ups), grounds, photos)


def close_ups_of(root: Path) -> dict[str, dict[str, list[Path]]]:
    """Split to pattern to pictures; val and test share the fabrics of split val."""
    found: dict[str, dict[str, list[Path]]] = {"train": {}, "val": {}}
    for sample in patterns.load(root):
        found[sample.split].setdefault(sample.attributes["pattern"], []).append(sample.image)
    return {**found, "test": found["val"]}


def _unit(
    out: Path, collection: Collection, grounds: dict[str, Grounds], photos: int, index: int
) -> list[dict[str, Any]]:
    """The pictures of one garment."""
    split = collection.split(index)
    shots = [shop_shot(collection, index)]
    shots += [street_shot(collection, index, number, grounds[split]) for number in range(photos)]
    rows = []
    for number, shot in enumerate(shots):
        name = f"pictures/{index // 100:03d}/{index:05d}-{number}-{shot.kind}.jpg"
        save_picture(shot.image, out, name)
        rows.append(_row(collection, index, split, shot, name))
    return rows


def _row(collection: Collection, index: int, split: str, shot: Shot, name: str) -> dict[str, Any]:
    return {
        "image": name,
        "split": split,
        "domain": "shop" if shot.kind == "shop" else "street",
        "kind": shot.kind,
        "about": collection.garment(index).product_id,
        "size": list(shot.image.size),
        "synthetic": True,
        "licence": _licence(collection, shot),
        "garments": [_garment(collection, shown) for shown in shot.shown],
    }


def ground_licences(shot: Shot) -> set[str]:
    """Of what is behind the garments."""
    return {grocery.LICENCE, street.LICENCE} if shot.real_ground else {OWN_LICENCE}


def _licence(collection: Collection, shot: Shot) -> str:
    """Of all that is in the picture."""
    parts = {OWN_LICENCE} | ground_licences(shot)
    if any(collection.garment(shown.piece.number).fabric is not None for shown in shot.shown):
        parts.add(patterns.LICENCE)
    return " AND ".join(sorted(parts))


def _garment(collection: Collection, shown: Shown) -> dict[str, Any]:
    garment = collection.garment(shown.piece.number)
    return {
        "identity": garment.product_id,
        "category": garment.cut.category,
        "group": garment.cut.group,
        "box": [int(side) for side in shown.box],
        "seen": round(shown.share, 3),
        "attributes": garment.labels(),
        "landmarks": {name: [x, y, visible] for name, (x, y, visible) in shown.landmarks.items()},
    }
