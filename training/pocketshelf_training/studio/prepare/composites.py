"""``pocketshelf-train prepare composites``: cut-outs in new places, for `data.composites`.

Every picture is synthetic and made from data-set images: it stays where it was made and is no part of a
repository.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from pocketshelf.errors import UsageError
from pocketshelf_training.data.composites import SOURCES
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.studio.prepare.labels import Thing, save_shots
from pocketshelf_training.studio.prepare.making import Row, add_common, make, report
from pocketshelf_training.studio.scene.composite import Pool, pasted, shop_shot
from pocketshelf_training.studio.scene.cutouts import Source, cut, sources
from pocketshelf_training.studio.scene.grounds import Grounds, real_grounds

__all__ = ["add_arguments", "prepare", "run"]

# Raised whenever the same seed gives other pictures.
VERSION = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser, "composites", 1500, 3, "pictures to cut from; some are rejected")
    parser.add_argument("--from", dest="data_sets", default=",".join(SOURCES), help="data sets, by commas")


def run(args: argparse.Namespace) -> int:
    data_sets = tuple(name for name in args.data_sets.split(",") if name)
    root = data_root(args.data)
    rows = prepare(args.out, args.identities, args.photos, args.seed, root, data_sets, args.processes)
    report(args.out, rows, args.photos + 1)
    return 0


def prepare(
    out: Path,
    identities: int,
    photos: int,
    seed: int,
    root: Path,
    data_sets: tuple[str, ...] = SOURCES,
    processes: int = 1,
) -> list[Row]:
    """Make what is missing in ``out``; returns all labels.

    Raises:
        UsageError: ``out`` holds something else, or a data set cannot be cut from.
    """
    strangers = [name for name in data_sets if name not in SOURCES]
    if strangers or not data_sets:
        raise UsageError(f"--from: {strangers or 'nothing'}; there are {', '.join(SOURCES)}")
    asked = {"identities": identities, "photos": photos, "seed": seed, "from": list(data_sets)}
    pool = Pool(_chosen(root, data_sets, identities, seed), seed)
    unit = partial(_unit, out, pool, real_grounds(root), photos)
    return make(out, "composites", VERSION, asked, len(pool.sources), unit, processes)


def _chosen(root: Path, data_sets: tuple[str, ...], identities: int, seed: int) -> tuple[Source, ...]:
    """At most ``identities`` of the sources, in a drawn order; goods, of which there are few, come first."""
    there = sources(root, data_sets)
    order = np.random.default_rng([seed, 12]).permutation(len(there))
    drawn = sorted((there[i] for i in order), key=lambda source: source.data_set != "grocery")
    return tuple(drawn[:identities])


def _unit(out: Path, pool: Pool, grounds: dict[str, Grounds], photos: int, number: int) -> list[Row]:
    """The pictures of one thing; none where it cannot be cut out."""
    source = pool.sources[number]
    if cut(source) is None:
        return []
    shots = [shop_shot(pool, number)]
    shots += [pasted(pool, number, photo, grounds[source.split]) for photo in range(photos)]
    known = {"split": source.split, "about": source.identity, "source": source.data_set}
    return save_shots(
        out, number, shots, lambda n: _thing(pool.sources[n]), set(), f"{source.data_set}-", known
    )


def _thing(source: Source) -> Thing:
    return Thing(source.identity, source.category, source.group, source.licence)
