"""The pictures to mine: all of a folder, or those that a CSV lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pocketshelf.errors import UsageError
from pocketshelf.picture_files import PICTURES, pictures_in
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.plain_csv import picture_lines

__all__ = ["Picture", "list_pictures"]

COLUMNS = {"image", "source"}


@dataclass(frozen=True)
class Picture:
    """One picture.

    Attributes:
        name: its path from the folder, or from the CSV's, with forward slashes.
        source: who it comes from (a seller, a site, a customer), as far as is known.
    """

    path: Path
    name: str
    source: str = ""


def list_pictures(given: str | Path) -> list[Picture]:
    """The pictures of a folder of any depth, by name; or of a CSV with a column ``image``, in its order.

    In a folder the source is the first folder below it; in a CSV the column ``source``. A picture that a CSV
    lists twice is taken once.

    Raises:
        UsageError: there is nothing to mine; the message says what was expected.
    """
    path = Path(given)
    if path.is_dir():
        pictures = [_in_folder(each, path) for each in pictures_in(path)]
    elif path.is_file():
        pictures = _in_csv(path)
    else:
        raise UsageError(f"{path}: no such folder or CSV of pictures")
    if not pictures:
        raise UsageError(f"{path}: no pictures here ({', '.join(sorted(PICTURES))})")
    return pictures


def _in_folder(path: Path, folder: Path) -> Picture:
    inner = path.relative_to(folder)
    return Picture(path, inner.as_posix(), inner.parts[0] if len(inner.parts) > 1 else "")


def _in_csv(path: Path) -> list[Picture]:
    try:
        records = picture_lines(path, COLUMNS)
    except DataDamaged as error:
        raise UsageError(str(error)) from error
    listed: dict[str, Picture] = {}
    for record in records:
        name = record.cells.get("image", "").replace("\\", "/")
        if not name or not (path.parent / name).is_file():
            raise UsageError(f"{path}:{record.line}: no picture {name or '(empty)'} beside the CSV")
        listed.setdefault(name, Picture(path.parent / name, name, record.cells.get("source", "")))
    return list(listed.values())
