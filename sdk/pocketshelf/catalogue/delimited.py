"""Tables of delimited text, read so that a stray quote costs its own row.

By RFC 4180 a quoted cell may hold line breaks, so that a quote which is never closed swallows the rest of the
file, or all rows up to the next quote. Here a record that cannot be parsed, or that has other rows inside,
is lost alone: reading goes on with the line after the one where it begins.
"""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from pocketshelf.catalogue.listing import Record, Records, RowProblem
from pocketshelf.errors import CatalogueError

__all__ = ["DOUBLED", "header_names", "looks_like_picture", "named_cells", "read_delimited"]

DELIMITERS = ",;\t|"
# Python's own limit of 131,072 is below some shops' descriptions.
LONGEST_FIELD = 1_000_000
# A cell of more lines than this is a quote that was not closed.
LONGEST_RECORD = 1000
PICTURE = re.compile(r"\.(jpe?g|png|webp|gif|bmp|tiff?|hei[cf]|avif)([?#]\S*)?$", re.IGNORECASE)
# Of no width: what stands at the edge of a cell by a copy from elsewhere.
INVISIBLE = "\ufeff\u200b\u200e\u200f\u2060"
UNNAMED = "a column without a name is not read"
# In place of a name that came before; no name holds it.
DOUBLED = "\0"
LONE = re.compile("[\ud800-\udfff]")

Parsed = tuple[list[str] | str, int]
"""A record's cells and how many lines it has; or why it cannot be parsed, and the place where that shows."""


def looks_like_picture(text: str) -> bool:
    """Whether ``text`` ends as a picture's name does."""
    return bool(PICTURE.search(text.strip().strip('"')))


def read_delimited(
    text: str, path: Path, known: Collection[str], used: Callable[[str], bool] = lambda name: False
) -> Records:
    """The table in ``text``; blank lines are no records.

    Args:
        known: names of columns, folded, that tell the delimiter.
        used: whether a column matters, so that it must not come twice.

    Raises:
        CatalogueError: it is empty, no text, or a column that matters comes twice.
    """
    # Not str.splitlines, which would also break at form feeds and other characters within a title.
    lines = list(io.StringIO(text.lstrip("\ufeff").rstrip("\x1a"), newline=""))
    first, delimiter = 0, None
    if lines and lines[0].lower().lstrip('"').startswith("sep="):  # Excel's note to itself.
        first, delimiter = 1, lines[0].lstrip('"').rstrip('"\r\n')[4:5] or None
    while first < len(lines) and not lines[first].strip():
        first += 1
    if first == len(lines):
        raise CatalogueError(f"{path}: the catalogue is empty")
    if "\0" in lines[first]:
        raise CatalogueError(f"{path}: holds NUL bytes; this is no CSV file")
    csv.field_size_limit(LONGEST_FIELD)
    return _Reader(path, lines, delimiter or _sniff(lines[first], known)).table(first, used)


def header_names(header: str, delimiter: str) -> set[str]:
    """The columns that a first line names, folded."""
    return {cell.strip().strip('"').strip().casefold() for cell in header.rstrip("\r\n").split(delimiter)}


def _sniff(header: str, known: Collection[str]) -> str:
    """The delimiter that finds most known columns in the header; then most columns, a comma in doubt."""
    return max(DELIMITERS, key=lambda d: (len(header_names(header, d) & set(known)), header.count(d)))


def named_cells(names: list[str], cells: list[str], line: int, table: Records) -> dict[str, str]:
    """The cells that are not empty by their columns; those of a column without a name are noted once."""
    named = {}
    for name, cell in zip(names, cells, strict=False):
        if stripped := cell.strip().strip(INVISIBLE):
            named[name] = stripped
    named.pop(DOUBLED, None)
    if named.pop("", None) and not any(note.problem == UNNAMED for note in table.notes):
        table.notes.append(RowProblem(line, UNNAMED))
    return named


