"""``pocketshelf-train prepare hard-cases``: street photos kept apart, made harder, to measure a detector on.

    FOLDER/CASE/photos.csv   a plain CSV (`pocketshelf_training.data.plain_csv`), a line a box, split val
    FOLDER/CASE/…jpg         one picture a photo

Every picture is synthetic and made from data-set images: it stays where it was made and is no part of a
repository.
"""

from __future__ import annotations

import argparse
import csv
import logging
from pathlib import Path

import numpy as np

from pocketshelf_training.data.street import GARMENT_GROUPS
from pocketshelf_training.pages.sheet import draw_boxes, grid
from pocketshelf_training.samplers.hard_cases import HARD_CASES
from pocketshelf_training.samplers.sources import PhotoCache, street_photos
from pocketshelf_training.studio.prepare.making import add_folder, save_picture

__all__ = ["add_arguments", "prepare", "run"]

log = logging.getLogger("pocketshelf.training")

# The longest side of a photo before it is made harder.
SIDE = 640
SHEET_COLUMNS, SHEET_SIDE = 8, 240


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
            name = save_picture(made.image, folder, f"{photo.image.stem}.jpg")
            groups = [GARMENT_GROUPS[group] for group in made.groups]
            for group, (x0, y0, x1, y1) in zip(groups, made.boxes.tolist(), strict=True):
                rows.append([name, "val", group, *(round(v, 1) for v in (x0, y0, x1 - x0, y1 - y0))])
            if number < SHEET_COLUMNS:
                shown.append(draw_boxes(made.image, made.boxes, groups))
        with (folder / "photos.csv").open("w", newline="", encoding="utf-8") as stream:
            csv.writer(stream).writerows([["image", "split", "group", "x", "y", "w", "h"], *rows])
    grid(shown, SHEET_COLUMNS, SHEET_SIDE).save(out / "sheet.png")
    return len(HARD_CASES) * len(photos)
