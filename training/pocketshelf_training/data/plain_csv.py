"""One's own photos: a CSV with a header, one line a picture (or a picture's box).

Column ``image`` (a path, relative to the CSV) is needed. Known are ``split`` (train · val · test;
else train), ``domain`` (street · shop; else street), ``identity`` or ``product_id``, ``category``,
``group`` with ``x``, ``y``, ``w``, ``h`` (a box in pixels), ``licence``, and ``landmark:NAME`` ("x y" or
"x y 0", 0 for occluded). Any other column is an attribute, empty cells are unknown.

The text is read as a catalogue's is: any delimiter and encoding, cells left out at a line's
end. Traps handled: a missing column, a line that cannot be parsed, a box of which a part is missing, a
picture that is not there: each one line that names file and line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from pocketshelf.catalogue.delimited import read_delimited
from pocketshelf.catalogue.listing import Record
from pocketshelf.catalogue.text import decode_text, read_bytes
from pocketshelf.errors import CatalogueError
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import SPLITS, DataMissing, LabelledBoxes, Sample

__all__ = ["load", "picture_lines"]

DOMAINS = ("street", "shop")
# So many pictures that are not there are named; of a wrong folder it would be all.
FEW = 3
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
    records = picture_lines(path, KNOWN)
    _require_pictures(path, records)
    return [_sample(path.parent, f"{path}:{record.line}", record.cells) for record in records]


def _require_pictures(path: Path, records: Sequence[Record]) -> None:
    """Raises DataMissing: pictures are not there; names the first few, and counts the rest."""
    named = [(record.line, path.parent / record.cells.get("image", "")) for record in records]
    lost = [f"{path}:{line}: no picture {image}" for line, image in named if not image.is_file()]
    if lost:
        more = f"; and {len(lost) - FEW} more" if len(lost) > FEW else ""
        raise DataMissing("; ".join(lost[:FEW]) + more)


def picture_lines(path: Path, known: Collection[str], needed: Sequence[str] = ("image",)) -> list[Record]:
    """The lines of a CSV of pictures, by the names of their columns.

    Args:
        known: the columns that have a meaning, needed: those of them that must be there.

    Raises:
        DataDamaged: the file, or a line of it, cannot be read; names both.
    """
    try:
        table = read_delimited(decode_text(read_bytes(path), path)[0], path, known, known.__contains__)
    except CatalogueError as error:
        raise DataDamaged(str(error)) from error
    if lost := [name for name in needed if name not in table.columns]:
        raise DataDamaged(f"{path}:1: no column {lost[0]}; there are {', '.join(table.columns) or 'none'}")
    for problem in table.problems:
        raise DataDamaged(f"{path}:{problem.line}: {problem.problem}")
    return table.records


def _sample(folder: Path, at: str, row: dict[str, str]) -> Sample:
    return Sample(
        folder / row["image"],
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
