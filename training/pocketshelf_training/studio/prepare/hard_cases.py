"""``pocketshelf-train prepare hard-cases``: street photos kept apart, made harder, to measure a detector on.

Beside them ``alone``: each garment of those photos cut out and put on white, as a shop shows it.

    FOLDER/CASE/photos.csv   a plain CSV (`pocketshelf_training.data.plain_csv`), a line a box, split val
    FOLDER/CASE/…jpg         one picture a photo; of ``alone``, one a garment

Every picture is synthetic and made from data-set images: it stays where it was made and is no part of a
repository.
"""

from __future__ import annotations

import argparse
import csv
import logging
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf_training.data.street import GARMENT_GROUPS
from pocketshelf_training.pages.sheet import draw_boxes, grid
from pocketshelf_training.samplers.alone import alone
from pocketshelf_training.samplers.hard_cases import HARD_CASES
from pocketshelf_training.samplers.pictures import Picture
from pocketshelf_training.samplers.sources import Labelled, PhotoCache, instance, street_photos
from pocketshelf_training.studio.prepare.making import add_folder, save_picture

__all__ = ["add_arguments", "prepare", "run"]

log = logging.getLogger("pocketshelf.training")

# The longest side of a photo before it is made harder.
SIDE = 640
SHEET_COLUMNS, SHEET_SIDE = 8, 240
# A garment alone: the picture, and how much of its width or height the garment takes.
ALONE_SIZE, ALONE_SHARE = (480, 600), 0.8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_folder(parser, "runs/hard-cases", seed=0)


def run(args: argparse.Namespace) -> int:
    count = prepare(args.out, args.seed, args.data)
    log.info("%d synthetic pictures in %s; look at %s", count, args.out, args.out / "sheet.png")
    return 0


def prepare(out: Path, seed: int, data: str | None) -> int:
    """Write every case of every photo of split val; returns how many pictures there are now."""
    photos, cache = street_photos(data, "val"), PhotoCache(SIDE)
    shown = []
    for place, (case, make) in enumerate(HARD_CASES.items()):
        folder = out / case.replace(" ", "-")
        rows = []
        for number, photo in enumerate(photos):
            other = photos[(number + 1) % len(photos)]
            rng = np.random.default_rng([seed, place, number])
            made = make(cache.picture(photo), cache.picture(other), rng)
            rows += _rows(save_picture(made.image, folder, f"{photo.image.stem}.jpg"), made)
            if number < SHEET_COLUMNS:
                shown.append(_drawn(made))
        _write(folder, rows)
    single = _alone(out / "alone", photos, cache)
    shown += [_drawn(made) for made in single[:SHEET_COLUMNS]]
    grid(shown, SHEET_COLUMNS, SHEET_SIDE).save(out / "sheet.png")
    return len(HARD_CASES) * len(photos) + len(single)


def _alone(folder: Path, photos: list[Labelled], cache: PhotoCache) -> list[Picture]:
    """Every garment of the photos on white, in the middle; those of which nothing is seen are left out."""
    rows, single = [], []
    for photo in photos:
        for number, group in enumerate(photo.groups):
            ground = Image.new("RGB", ALONE_SIZE, (255, 255, 255))
            piece = instance(photo, number, cache)
            made = alone(piece, int(group), ground, ALONE_SHARE, np.array([0.5, 0.5]))
            if len(made.boxes):
                rows += _rows(save_picture(made.image, folder, f"{photo.image.stem}-{number}.jpg"), made)
                single.append(made)
    _write(folder, rows)
    return single


def _rows(name: str, made: Picture) -> list[list]:
    """Of the CSV, a line a box."""
    boxes = zip(made.groups, made.boxes.tolist(), strict=True)
    return [
        [name, "val", GARMENT_GROUPS[group], *(round(v, 1) for v in (x0, y0, x1 - x0, y1 - y0))]
        for group, (x0, y0, x1, y1) in boxes
    ]


def _drawn(made: Picture) -> Image.Image:
    return draw_boxes(made.image, made.boxes, [GARMENT_GROUPS[group] for group in made.groups])


def _write(folder: Path, rows: list[list]) -> None:
    with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([["image", "split", "group", "x", "y", "w", "h"], *rows])
