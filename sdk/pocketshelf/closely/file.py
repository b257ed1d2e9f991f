"""Between a picture's features and the file of a shelf's (`pocketshelf.formats.features`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pocketshelf.closely.features import Features, extract
from pocketshelf.closely.words import assigned, chosen_words
from pocketshelf.formats.features import (
    DESCRIPTOR_BYTES,
    FEATURE,
    SHAPE,
    FeatureTable,
    Print,
    assembled,
    features_file,
)
from pocketshelf.stages.preprocess import Photo

__all__ = ["features_of", "kept_of", "quantized", "serialize", "tabled", "write_features"]


def quantized(features: Features, shape: float) -> Print:
    """The features of a picture as they are kept, of no word yet.

    Args:
        shape: the picture's width by its height.
    """
    rows = np.zeros(len(features), FEATURE)
    rows["descriptor"] = features.descriptors
    for name, values, high in (
        ("x", features.points[:, 0] * 65535, 65535),
        ("y", features.points[:, 1] * 65535, 65535),
        ("size", features.sizes * 32 + 128, 255),
        ("angle", np.mod(np.rint(features.angles * 256), 256), 255),
    ):
        rows[name] = np.clip(np.rint(values), 0, high)
    return Print(int(np.clip(np.rint(shape * SHAPE), 1, 65535)), rows)


def kept_of(photo: Photo) -> bytes:
    """The features of a shop's picture as a catalogue keeps them; b"" where it is no print.

    Raises:
        RuntimeUnavailable: OpenCV is not installed.
    """
    found = extract(photo.pixels, gallery=True)
    return b"" if found is None else quantized(found, photo.width / photo.height).to_bytes()


def features_of(print_: Print) -> Features:
    """The inverse of `quantized`, but for what rounding took."""
    rows = print_.rows
    return Features(
        np.stack([rows["x"], rows["y"]], axis=1).astype(np.float32) / 65535,
        (rows["size"].astype(np.float32) - 128) / 32,
        rows["angle"].astype(np.float32) / 256,
        np.ascontiguousarray(rows["descriptor"]),
    )


def tabled(prints: Sequence[Print | None], sequence: int, words: np.ndarray | None = None) -> FeatureTable:
    """The table of a shelf's prints, each feature with its word.

    Args:
        prints: of each product, in the order of the shard's ids.
        words: uint8 (w, 32), known before, kept while their number fits that of the features; else chosen.
    """
    table = assembled(sequence, np.zeros((0, DESCRIPTOR_BYTES), np.uint8), prints)
    descriptors = np.ascontiguousarray(table.rows["descriptor"])
    fresh = chosen_words(descriptors)
    # Twice as many as would be chosen, or half: an inverted file is about as quick.
    if words is None or not len(fresh) <= 2 * len(words) <= 4 * len(fresh):
        words = fresh
    if len(descriptors):
        table.rows["word"] = assigned(descriptors, words, 1)[:, 0]
    return FeatureTable(sequence, table.counts, table.shapes, words, table.rows)


def serialize(features: Sequence[tuple[Features, float] | None], sequence: int = 0) -> bytes:
    """The file's bytes.

    Args:
        features: of each product, in the order of the shard's ids, those of its picture and its width by its
            height; None of one without.

    Raises:
        ValueError: more than the format takes.
    """
    prints = [None if each is None else quantized(*each) for each in features]
    return tabled(prints, sequence).to_bytes()


def write_features(
    index: Path, shard: str, features: Sequence[tuple[Features, float] | None], sequence: int
) -> int:
    """Keep the features of a generation that is being made; returns the file's bytes.

    Raises:
        OSError: the volume is full, read-only or gone.
    """
    data = serialize(features, sequence)
    features_file(index, shard).write(data)
    return len(data)
