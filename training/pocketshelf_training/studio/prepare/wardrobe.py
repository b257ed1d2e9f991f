"""``pocketshelf-train prepare wardrobe``: garments and people, for trainings that dress on the device.

`prepare dressed` makes a few pictures of each garment; here only what it needs is made: each garment cut out,
and each person's worn garment with its mask and outline. `samplers.device_dressing` puts any on any, in any
colour, as often as a training asks. **Synthetic** then: the cloth is real, the fit is not.
"""

from __future__ import annotations

import argparse
import io
import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.errors import UsageError
from pocketshelf.files import atomic_write
from pocketshelf.stages.preprocess import WHOLE, decode_photo
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.data.wardrobe import FILE, FLAT_SIDE, PERSON_SIDE, PROFILE
from pocketshelf_training.outputs import require_folder
from pocketshelf_training.studio.prepare.making import add_folder
from pocketshelf_training.studio.scene.cutouts import Source, cut, sources
from pocketshelf_training.studio.scene.dressing import Person, extents, people, spread
from pocketshelf_training.studio.scene.grabbed import grabbed

__all__ = ["add_arguments", "flat_entry", "person_entry", "run"]

log = logging.getLogger("pocketshelf.training")

QUALITY = 70
# A shoe is no cloth that could be bent to another's outline.
GROUPS = ("upper", "outerwear", "dress", "trousers", "shorts", "skirt", "bag", "hat")
# Of a garment's sides, how much more around it is kept at most.
AROUND = 0.6
# A worn garment in pieces behind others teaches nothing.
LARGEST_PIECE = 0.75
TORSO = 1.35

Entry = dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_folder(parser, "runs/wardrobe", seed=1)
    parser.add_argument("--split", choices=("train", "val"), default="train", help="of garments and people")
    parser.add_argument("--limit", type=values.count, help="garments, and people, at most")
    parser.add_argument("--processes", type=values.count, default=1)


def run(args: argparse.Namespace) -> int:
    require_folder("--out", args.out)
    root = data_root(args.data)
    order = np.random.default_rng(args.seed).permutation
    there = [
        s
        for s in sources(root, ("clothing", "street"))
        if (s.split == "train") == (args.split == "train") and s.group in GROUPS
    ]
    worn = [p for group, found in people(args.split, root).items() if group in GROUPS for p in found]
    garments = [there[i] for i in order(len(there))[: args.limit]]
    wearers = [worn[i] for i in order(len(worn))[: args.limit]]
    # Not forked: a forked child of a process with threads may hang.
    with ProcessPoolExecutor(args.processes, get_context("spawn")) as pool:
        flat = list(_seen(pool.map(flat_entry, garments, chunksize=8), "garments", len(garments)))
        dressed = list(_seen(pool.map(person_entry, wearers, chunksize=8), "people", len(wearers)))
    if not flat or not dressed:
        raise UsageError(f"no garment could be cut out, or nobody wears any, in split {args.split}")
    path = args.out / FILE.format(args.split)
    args.out.mkdir(parents=True, exist_ok=True)
    columns = _columns("flat", flat) | _columns("person", dressed)
    with atomic_write(path) as part, part.open("wb") as stream:
        np.savez_compressed(stream, **columns)  # type: ignore[arg-type]
    tell(f"{path}: {len(flat)} garments, {len(dressed)} people, {path.stat().st_size / 1e6:.1f} MB")
    return 0


def _seen(entries: Iterator[Entry | None], what: str, total: int) -> Iterator[Entry]:
    for entry in tqdm(entries, desc=what, total=total, disable=None):
        if entry is not None:
            yield entry


def flat_entry(source: Source) -> Entry | None:
    """A garment cut out: its picture stretched to a square, its mask, and the outline of its torso."""
    garment = cut(source)
    if garment is None and source.data_set == "clothing":
        legs = source.group in ("trousers", "shorts")
        garment = grabbed(decode_photo(source.image, WHOLE).pixels, surely=not legs)
    if garment is None:
        return None
    aspect = garment.width / garment.height
    square = garment.resize((FLAT_SIDE, FLAT_SIDE), Image.Resampling.LANCZOS)
    colours, inside = spread(square)
    rows, left, right = extents(inside, TORSO)
    at = np.linspace(0, len(rows) - 1, PROFILE)
    sides = [np.interp(at, np.arange(len(rows)), side) / (FLAT_SIDE - 1) for side in (left, right)]
    return {
        "picture": _encoded(colours.astype(np.uint8)),
        "mask": np.packbits(inside),
        "profile": np.array(sides, np.float16),
        "aspect": np.float32(aspect),
        "group": source.group,
        "photo": source.image.name if source.mask is None else "",
        "name": source.identity.removeprefix("composite/"),
        "category": source.category or "",
    }


def person_entry(person: Person) -> Entry | None:
    """A worn garment and what is around it: crop, mask, outline, and its box; None where mostly hidden."""
    cloth = person.cloth()
    pieces, count = ndimage.label(cloth)
    if not count or np.bincount(pieces.ravel())[1:].max() < LARGEST_PIECE * cloth.sum():
        return None
    height, width = cloth.shape
    x, y, w, h = person.box
    around = (
        max(0, round(x - AROUND * w)),
        max(0, round(y - AROUND * h)),
        min(width, round(x + (1 + AROUND) * w)),
        min(height, round(y + (1 + AROUND) * h)),
    )
    size = (PERSON_SIDE, PERSON_SIDE)
    photo = Image.fromarray(decode_photo(person.image, WHOLE).pixels).crop(around)
    mask = np.asarray(Image.fromarray(cloth).crop(around).resize(size)) > 0
    if mask.sum() < 300:
        return None
    rows, left, right = extents(mask)
    y_all = np.arange(PERSON_SIDE)
    sides = [np.interp(y_all, rows, side) for side in (left, right)]
    wide, high = around[2] - around[0], around[3] - around[1]
    box = ((x - around[0]) / wide, (y - around[1]) / high, w / wide, h / high)
    return {
        "picture": _encoded(np.asarray(photo.resize(size, Image.Resampling.LANCZOS))),
        "mask": np.packbits(mask),
        "profile": np.array(sides, np.float16),
        "rows": np.array([rows[0], rows[-1]], np.int16),
        "box": np.array(box, np.float32),
        "group": person.group,
    }


def _encoded(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "WEBP", quality=QUALITY)
    return stream.getvalue()


def _columns(what: str, entries: list[Entry]) -> dict[str, np.ndarray]:
    """Columns by name; pictures one after another, with their lengths."""
    columns = {
        f"{what}_{name}": np.array([e[name] for e in entries]) for name in entries[0] if name != "picture"
    }
    columns[f"{what}_length"] = np.array([len(e["picture"]) for e in entries], np.int64)
    columns[f"{what}_pictures"] = np.frombuffer(b"".join(e["picture"] for e in entries), np.uint8)
    return columns
