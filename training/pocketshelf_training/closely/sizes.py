"""Milliseconds of a close look by the size of the shelf. **Synthetic** shelves.

A shelf of N prints is the prints given, and copies of them whose descriptors have their bits in another
order: as distributed as real ones, and like no photo.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pocketshelf.closely import Closely, Features, extract
from pocketshelf.closely.file import serialize
from pocketshelf.formats.features import parse
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf_training.data.protocol import Sample

__all__ = ["by_size"]

Entry = tuple[Features, float]


def by_size(
    gallery: Sequence[Sample], queries: Sequence[Sample], sizes: Sequence[int], seed: int
) -> list[dict[str, Any]]:
    """A row a size: found first, medians of milliseconds by the wall clock, kB of features a print."""
    prints: dict[str, Entry] = {}
    for sample in gallery:
        photo = read_photo(sample.image)
        found = extract(photo.pixels, gallery=True)
        if found is not None:
            prints[str(sample.identity)] = found, photo.width / photo.height
    photos = [(read_photo(sample.image), sample.identity) for sample in queries]
    return [_row(prints, photos, size, seed) for size in sizes]


def _row(
    prints: dict[str, Entry], photos: Sequence[tuple[Photo, str | None]], size: int, seed: int
) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    ids, entries = list(prints)[:size], list(prints.values())[:size]
    own = list(entries)
    while len(entries) < size:
        features, shape = own[len(entries) % len(own)]
        bits = np.unpackbits(features.descriptors, axis=1)[:, rng.permutation(256)]
        entries.append((replace(features, descriptors=np.packbits(bits, axis=1)), shape))
        ids.append(f"filler {len(ids)}")
    data = serialize(entries)
    table = parse(data, size)
    assert table is not None, "what was written is read"
    shelf = Closely(ids, table)
    shelf.sightings(photos[0][0])  # What is derived when first needed.
    times, extracting, right = [], [], 0
    for photo, identity in photos:
        started = time.perf_counter()
        seen = shelf.sightings(photo)
        times.append(1000 * (time.perf_counter() - started))
        right += bool(seen) and seen[0].product_id == identity
        started = time.perf_counter()
        extract(photo.pixels, gallery=False)
        extracting.append(1000 * (time.perf_counter() - started))
    return {
        "products": size,
        "ms": float(np.median(times)),
        "of it features": float(np.median(extracting)),
        "first": right / len(photos),
        "kB a print": len(data) / size / 1000,
    }
