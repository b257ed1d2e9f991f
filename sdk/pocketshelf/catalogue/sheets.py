"""The process that reads a workbook: run as a script with the workbook's path; it prints one JSON document.

A sheet is a whole rectangle to its reader: one forgotten cell in the last row and column takes more memory
than any machine has, and ends the process that reads it. So this is one of its own, its memory bounded
(on Linux). Only the standard library and python-calamine are imported here.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
from typing import Any

__all__ = ["main"]

# Of half of the machine's; a million rows of forty columns take 3 GB.
LEAST_MEMORY, MOST_MEMORY = 1 << 30, 8 << 30


def main(path: str) -> None:
    """Print ``{"filled": sheets that are not empty, "name": of the first, "rows": its cells as texts}``.

    Where the library cannot read the file, ``{"failed": why}``.
    """
    from python_calamine import CalamineWorkbook

    _bind_memory()
    try:
        workbook = CalamineWorkbook.from_path(path)
        document: dict[str, Any] = {"filled": 0, "name": "", "rows": []}
        for name in workbook.sheet_names:
            rows = [_texts(row) for row in workbook.get_sheet_by_name(name).to_python()]
            if not any(rows):
                continue
            document["filled"] += 1
            if document["filled"] == 1:
                document |= {"name": name, "rows": rows}
    except MemoryError:
        raise
    except Exception as error:  # The library's errors have no common base.
        document = {"failed": str(error)}
    sys.stdout.buffer.write(json.dumps(document).encode())


def _bind_memory() -> None:
    if sys.platform != "linux":  # It cannot be bound there.
        return
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    half = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    most = min(max(LEAST_MEMORY, half), MOST_MEMORY)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _texts(row: list[Any]) -> list[str]:
    """A row's cells, without empty ones at its end."""
    texts = [_text(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


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


if __name__ == "__main__":
    main(sys.argv[1])