class _Reader:
    def __init__(self, path: Path, lines: list[str], delimiter: str) -> None:
        self._path = path
        self._lines = lines
        self._delimiter = delimiter
        self._width = 0
        # Lines at which a quotation ended that should not have been one.
        self._suspects: set[int] = set()

    def table(self, first: int, used: Callable[[str], bool]) -> Records:
        header, count = self._parse(first)
        if isinstance(header, str):
            raise CatalogueError(f"{self._path}: line {first + 1}, which names the columns: {header}")
        table = Records()
        names = self._columns([cell.strip() for cell in header], table, first + 1, used)
        table.columns = tuple(name for name in names if name not in ("", DOUBLED))
        self._width = len(names)
        for line, found in self._records(first + count):
            if isinstance(found, str):
                table.problems.append(RowProblem(line, found))
            elif self._overflows(found):
                hint = "; a comma within a cell needs quotes around it" if self._delimiter == "," else ""
                problem = f"has {len(found)} fields, the first line {len(names)}{hint}"
                table.problems.append(RowProblem(line, problem))
            else:  # Too few cells, or further empty ones: spreadsheets drop and add them at the end.
                table.records.append(Record(line, named_cells(names, found, line, table)))
        return table

    def _columns(
        self, header: list[str], table: Records, line: int, used: Callable[[str], bool]
    ) -> list[str]:
        """The names, `DOUBLED` for a column that is ignored."""
        names: list[str] = []
        for name in header:
            if name and name.casefold() in {known.casefold() for known in names}:
                if used(name):
                    raise CatalogueError(
                        f"{self._path}: the column {name!r} comes twice; name one of them otherwise"
                    )
                table.notes.append(RowProblem(line, f"the column {name!r} comes twice; the first is taken"))
                name = DOUBLED
            names.append(name)
        return names

    def _records(self, place: int) -> Iterator[tuple[int, list[str] | str]]:
        """(line where it begins, its cells or why it is lost) of every record that is not blank."""
        while place < len(self._lines):
            line = self._lines[place]
            if fault := _unreadable(line):
                yield place + 1, fault
                place += 1
                continue
            cells, count = self._parse(place)
            if isinstance(cells, str):
                self._suspects.add(count)
                yield place + 1, cells
                place += 1
                continue
            if place in self._suspects and count == 1 and line.count('"') % 2:
                yield place + 1, "holds a stray quote, which ends one that was opened above"
            elif fault := next(filter(None, map(_unreadable, self._lines[place : place + count])), None):
                yield place + 1, fault
            elif any(cell.strip() for cell in cells):
                yield place + 1, cells
            place += count

    def _parse(self, place: int) -> Parsed:
        """The record that begins at ``place``."""
        line = self._lines[place]
        if '"' not in line:
            return self._split(line), 1
        reader = csv.reader(
            map(self._lines.__getitem__, range(place, min(place + LONGEST_RECORD, len(self._lines)))),
            delimiter=self._delimiter,
            skipinitialspace=True,
            strict=True,
        )
        try:
            cells = next(reader)
        except csv.Error as error:
            return _explain(error, reader.line_num), place + reader.line_num - 1
        lines = self._lines[place : place + reader.line_num]
        if len(lines) > 1 and (self._overflows(cells) or self._swallows(lines)):
            return "a quote is opened here and closed only within another row", place + reader.line_num - 1
        return cells, reader.line_num

    def _overflows(self, cells: list[str]) -> bool:
        """Whether there is more in ``cells`` than the header has names for."""
        return self._width > 0 and any(cell.strip() for cell in cells[self._width :])

    def _swallows(self, lines: list[str]) -> bool:
        """Whether a quotation over ``lines`` holds rows of the table."""
        inner = [line for line in lines[1:-1] if line.strip()]
        if any(map(self._is_row, inner)):
            return True
        widths = {line.count(self._delimiter) + 1 for line in (lines[0], *inner, lines[-1])}
        if self._width > 2 and widths == {self._width}:  # Whatever pictures are called here.
            return True
        return any(map(looks_like_picture, self._split(lines[0]))) and self._is_row(lines[-1])

    def _split(self, line: str) -> list[str]:
        """The cells of a line without regard to quotes."""
        return line.rstrip("\r\n").split(self._delimiter)

    def _is_row(self, line: str) -> bool:
        """Whether ``line`` alone would do for a row."""
        ways = [self._split(line)]
        with contextlib.suppress(csv.Error, StopIteration):
            ways.append(next(csv.reader([line], delimiter=self._delimiter)))
        return any(
            len(cells) >= self._width > 1 and cells[0] and any(map(looks_like_picture, cells))
            for cells in ways
        )


def _unreadable(line: str) -> str | None:
    if "\0" in line:
        return "holds a NUL byte"
    if not line.isascii() and LONE.search(line):
        return "is not text of the file's encoding"
    return None


def _explain(error: csv.Error, lines: int) -> str:
    if "unexpected end of data" in str(error):
        return "a quote is opened here and never closed"
    if "field larger than" in str(error):
        return f"a field is longer than {LONGEST_FIELD} characters, or a quote is never closed"
    if lines > 1:
        return "a quote is opened here and closed only within another row"
    return f"cannot be parsed ({error})"
