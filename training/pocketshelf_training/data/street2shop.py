"""Street2Shop, "Where to Buy It" (Kiapour et al., ICCV 2015, section 3): eleven categories, exact matches.

Read are ``meta/json/retrieval_<category>.json`` ([{"photo", "product"}]: the shops' pictures),
``train_pairs_<category>.json`` and ``test_pairs_<category>.json`` ([{"photo", "product", "bbox": {left, top,
width, height}}]: street photos), and ``images/``: the photos one has downloaded from the addresses in
``photos.txt`` ("000000001,http://…"), named by number with or without leading zeros, in any folder below.

Traps handled: only addresses are published and many are dead, so pairs whose photo is missing are
counted and left out; a street photo shows several products, each pair is a sample with its own box;
a photo may be any image type; retrieval is within one category; shop pictures of products that no
training pair names are test gallery only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from pocketshelf_training.data.listing import DataDamaged, first_existing, read_json
from pocketshelf_training.data.protocol import DataMissing, LabelledBoxes, Sample

__all__ = ["CATEGORIES", "LICENCE", "load"]

LICENCE = "LicenseRef-Street2Shop-research"

CATEGORIES = (
    "bags",
    "belts",
    "dresses",
    "eyewear",
    "footwear",
    "hats",
    "leggings",
    "outerwear",
    "pants",
    "skirts",
    "tops",
)
log = logging.getLogger("pocketshelf.training")


def load(root: str | Path) -> list[Sample]:
    """Every pair and shop picture whose photo is there, of all categories whose files are there.

    Raises:
        DataMissing: no category's files, or no pictures.
        DataDamaged: a file is not as documented; names file and entry.
    """
    root = Path(root)
    meta = first_existing(root, "meta/json", "meta/meta/json", "json")
    photos = _photos(first_existing(root, "images", "photos"))
    there = [name for name in CATEGORIES if (meta / f"retrieval_{name}.json").is_file()]
    if not there:
        raise DataMissing(f"{meta}: no retrieval_<category>.json; categories are {', '.join(CATEGORIES)}")
    return [sample for category in there for sample in _category(meta, category, photos)]


def _photos(folder: Path) -> dict[int, Path]:
    """Photos by number, whatever a downloader called them: 000000012.jpeg, 12.JPEG, bags/12.png …"""
    found = {int(path.stem): path for path in sorted(folder.rglob("*.*")) if path.stem.isdigit()}
    if not found:
        raise DataMissing(f"{folder}: no photos named by their number; download what photos.txt lists")
    return found


def _category(meta: Path, category: str, photos: dict[int, Path]) -> Iterator[Sample]:
    named = ("train_pairs", "test_pairs", "retrieval")
    train, test, shop = (list(_entries(meta / f"{name}_{category}.json", category)) for name in named)
    trained = {product for _, product, _ in train} - {product for _, product, _ in test}
    entries = [("train", "street", *entry) for entry in train]
    entries += [("test", "street", *entry) for entry in test]
    entries += [("train" if entry[1] in trained else "test", "shop", *entry) for entry in shop]
    for split, domain, photo, product, boxes in entries:
        if photo in photos:
            identity = f"{category}/{product}"
            yield Sample(photos[photo], split, domain, identity, category, boxes, licence=LICENCE)
    missing = sum(photo not in photos for _, _, photo, _, _ in entries)
    if missing:
        log.warning("%s: %d entries left out, their photos were not downloaded", category, missing)


def _entries(path: Path, category: str) -> Iterator[tuple[int, int, LabelledBoxes]]:
    """(photo, product, boxes) of each entry: a street photo's one box, and none of a shop picture's."""
    boxed = not path.name.startswith("retrieval")
    if not path.is_file():
        raise DataMissing(f"{path}: not found; unpack meta.zip whole")
    for number, entry in enumerate(read_json(path), 1):
        try:
            boxes: LabelledBoxes = ()
            if boxed:
                x, y, w, h = (float(entry["bbox"][key]) for key in ("left", "top", "width", "height"))
                boxes = ((category, (x, y, w, h)),)
            yield int(entry["photo"]), int(entry["product"]), boxes
        except (KeyError, TypeError, ValueError) as error:
            raise DataDamaged(f"{path}:1: entry {number}: no or bad {error}") from error
