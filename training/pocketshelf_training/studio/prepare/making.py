"""Pictures made once into a folder: by several processes, resumable, the same for a seed whatever happened.

    FOLDER/settings.json   what was asked for; another request in the same folder is refused
    FOLDER/parts/*.json    the labels of each finished unit of work, while it is being made
    FOLDER/pictures/…      JPEG, quality 90
    FOLDER/labels.jsonl    one picture a line; written last, so that it is there only when all is

A unit's pictures and labels depend on its number alone. Its part is written after its pictures.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from pocketshelf.errors import UsageError
from pocketshelf_training.data.studio import LABELS

__all__ = ["LABELS", "QUALITY", "add_common", "make", "report", "save_picture"]

log = logging.getLogger("pocketshelf.training")

QUALITY = 90
_SHEET_ROWS, _SHEET_SIDE = 16, 128

Row = dict[str, Any]
# A unit of work's number to its labels; it writes its pictures itself.
Unit = Callable[[int], list[Row]]


def make(
    folder: Path,
    settings: Row,
    count: int,
    begin: Callable[..., Unit],
    arguments: tuple,
    processes: int,
    what: str,
) -> list[Row]:
    """Do what is not yet done of units 0 to ``count`` - 1, then write the labels.

    Args:
        begin: called once in each process with ``arguments``; gives the function that makes a unit. It must
            be importable, as the processes are started anew.

    Raises:
        UsageError: the folder holds something else.
    """
    _claim(folder, settings)
    missing = [number for number in range(count) if not _part(folder, number).exists()]
    with (
        _workers(begin, arguments, processes) as run,
        tqdm(run(missing), desc=what, total=count, initial=count - len(missing), disable=None) as finished,
    ):
        for number, rows in finished:
            _write(_part(folder, number), json.dumps(rows))
    rows = [row for number in range(count) for row in json.loads(_part(folder, number).read_text("utf-8"))]
    _write(folder / LABELS, "".join(json.dumps(row) + "\n" for row in rows))
    return rows


def _claim(folder: Path, settings: Row) -> None:
    path = folder / "settings.json"
    if path.exists():
        there = json.loads(path.read_text("utf-8"))
        changed = sorted(name for name in {*there, *settings} if there.get(name) != settings.get(name))
        if changed:
            raise UsageError(f"{folder} was made with another {changed[0]}; name a new --out")
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty; name a new --out")
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    _write(path, json.dumps(settings, indent=1) + "\n")


def _part(folder: Path, number: int) -> Path:
    return folder / "parts" / f"{number:06d}.json"


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(path.name + ".new")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def save_picture(image: Image.Image, folder: Path, name: str, quality: int = QUALITY) -> str:
    """As JPEG below ``folder``, whole or not at all; returns ``name``."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    image.save(temporary, "JPEG", quality=quality)
    temporary.replace(path)
    return name


_unit: Unit


def _start(begin: Callable[..., Unit], arguments: tuple) -> None:
    global _unit
    _unit = begin(*arguments)


def _run(number: int) -> tuple[int, list[Row]]:
    return number, _unit(number)


@contextmanager
def _workers(
    begin: Callable[..., Unit], arguments: tuple, processes: int
) -> Iterator[Callable[[list[int]], Iterator[tuple[int, list[Row]]]]]:
    """A map over unit numbers: in this process, or in new ones."""
    if processes <= 1:
        unit = begin(*arguments)
        yield lambda numbers: ((number, unit(number)) for number in numbers)
        return
    # Not forked: a forked child of a process with threads may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), _start, (begin, arguments)) as pool:
        try:
            yield lambda numbers: pool.map(_run, numbers, chunksize=4)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def add_common(parser: argparse.ArgumentParser, out: str) -> None:
    """The options of every command that makes a folder; ``out`` is the default one."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(out), help=f"default: {out}")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)


def report(folder: Path, rows: list[Row], columns: int) -> None:
    """Say what was made, with ``sheet.png`` of the first pictures of evenly spread identities, one a line."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["about"], []).append(row)
    log.info("%d synthetic pictures of %d things in %s", len(rows), len(groups), folder)
    names = list(groups)
    chosen = names[:: max(1, len(names) // _SHEET_ROWS)][:_SHEET_ROWS]
    sheet = Image.new("RGB", (columns * _SHEET_SIDE, len(chosen) * _SHEET_SIDE), "white")
    for line, name in enumerate(chosen):
        for column, row in enumerate(groups[name][:columns]):
            image = Image.open(folder / row["image"]).convert("RGB")
            image.thumbnail((_SHEET_SIDE, _SHEET_SIDE))
            sheet.paste(image, (column * _SHEET_SIDE, line * _SHEET_SIDE))
    sheet.save(folder / "sheet.png")
    log.info("look at %s", folder / "sheet.png")
