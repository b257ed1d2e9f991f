"""``pocketshelf-train prepare samples``: the small drawn shop that `pocketshelf demo --drawn` shows.

    FOLDER/catalogue.csv   product_id,title,category,image, then what is known of the garment
    FOLDER/queries.csv     photo,product_id,x,y,w,h   (the garment's box, in pixels of the photo)
    FOLDER/shop/*.webp     FOLDER/street/*.webp

All of it is drawn (synthetic), cloth and backgrounds included, so it may be part of the repository, in
sdk/pocketshelf/samples. The same numbers and seed give the same pictures.
"""

from __future__ import annotations

import argparse
import csv
import logging
from dataclasses import asdict
from pathlib import Path

from pocketshelf.cli import values
from pocketshelf_training.studio.garments.collection import Collection
from pocketshelf_training.studio.prepare.making import save_picture
from pocketshelf_training.studio.scene.grounds import Grounds
from pocketshelf_training.studio.scene.shots import shop_shot, street_shot

__all__ = ["add_arguments", "prepare", "run"]

log = logging.getLogger("pocketshelf.training")

PRODUCTS, PHOTOS, SEED = 60, 60, 7
# WebP, since the wheel is held to 8 MB: as JPEG of the same look they take twice as much.
QUALITY = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--products", type=values.count, default=PRODUCTS, help=f"garments (default {PRODUCTS})"
    )
    parser.add_argument(
        "--photos", type=values.count, default=PHOTOS, help=f"street photos in all (default {PHOTOS})"
    )
    parser.add_argument("--seed", type=values.seed, default=SEED)
    parser.add_argument("--out", type=Path, required=True, help="sdk/pocketshelf/samples are the demo's")


def run(args: argparse.Namespace) -> int:
    prepare(args.out, args.products, args.photos, args.seed)
    log.info("%d drawn (synthetic) pictures in %s", args.products + args.photos, args.out)
    return 0


def prepare(out: Path, products: int = PRODUCTS, photos: int = PHOTOS, seed: int = SEED) -> None:
    """Draw a shop of ``products`` garments and ``photos`` street photos of them, each in turn."""
    collection, catalogue, queries = Collection(2 * products, seed), [], []
    chosen = _with_distinct_titles(collection, products)
    for place, index in enumerate(chosen):
        garment, shot = collection.garment(index), shop_shot(collection, index)
        catalogue.append(
            {
                "product_id": _product_id(place),
                "title": garment.title,
                "category": garment.form.category,
                "image": save_picture(shot.image, out, f"shop/{_product_id(place)}.webp", QUALITY),
                "group": garment.form.group,
                **{name: value or "" for name, value in asdict(garment.attributes).items()},
            }
        )
    for number in range(photos):
        occasion, place = divmod(number, products)
        shot = street_shot(collection, chosen[place], occasion, Grounds())
        photo = save_picture(shot.image, out, f"street/s{number:04d}.webp", QUALITY)
        box = {side: int(value) for side, value in zip("xywh", shot.instances[0].box, strict=True)}
        queries.append({"photo": photo, "product_id": _product_id(place), **box})
    _write(out / "catalogue.csv", catalogue)
    _write(out / "queries.csv", queries)


def _with_distinct_titles(collection: Collection, count: int) -> list[int]:
    """The first ``count`` garments whose titles differ: others may look the same."""
    first: dict[str, int] = {}
    for index in range(collection.count):
        first.setdefault(collection.garment(index).title, index)
    return list(first.values())[:count]


def _product_id(index: int) -> str:
    return f"d{index:04d}"


def _write(path: Path, rows: list[dict]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
