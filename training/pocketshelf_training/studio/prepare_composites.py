"""``pocketshelf-train prepare composites``: cut-outs in new places, for `data.composites`.

Every picture is synthetic and made from data-set images: it stays where it was made and is no part of a
repository.
"""

from __future__ import annotations

import argparse
import logging
import os
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.studio.composite import Pool, on_white, pasted
from pocketshelf_training.studio.cutouts import Source, cut, sources
from pocketshelf_training.studio.grounds import Grounds, real_grounds
from pocketshelf_training.studio.making import Unit, make, save_picture, write_sheet
from pocketshelf_training.studio.prepare import ground_licences
from pocketshelf_training.studio.scene import Shot

__all__ = ["DATA_SETS", "add_arguments", "prepare", "run"]

log = logging.getLogger("pocketshelf.training")

# Raised whenever the same seed gives other pictures.
VERSION = 1
DATA_SETS = ("grocery", "clothing", "street")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--identities", type=int, default=1500, help="pictures to cut from; some are rejected (default 1500)"
    )
    parser.add_argument("--photos", type=int, default=3, help="composed photos of each (default 3)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/composites"), help="default: runs/composites")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--from", dest="data_sets", default=",".join(DATA_SETS), help="data sets, by commas")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def run(args: argparse.Namespace) -> int:
    data_sets = tuple(name for name in args.data_sets.split(",") if name)
    root = data_root(args.data)
    rows = prepare(args.out, args.identities, args.photos, args.seed, root, data_sets, args.processes)
    sheet = write_sheet(args.out, rows, lambda row: row["about"], args.photos + 1)
    log.info(
        "%d synthetic pictures of %d things in %s; look at %s",
        len(rows), len({row["about"] for row in rows}), args.out, sheet,
    )  # fmt: skip
    return 0


def prepare(
    out: Path,
    identities: int,
    photos: int,
    seed: int,
    root: Path,
    data_sets: tuple[str, ...] = DATA_SETS,
    processes: int = 1,
) -> list[dict[str, Any]]:
    """Make what is missing in ``out``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else, or a data set cannot be cut from.
    """
    strangers = [name for name in data_sets if name not in DATA_SETS]
    if strangers or not data_sets:
        raise UsageError(f"--from: {strangers or 'nothing'}; there are {', '.join(DATA_SETS)}")
    settings = {
        "made by": "prepare composites", "version": VERSION, "synthetic": True, "identities": identities,
        "photos": photos, "seed": seed, "from": list(data_sets),
    }  # fmt: skip
    count = len(chosen(root, data_sets, identities, seed))
    arguments = (out, identities, photos, seed, root, data_sets)
    return make(out, settings, count, _begin, arguments, processes, "composites")


def chosen(root: Path, data_sets: tuple[str, ...], identities: int, seed: int) -> tuple[Source, ...]:
    """At most ``identities`` of the sources, in a drawn order; goods, of which there are few, come first."""
    there = sources(root, data_sets)
    order = np.random.default_rng([seed, 12]).permutation(len(there))
    drawn = sorted((there[i] for i in order), key=lambda source: source.data_set != "grocery")
    return tuple(drawn[:identities])


def _begin(
    out: Path, identities: int, photos: int, seed: int, root: Path, data_sets: tuple[str, ...]
) -> Unit:
    pool = Pool(chosen(root, data_sets, identities, seed), seed)
    return partial(_unit, out, pool, real_grounds(root), photos)


def _unit(
    out: Path, pool: Pool, grounds: dict[str, Grounds], photos: int, number: int
) -> list[dict[str, Any]]:
    """The pictures of one thing; none where it cannot be cut out."""
    source = pool.sources[number]
    if cut(source) is None:
        return []
    shots = [on_white(pool, number)]
    shots += [pasted(pool, number, photo, grounds[source.split]) for photo in range(photos)]
    rows = []
    for count, shot in enumerate(shots):
        name = f"pictures/{number // 100:03d}/{number:05d}-{count}-{source.data_set}-{shot.kind}.jpg"
        save_picture(shot.image, out, name)
        rows.append(_row(pool, source, shot, name))
    return rows


def _row(pool: Pool, source: Source, shot: Shot, name: str) -> dict[str, Any]:
    things = [(pool.sources[shown.piece.number], shown) for shown in shot.shown]
    licences = {thing.licence for thing, _ in things} | ground_licences(shot)
    return {
        "image": name,
        "split": source.split,
        "domain": "shop" if shot.kind == "shop" else "street",
        "kind": shot.kind,
        "about": source.identity,
        "source": source.data_set,
        "size": list(shot.image.size),
        "synthetic": True,
        "licence": " AND ".join(sorted(licences)),
        "garments": [
            {
                "identity": thing.identity,
                "category": thing.category,
                "group": thing.group,
                "box": [int(side) for side in shown.box],
                "seen": round(shown.share, 3),
                "attributes": {},
                "landmarks": {},
            }
            for thing, shown in things
        ],
    }
