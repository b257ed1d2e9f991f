"""Read a catalogue as shops export them: comma, semicolon or tab, with or without a byte-order mark.

The first line names the columns, in any order and case: product_id, title, category, image, and any others,
which become attributes. One line is one picture; further lines of the same product_id are further pictures
of it, whose title, category and attributes are those of its first line. Quoted fields may hold line breaks.
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pocketshelf.errors import CatalogueError, PhotoError

__all__ = ["REQUIRED_COLUMNS", "CatalogueRow", "CatalogueTable", "RowProblem", "read_catalogue"]

REQUIRED_COLUMNS = ("product_id", "title", "category", "image")
DELIMITERS = ",;\t|"
# Python's own limit of 131,072 is below some shops' descriptions.
LONGEST_FIELD = 1_000_000


@dataclass(frozen=True)
class CatalogueRow:
    """One good line.

    Attributes:
        line: number in the file, from 1, of the line where the row begins.
        image: the picture as the file names it, with forward slashes.
        attributes: the further columns that are not empty.
    """

    line: int
    product_id: str
    title: str
    category: str
    image: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RowProblem:
    """One bad line, and why it is left out; line 0 where there are no lines."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}" if self.line else self.problem


@dataclass
class CatalogueTable:
    """A catalogue's good rows in the file's order, its bad ones, and the columns it names."""

    path: Path
    columns: tuple[str, ...] = ()
    rows: list[CatalogueRow] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def read_catalogue(path: str | Path) -> CatalogueTable:
    """Read the CSV at ``path``. Bad rows are listed, good ones kept; no picture is opened.

    Raises:
        CatalogueError: the file is missing, empty, no text, or lacks a required column.
    """
    path = Path(path)
    # Not str.splitlines, which would also break at form feeds and other characters within a title.
    lines = list(io.StringIO(_decode(path), newline=""))
    skipped = 1 if lines and lines[0].lower().startswith("sep=") else 0  # Excel's note to itself.
    lines = lines[skipped:]
    if not any(line.strip() for line in lines):
        raise CatalogueError(f"{path}: the catalogue is empty")
    csv.field_size_limit(LONGEST_FIELD)
    delimiter = _sniff(lines[0])
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    table = CatalogueTable(path)
    records = _records(reader, skipped, table.problems)
    header = next(records, (0, []))[1]
    table.columns = _columns(path, header)
    for line, cells in records:
        row = _row(line, cells, table.columns)
        if isinstance(row, RowProblem):
            table.problems.append(row)
        else:
            table.rows.append(row)
    return table


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror or error})") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CatalogueError(f"{path}: line {line} is not UTF-8 text; save the catalogue as UTF-8") from error
    if "\0" in text:
        raise CatalogueError(f"{path}: holds NUL bytes; this is no CSV file")
    return text


def _sniff(header: str) -> str:
    """The delimiter that finds most of the required columns in the header, a comma in doubt."""

    def found(delimiter: str) -> int:
        names = {cell.strip().strip('"').strip().casefold() for cell in header.split(delimiter)}
        return len(names & set(REQUIRED_COLUMNS))

    return max(DELIMITERS, key=found)


def _records(
    reader: Iterator[list[str]], skipped: int, problems: list[RowProblem]
) -> Iterator[tuple[int, list[str]]]:
    """(line where it begins, cells) of every record that is not blank; broken ones go to ``problems``."""
    while True:
        line = reader.line_num + skipped + 1  # type: ignore[attr-defined]
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problems.append(RowProblem(line, _explain(error)))
            continue
        if any(cell.strip() for cell in cells):
            yield line, cells


def _explain(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote is opened here and never closed; nothing after it was read"
    return f"cannot be parsed ({error})"


def _columns(path: Path, header: list[str]) -> tuple[str, ...]:
    names = [cell.strip() for cell in header]
    names = [name.casefold() if name.casefold() in REQUIRED_COLUMNS else name for name in names]
    if missing := [name for name in REQUIRED_COLUMNS if name not in names]:
        raise CatalogueError(
            f"{path}: the first line must name the columns; missing: {', '.join(missing)} "
            f"(found: {', '.join(names)[:120]})"
        )
    if doubled := [name for name in names if name and names.count(name) > 1]:
        raise CatalogueError(f"{path}: the column {doubled[0]!r} comes twice")
    return tuple(names)


def _row(line: int, cells: list[str], columns: tuple[str, ...]) -> CatalogueRow | RowProblem:
    if len(cells) != len(columns):
        return RowProblem(line, f"has {len(cells)} fields, the first line {len(columns)}")
    values = {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name}
    if empty := [name for name in ("product_id", "category", "image") if not values[name]]:
        return RowProblem(line, f"{empty[0]} is empty")
    image = values["image"].replace("\\", "/")
    if "://" in image:
        return RowProblem(line, f"image {image!r} is a URL; download the pictures first")
    attributes = {name: v for name, v in values.items() if name not in REQUIRED_COLUMNS and v}
    return CatalogueRow(line, values["product_id"], values["title"], values["category"], image, attributes)


def image_path(base: Path, image: str) -> Path:
    """Where a row's picture is.

    Raises:
        PhotoError: the name leads out of ``base``.
    """
    root = os.path.normpath(base.absolute())
    path = os.path.normpath(os.path.join(root, image))  # noqa: PTH118 - lexical, as links in base are the user's own
    if os.path.commonpath([root, path]) != root:
        raise PhotoError(f"image {image!r} leads out of the folder {base}")
    return Path(path)
