"""Excel and OpenDocument workbooks as tables, by python-calamine (the extra ``spreadsheets``)."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pocketshelf.catalogue import sheets
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
        CatalogueError: the library is not installed, or the file is no workbook, empty, or takes all memory.
    """
    if not _has_library():
        raise CatalogueError(
            f"{path}: is a spreadsheet's workbook; pip install 'pocketshelf[spreadsheets]', or save it as CSV"
        )
    said = _read_apart(path)
    if "failed" in said:
        raise CatalogueError(f"{path}: cannot be read as a workbook ({one_line(said['failed'])})")
    if not said["filled"]:
        raise CatalogueError(f"{path}: the catalogue is empty")
    table = _table(path, said["rows"], used)
    if said["filled"] > 1:
        note = f"only the sheet {said['name']!r} is read, of {said['filled']}"
        table.notes.append(RowProblem(0, note))
    return table


def _has_library() -> bool:
    try:
        return importlib.util.find_spec("python_calamine") is not None
    except ValueError:  # An application that keeps it out.
        return False


def _read_apart(path: Path) -> dict[str, Any]:
    """What the process of `pocketshelf.catalogue.sheets` says.

    Raises:
        CatalogueError: it ended at the workbook.
    """
    command = [sys.executable, "-P", sheets.__file__, str(path.absolute())]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    if done.returncode:
        raise CatalogueError(
            f"{path}: cannot be read as a workbook in the memory that there is for it; where a cell lies "
            "far outside of the table, delete what is around it, or save the table as CSV"
        )
    return dict(json.loads(done.stdout))


def _table(path: Path, texts: list[list[str]], used: Callable[[str], bool]) -> Records:
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
