"""The one protocol that every data set speaks: a list of `Sample`, whatever its file formats.

A data set is one file in this folder with a ``load(root) -> list[Sample]``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from pocketshelf.errors import PocketshelfError
from pocketshelf.types import Box

__all__ = [
    "SPLITS",
    "DataMissing",
    "LabelledBoxes",
    "Landmarks",
    "Sample",
    "data_root",
    "labelled_photos",
    "read_rows",
]

SPLITS = ("train", "val", "test")
# (group, (x, y, w, h)) of each, in pixels of the upright picture.
LabelledBoxes = tuple[tuple[str, Box], ...]
# Name to (x, y, visible), x and y in pixels.
Landmarks = dict[str, tuple[float, float, bool]]


class DataMissing(PocketshelfError):
    """A data set is not where it was looked for; the message says how to point at it."""


@dataclass(frozen=True)
class Sample:
    """One picture and all that is known of it; what is unknown is None or empty.

    Attributes:
        image: path of the picture.
        split: "train", "val" or "test".
        domain: "street" (a customer's photo) or "shop" (the shop's own picture).
        identity: the product's id, equal in both domains.
        category: the category's name.
        boxes: see `LabelledBoxes`.
        attributes: attribute name to value.
        landmarks: see `Landmarks`.
        licence: SPDX name of the data set's licence.
    """

    image: Path
    split: str
    domain: str
    identity: str | None = None
    category: str | None = None
    boxes: LabelledBoxes = ()
    attributes: dict[str, str] = field(default_factory=dict)
    landmarks: Landmarks = field(default_factory=dict)
    licence: str = ""


def data_root(path: str | Path | None = None) -> Path:
    """The folder of the real photos: ``path``, else the environment's POCKETSHELF_DATA.

    Raises:
        DataMissing: neither names a folder.
    """
    named = path or os.environ.get("POCKETSHELF_DATA")
    if not named:
        raise DataMissing("no data: set POCKETSHELF_DATA to the folder with the real photos, or pass --data")
    root = Path(named)
    if not root.is_dir():
        raise DataMissing(f"{root}: no such folder; POCKETSHELF_DATA or --data must name the real photos")
    return root


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a UTF-8 CSV with a header."""
    if not path.is_file():
        raise DataMissing(f"{path}: not found; is this the right data folder?")
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def labelled_photos(
    root: str | Path | None, name: str, label: str, licence: str, categories: Collection[str] = ()
) -> list[Sample]:
    """The photos of ``<name>/photos.csv`` below the real photos (columns photo, split and ``label``).

    The label is an attribute of every photo, and the category where it is one of ``categories``.
    """
    folder = data_root(root) / name
    return [
        Sample(
            folder / row["photo"],
            row["split"],
            "street",
            category=row[label] if row[label] in categories else None,
            attributes={label: row[label]},
            licence=licence,
        )
        for row in read_rows(folder / "photos.csv")
    ]
