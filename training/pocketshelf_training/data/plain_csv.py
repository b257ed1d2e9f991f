"""One's own photos: a CSV with a header, one line a picture (or a picture's box).

Column ``image`` (a path, relative to the CSV) is needed. Known are ``split`` (train · val · test;
else train), ``domain`` (street · shop; else street), ``identity`` or ``product_id``, ``category``,
``group`` with ``x``, ``y``, ``w``, ``h`` (a box in pixels), ``licence``, and ``landmark:NAME`` ("x y" or
"x y 0", 0 for occluded). Any other column is an attribute, empty cells are unknown.

Traps handled: a byte order mark, a missing column, a line with too few cells, a box of which a part
is missing, a picture that is not there: each one line that names file and line.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import SPLITS, DataMissing, LabelledBoxes, Sample

__all__ = ["load"]

DOMAINS = ("street", "shop")
BOX = ("x", "y", "w", "h")
KNOWN = {"image", "split", "domain", "identity", "product_id", "category", "group", "licence", *BOX}


def load(root: str | Path) -> list[Sample]:
    """One sample a line.

    Args:
        root: the CSV, or a folder with ``photos.csv``.

    Raises:
        DataMissing: the file, or a picture it names, is not there.
        DataDamaged: a line cannot be used; names file and line.
    """
    path = Path(root)
    path = path / "photos.csv" if path.is_dir() else path
    if not path.is_file():
        raise DataMissing(f"{path}: not found; name a CSV, or a folder with photos.csv")
    return list(_samples(path))


def _samples(path: Path) -> Iterator[Sample]:
    with path.open(newline="", encoding="utf-8-sig") as stream:
        reader = csv.DictReader(stream)
        if "image" not in (reader.fieldnames or []):
            raise DataDamaged(
                f"{path}:1: no column image; there are {', '.join(reader.fieldnames or ['none'])}"
            )
        for row in reader:
            at = f"{path}:{reader.line_num}"
            if None in row or None in row.values():
                raise DataDamaged(f"{at}: not as many cells as the header has names")
            yield _sample(path.parent, at, {name: cell.strip() for name, cell in row.items()})


def _sample(folder: Path, at: str, row: dict[str, str]) -> Sample:
    image = folder / row["image"]
    if not row["image"] or not image.is_file():
        raise DataMissing(f"{at}: no picture {image}")
    return Sample(
        image,
        _one_of(at, "split", row.get("split") or "train", SPLITS),
        _one_of(at, "domain", row.get("domain") or "street", DOMAINS),
        row.get("identity") or row.get("product_id") or None,
        row.get("category") or None,
        _boxes(at, row),
        {k: v for k, v in row.items() if k not in KNOWN and v and not k.startswith("landmark:")},
        dict(_landmarks(at, row)),
        row.get("licence", ""),
    )


def _one_of(at: str, column: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise DataDamaged(f"{at}: {column} {value!r} is not one of {', '.join(allowed)}")
    return value


def _boxes(at: str, row: dict[str, str]) -> LabelledBoxes:
    cells = [row.get(name, "") for name in BOX]
    if not any(cells):
        return ()
    x, y, w, h = _numbers(at, "box", cells)
    if w <= 0 or h <= 0:
        raise DataDamaged(f"{at}: an empty box {x:g} {y:g} {w:g} {h:g}")
    return ((row.get("group") or row.get("category") or "item", (x, y, w, h)),)


def _landmarks(at: str, row: dict[str, str]) -> Iterator[tuple[str, tuple[float, float, bool]]]:
    for column, cell in row.items():
        if column.startswith("landmark:") and cell:
            values = _numbers(at, column, cell.split())
            if len(values) not in (2, 3):
                raise DataDamaged(f"{at}: {column} is 'x y' or 'x y 0', not {cell!r}")
            yield column.removeprefix("landmark:"), (values[0], values[1], len(values) == 2 or values[2] != 0)


def _numbers(at: str, what: str, cells: list[str]) -> list[float]:
    try:
        return [float(cell) for cell in cells]
    except ValueError as error:
        raise DataDamaged(f"{at}: {what}: not numbers: {' '.join(cells)!r}") from error
