"""Fifty photos that the filter leaves out, on one page: for a person to agree or not. It holds the photos."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.files import atomic_write
from pocketshelf.formats.bundle import Bundle
from pocketshelf.page.sheets import Group, Print, Sheet, render_sheet
from pocketshelf.page.thumbnails import data_url
from pocketshelf.quality import FAULTS
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.quality.keep import QualityFilter, in_words
from pocketshelf_training.quality.photos import RealPhoto, real_photos

__all__ = ["write_dropped"]

SHOWN, SIDE = 50, 240
# So many photos of street and shop are looked at.
LOOKED_AT = 900
# Fault → (name, why) of the photos of which it is the surest.
LeftOut = Mapping[str, Sequence[tuple[str, str]]]


def write_dropped(path: Path, bundle: Bundle, root: str | Path | None, seed: int) -> int:
    """Write the page; how many photos are on it.

    Raises:
        OSError: it cannot be written.
    """
    folder, encoder = data_root(root), Encoder.open(bundle)
    keep, photos = QualityFilter.of(encoder), _drawn(root, seed)
    left_out: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for photo in tqdm(photos, "filter", file=sys.stderr):
        read = read_photo(folder / photo.name)
        if found := keep.faults(read, encoder.boxes(read)[1]):
            left_out[found[0].code].append((photo.name, in_words(found)))
    shown = _by_turns(left_out)
    page = render_sheet(_sheet(left_out, shown, len(photos), folder))
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return sum(map(len, shown.values()))


def _drawn(root: str | Path | None, seed: int) -> list[RealPhoto]:
    photos = [p for p in real_photos(root) if p.kind in ("street", "shop") and p.part != "train"]
    order = np.random.default_rng(seed).permutation(len(photos))[:LOOKED_AT]
    return [photos[number] for number in order]


def _by_turns(left_out: LeftOut) -> dict[str, list[tuple[str, str]]]:
    """One of each fault, then the next of each, until there are enough."""
    shown: dict[str, list[tuple[str, str]]] = {code: [] for code in FAULTS if code in left_out}
    for turn in range(max(map(len, left_out.values()), default=0)):
        for code, chosen in shown.items():
            if turn < len(left_out[code]) and sum(map(len, shown.values())) < SHOWN:
                chosen.append(left_out[code][turn])
    return shown


def _sheet(left_out: LeftOut, shown: LeftOut, looked_at: int, folder: Path) -> Sheet:
    count = sum(map(len, left_out.values()))
    groups = [
        Group(_heading(code), [_print(folder, *each) for each in prints], total=len(left_out[code]))
        for code, prints in shown.items()
    ]
    lead = (
        f"{count} of {looked_at} photos of streets and of a shop are left out, of sources that nothing was "
        "trained on. They stand under their surest fault. Would you leave them out of a library of looks?"
    )
    return Sheet("Photos left out", lead, groups, footer="pocketshelf-train quality --dropped")


def _heading(code: str) -> str:
    """A fault's code as a person would write it."""
    return code.replace("_", " ").capitalize()


def _print(folder: Path, name: str, why: str) -> Print:
    return Print(data_url(folder / name, SIDE), name, why, "fair")
