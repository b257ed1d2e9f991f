"""The studio's drawn garments, as `pocketshelf-train prepare studio` made them.

**Synthetic**: so must every figure say. One sample a garment, so a photo comes as often as it shows garments,
each with its own box; or, with ``one_per="photo"``, one sample a photo with all its boxes, the rest said of
the garment that it is about. Identities do not overlap between splits. Attributes: sleeve, neckline, closure,
length, pattern, colour, as far as the garment has them; colour is left out where a real fabric kept its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pocketshelf.errors import UsageError
from pocketshelf.types import Box
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing, Sample

__all__ = ["LABELS", "load", "read_labels", "samples_of"]

LABELS = "labels.jsonl"


def load(root: str | Path, one_per: str = "garment") -> list[Sample]:
    """The samples of a prepared folder.

    Args:
        one_per: "garment" or "photo".

    Raises:
        DataMissing: the folder was not prepared, or not to its end, or a picture is gone.
        DataDamaged: a line of the labels cannot be used.
        UsageError: another ``one_per``.
    """
    return samples_of(Path(root), read_labels(Path(root), "studio"), one_per)


def samples_of(root: Path, rows: list[dict[str, Any]], one_per: str) -> list[Sample]:
    """One sample a garment, or a photo; the pictures are below ``root``.

    Raises:
        UsageError: another ``one_per``.
    """
    if one_per not in ("garment", "photo"):
        raise UsageError(f"one_per is garment or photo, not {one_per!r}")
    make = _by_garment if one_per == "garment" else _by_photo
    return [sample for row in rows for sample in make(root, row)]


def read_labels(root: Path, what: str) -> list[dict[str, Any]]:
    """The rows of ``labels.jsonl``; every picture is there.

    Raises:
        DataMissing, DataDamaged: see `load`.
    """
    path = root / LABELS
    if not path.is_file():
        raise DataMissing(
            f"{path}: not found; make it (again) with `pocketshelf-train prepare {what} --out {root}`"
        )
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            there = (root / row["image"]).is_file()
            _ = row["split"], row["domain"], row["licence"], row["garments"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataDamaged(f"{path}:{number}: no label of a picture") from error
        if not there:
            raise DataMissing(f"{path}:{number}: no picture {root / row['image']}")
        rows.append(row)
    return rows


def _by_garment(root: Path, row: dict[str, Any]) -> Iterator[Sample]:
    for garment in row["garments"]:
        yield Sample(boxes=(_box(garment),), **_known(root, row, garment))


def _by_photo(root: Path, row: dict[str, Any]) -> Iterator[Sample]:
    if row["garments"]:
        yield Sample(boxes=tuple(map(_box, row["garments"])), **_known(root, row, row["garments"][0]))


def _known(root: Path, row: dict[str, Any], garment: dict[str, Any]) -> dict[str, Any]:
    return {
        "image": root / row["image"],
        "split": row["split"],
        "domain": row["domain"],
        "identity": garment["identity"],
        "category": garment["category"],
        "attributes": dict(garment["attributes"]),
        "landmarks": {name: (x, y, bool(seen)) for name, (x, y, seen) in garment["landmarks"].items()},
        "licence": row["licence"],
    }


def _box(garment: dict[str, Any]) -> tuple[str, Box]:
    x, y, w, h = map(float, garment["box"])
    return garment["group"], (x, y, w, h)
