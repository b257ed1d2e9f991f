"""Pictures made once into a folder: by several processes, resumable, the same for a seed whatever happened.

    FOLDER/settings.json   what was asked for; another request in the same folder is refused
    FOLDER/parts/*.json    the labels of each finished unit of work, while it is being made
    FOLDER/pictures/…      JPEG, quality 90
    FOLDER/labels.jsonl    one picture a line; written last, so that it is there only when all is

A unit's pictures and labels depend on its number alone. Its part is written after its pictures.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf.files import atomic_write
from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.data.studio import LABELS

__all__ = ["Row", "add_common", "add_folder", "make", "report", "save_picture", "write_pairs"]

log = logging.getLogger("pocketshelf.training")

QUALITY = 90
_SHEET_ROWS, _SHEET_SIDE = 16, 128

Row = dict[str, Any]
# A unit of work's number to its labels; it writes its pictures itself.
Unit = Callable[[int], list[Row]]


def make(
    folder: Path, what: str, version: int, asked: Row, count: int, unit: Unit, processes: int
) -> list[Row]:
    """Do what is not yet done of units 0 to ``count`` - 1, then write the labels.

    Args:
        what: the command that makes the folder.
        version: of what it makes of the same seed.
        asked: the request, as settings.json keeps it.
        unit: makes one; it is pickled where there are several processes, which are started anew.

    Raises:
        UsageError: the folder holds something else.
    """
    _claim(folder, {"made by": f"prepare {what}", "version": version, "synthetic": True, **asked})
    missing = [number for number in range(count) if not _part(folder, number).exists()]
    done = count - len(missing)
    made = _made(unit, missing, processes)
    for number, rows in tqdm(made, desc=what, total=count, initial=done, disable=None):
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
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")


def save_picture(image: Image.Image, folder: Path, name: str, quality: int = QUALITY) -> str:
    """As JPEG or, where ``name`` says so, WebP below ``folder``, whole or not at all; returns ``name``."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as part:
        image.save(part, "WEBP" if name.endswith(".webp") else "JPEG", quality=quality)
    return name


_unit: Unit


def _start(unit: Unit) -> None:
    global _unit
    _unit = unit


def _run(number: int) -> list[Row]:
    return _unit(number)


def _made(unit: Unit, numbers: list[int], processes: int) -> Iterator[tuple[int, list[Row]]]:
    """Each number and its labels, made in this process, or in new ones."""
    if processes <= 1:
        yield from zip(numbers, map(unit, numbers), strict=True)
        return
    # Not forked: a forked child of a process with threads may hang.
    with ProcessPoolExecutor(processes, get_context("spawn"), _start, (unit,)) as pool:
        try:
            yield from zip(numbers, pool.map(_run, numbers, chunksize=4), strict=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def add_folder(parser: argparse.ArgumentParser, out: str, seed: int) -> None:
    """The options of every command that makes a folder of real photos; ``out`` is the default one."""
    parser.add_argument("--seed", type=values.seed, default=seed)
    parser.add_argument("--out", type=Path, default=Path(out), help=f"default: {out}")
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")


def add_common(parser: argparse.ArgumentParser, what: str, identities: int, photos: int, things: str) -> None:
    """The options of a command ``what`` that makes a folder of ``identities`` things, each with photos."""
    parser.add_argument(
        "--identities", type=values.count, default=identities, help=f"{things} (default {identities})"
    )
    parser.add_argument(
        "--photos", type=values.count, default=photos, help=f"photos of each (default {photos})"
    )
    add_folder(parser, f"runs/{what}", seed=1)
    parser.add_argument("--processes", type=values.whole, default=os.cpu_count() or 1)


def report(folder: Path, rows: list[Row], columns: int) -> None:
    """Say what was made, with ``sheet.png`` of the first pictures of evenly spread identities, one a line."""
    from pocketshelf_training.pages.sheet import grid  # It loads torch, which the processes do without.

    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row["about"], []).append(row)
    log.info("%d synthetic pictures of %d things in %s", len(rows), len(groups), folder)
    names = list(groups)
    cells: list[Image.Image] = []
    for name in names[:: max(1, len(names) // _SHEET_ROWS)][:_SHEET_ROWS]:
        line = [
            Image.fromarray(decode_photo(folder / row["image"], WHOLE).pixels)
            for row in groups[name][:columns]
        ]
        cells += line + [Image.new("RGB", (1, 1), "white")] * (columns - len(line))
    grid(cells, columns, _SHEET_SIDE).save(folder / "sheet.png")
    log.info("look at %s", folder / "sheet.png")


def write_pairs(folder: Path, columns: Sequence[str], rows: list[Row]) -> None:
    """List the pictures in ``pairs.csv`` (`pocketshelf_training.data.pairs`), whole or not at all."""
    with atomic_write(folder / "pairs.csv") as part, part.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
