"""``pocketshelf-train looks``: a library of looks from a folder of street photos, as a store.

Each photo's most prominent garment of each role is a product, tied to the others by the look's name; a photo
with fewer than two tells nothing. Garments that are small, or of which the detector is not sure, may be left
out (`is_clear`), and so may bad photos (`Keep`, `pocketshelf_training.quality.keep`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import say, tell
from pocketshelf.encoded import EncodedPhoto, EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError, StoreError, UsageError
from pocketshelf.formats.product import Product
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.formats.space import space_of
from pocketshelf.outfit import role_of
from pocketshelf.outfit.looks import look_product
from pocketshelf.picture_files import pictures_in
from pocketshelf.printable import counted
from pocketshelf.store import Store, current_sequence
from pocketshelf.store.libraries import is_library
from pocketshelf_training.pages.page import add_bundle
from pocketshelf_training.quality.keep import QualityFilter

__all__ = ["Keep", "add_arguments", "faultless", "is_clear", "looks_in", "run"]

# Pixels of the shorter side of a box: below, the embedder sees a smear.
MIN_SIDE = 24
# Boxes that the detector is less sure of make no look.
MIN_SCORE = 0.6

Keep = Callable[[EncodedPhoto], str | None]
"""Says of a photo why it is no look; None if it is one."""


def _everything(photo: EncodedPhoto) -> str | None:
    return None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    parser.add_argument("photos", type=Path, metavar="FOLDER", help="street photos, in folders of any depth")
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="the store to write")
    parser.add_argument(
        "--only", type=Path, metavar="LIST.txt", help="take only the photos listed, one a line"
    )
    parser.add_argument("--filtered", action="store_true", help="leave out small and doubtful garments")
    parser.add_argument("--filter", action="store_true", help="leave out bad photos (docs/quality.md)")


def run(args: argparse.Namespace) -> int:
    _require_no_shelf(args.store)
    encoder = Encoder.open(args.bundle)
    photos = _photos(args.photos, args.only)
    sequence = (current_sequence(args.store) or 0) + 1
    keep = QualityFilter.of(encoder) if args.filter else _everything
    products = list(looks_in(encoder, photos, args.photos, sequence, args.filtered, keep))
    if not products:
        raise UsageError(f"{args.photos}: no photo here shows two garments")
    Store.create(args.store, ShardMeta.of(space_of(encoder.bundle), sequence), products).close()
    looks = len({product.attributes["look"] for product in products})
    tell(
        f"{args.store}: {counted(looks, 'look')} of {counted(len(photos), 'photo')}, {len(products)} garments"
    )
    return 0


def _require_no_shelf(folder: Path) -> None:
    """Raises UsageError: a shelf of products is there, which a library would replace."""
    try:
        store = Store.open(folder)
    except StoreError:  # None, or one that nobody can read.
        return
    with store:
        if store.categories() and not is_library(store):
            other = folder.with_name(f"{folder.name}-looks")
            raise UsageError(
                f"--store {folder}: a shelf of {counted(len(store), 'product')} is there, which looks would "
                f"replace; name another place, as {other}"
            )


def _photos(folder: Path, listed: Path | None) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of photos")
    if listed is not None:
        lines = listed.read_text(encoding="utf-8").splitlines()
        return [folder / line.strip() for line in lines if line.strip()]
    return pictures_in(folder)


def looks_in(
    encoder: Encoder,
    photos: Sequence[Path],
    base: Path,
    sequence: int = 0,
    filtered: bool = False,
    keep: Keep = _everything,
) -> Iterator[Product]:
    """The garments of each photo that is a look; one that is none, or cannot be read, is passed over.

    Args:
        base: looks are named by the photo's path from there.
        filtered: without small and doubtful garments.
    """
    for path in tqdm(photos, "looks", file=sys.stderr):
        try:
            encoded = encoder.encode(path)
        except PhotoError as error:
            say(f"left out: {error}")
            continue
        if reason := keep(encoded):
            say(f"left out: {path}: {reason}")
            continue
        yield from _garments(encoder, encoded, path.relative_to(base).as_posix(), sequence, filtered)


def _garments(
    encoder: Encoder, encoded: EncodedPhoto, name: str, sequence: int, filtered: bool
) -> Iterable[Product]:
    worn: dict[str, EncodedRegion] = {}
    for region in encoded.regions:  # most prominent first
        found, role = region.detection, role_of(region.detection.group)
        side = min(found.box[2:]) * min(encoded.photo.scale)
        if role and (not filtered or is_clear(found.score, side)):
            worn.setdefault(role, region)
    if len(worn) < 2:
        return []
    return [
        look_product(
            name,
            role,
            encoder.embed(encoded.photo, region.detection.box),
            name,
            sequence,
            region.palette or "",
        )
        for role, region in worn.items()
    ]


def faultless(encoder: Encoder, base: Path, names: np.ndarray) -> np.ndarray:
    """bool (n,): whether the quality filter keeps the photo (n,) of each name, from ``base``."""
    keep = QualityFilter.of(encoder)
    photos, rows = np.unique(names, return_inverse=True)
    kept = [keep(encoder.encode(base / name)) is None for name in tqdm(photos, "quality", file=sys.stderr)]
    return np.array(kept, bool)[rows]


def is_clear(score: float | np.ndarray, side: float | np.ndarray) -> Any:
    """Whether a garment may join a look.

    Args:
        score: the detector's, of its box.
        side: pixels of the box's shorter side.
    """
    return (score >= MIN_SCORE) & (side >= MIN_SIDE)
