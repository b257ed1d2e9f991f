"""Excel and OpenDocument workbooks as tables, by python-calamine (the extra ``spreadsheets``)."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pocketshelf.catalogue.delimited import DOUBLED, named_cells
from pocketshelf.catalogue.listing import Record, Records, RowProblem
from pocketshelf.errors import CatalogueError, one_line

__all__ = ["MAGIC", "SUFFIXES", "read_workbook"]

# How such files begin; others of these names are text that some program called so.
MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
SUFFIXES = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")


def read_workbook(path: Path, used: Callable[[str], bool] = lambda name: False) -> Records:
    """The first sheet that is not empty; its first row names the columns.

    Args:
        used: whether a column matters, so that it must not come twice.

    Raises:
        CatalogueError: the library is not installed, or the file is no workbook or empty.
    """
    try:
        from python_calamine import CalamineWorkbook
    except ImportError as error:
        raise CatalogueError(
            f"{path}: is a spreadsheet's workbook; pip install 'pocketshelf[spreadsheets]', or save it as CSV"
        ) from error
    try:
        workbook = CalamineWorkbook.from_path(str(path))
        sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    except Exception as error:  # The library's errors have no common base.
        raise CatalogueError(f"{path}: cannot be read as a workbook ({one_line(error)})") from error
    filled = {name: rows for name, rows in sheets.items() if any(any(map(_text, row)) for row in rows)}
    if not filled:
        raise CatalogueError(f"{path}: the catalogue is empty")
    name, rows = next(iter(filled.items()))
    table = _table(path, rows, used)
    if len(filled) > 1:
        table.notes.append(RowProblem(0, f"only the sheet {name!r} is read, of {len(filled)}"))
    return table


def _table(path: Path, rows: list[list[Any]], used: Callable[[str], bool]) -> Records:
    texts = [[_text(cell) for cell in row] for row in rows]
    start = next(place for place, row in enumerate(texts) if any(row))
    names: list[str] = []
    table = Records()
    for name in texts[start]:
        if name and name.casefold() in {known.casefold() for known in names}:
            if used(name):
                raise CatalogueError(f"{path}: the column {name!r} comes twice; name one of them otherwise")
            table.notes.append(RowProblem(start + 1, f"the column {name!r} comes twice; the first is taken"))
            name = DOUBLED
        names.append(name)
    table.columns = tuple(name for name in names if name not in ("", DOUBLED))
    for line, row in enumerate(texts[start + 1 :], start + 2):
        if any(row):
            table.records.append(Record(line, named_cells(names, row, line, table)))
    return table


def _text(cell: Any) -> str:
    """A cell as it would be typed; a number that is whole has no point."""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell).replace("\x00", "").strip()
