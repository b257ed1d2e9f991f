"""The file of a generation's local features, beside its shard. Format, version 1, little-endian::

    uint32 products · uint32 features · uint32 words
    uint16 (products)          features of each product, in the order of the shard's ids; 0 of most garments
    uint16 (products)          shape of its picture: 1,024 · width / height
    uint8 (words, 32)          descriptors that stand for their neighbourhoods
    features, 40 bytes each    uint16 word · uint16 x · uint16 y (65,535ths of the picture's width and height)
                               · uint8 size (32nds of an octave, 128 = none) · uint8 angle (256ths of a turn)
                               · 32 bytes of descriptor

It is a `pocketshelf.formats.derived` file with the shard's digest: of another shard, cut or damaged, it is as
good as none, and products are searched by their vectors alone.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketshelf.closely.features import DESCRIPTOR_BYTES, GALLERY_FEATURES, Features
from pocketshelf.formats.derived import FEATURES, DerivedFile

__all__ = [
    "MOST_PRODUCTS",
    "FeatureTable",
    "features_file",
    "parse",
    "serialize",
    "write_features",
]

MOST_PRODUCTS, MOST_WORDS = 100_000, 4096
FEATURE = np.dtype(
    [
        ("word", "<u2"),
        ("x", "<u2"),
        ("y", "<u2"),
        ("size", "u1"),
        ("angle", "u1"),
        ("descriptor", "u1", (DESCRIPTOR_BYTES,)),
    ]
)
_HEAD = struct.Struct("<III")
_SHAPE = 1024


@dataclass(frozen=True)
class FeatureTable:
    """The features of a shelf, as they were read.

    Attributes:
        counts: int64 (products,), of each product.
        shapes: float32 (products,), width by height of its picture.
        words: uint8 (w, 32).
        rows: (n,) of `FEATURE`, product after product.
    """

    counts: np.ndarray
    shapes: np.ndarray
    words: np.ndarray
    rows: np.ndarray

    def features(self, product: int) -> Features:
        """Those of one product, by its place."""
        start = int(self.counts[:product].sum())
        rows = self.rows[start : start + int(self.counts[product])]
        return Features(
            np.stack([rows["x"], rows["y"]], axis=1).astype(np.float32) / 65535,
            (rows["size"].astype(np.float32) - 128) / 32,
            rows["angle"].astype(np.float32) / 256,
            np.ascontiguousarray(rows["descriptor"]),
        )


def features_file(index: Path, shard: str) -> DerivedFile:
    """Where the features of the shard with the SHA-256 ``shard`` lie, in a generation's folder ``index``."""
    return DerivedFile.of_shard(index, shard, FEATURES)


def serialize(features: Sequence[tuple[Features, float] | None]) -> bytes:
    """The file's bytes.

    Args:
        features: of each product, in the order of the shard's ids, those of its picture and its width by its
            height; None of one without.

    Raises:
        ValueError: more than the format takes.
    """
    from pocketshelf.closely.words import assigned, chosen_words

    if len(features) > MOST_PRODUCTS:
        raise ValueError(f"local features are kept for at most {MOST_PRODUCTS} products")
    there = [of for of, _ in filter(None, features)]
    descriptors = np.concatenate(
        [np.zeros((0, DESCRIPTOR_BYTES), np.uint8), *(of.descriptors for of in there)]
    )
    words = chosen_words(descriptors)
    rows = np.zeros(len(descriptors), FEATURE)
    rows["word"] = assigned(descriptors, words, 1)[:, 0] if len(rows) else 0
    rows["descriptor"] = descriptors
    for name, values, low, high in (
        ("x", [of.points[:, 0] * 65535 for of in there], 0, 65535),
        ("y", [of.points[:, 1] * 65535 for of in there], 0, 65535),
        ("size", [of.sizes * 32 + 128 for of in there], 0, 255),
        ("angle", [np.mod(np.rint(of.angles * 256), 256) for of in there], 0, 255),
    ):
        rows[name] = np.clip(np.rint(np.concatenate([*values, np.zeros(0)])), low, high)
    counts = np.array([0 if each is None else len(each[0]) for each in features], "<u2")
    shapes = np.array([1.0 if each is None else each[1] for each in features])
    whole = np.clip(np.rint(shapes * _SHAPE), 1, 65535).astype("<u2")
    head = _HEAD.pack(len(counts), len(rows), len(words))
    return b"".join([head, counts.tobytes(), whole.tobytes(), words.tobytes(), rows.tobytes()])


def parse(data: bytes | bytearray, products: int) -> FeatureTable | None:
    """The table of a shard with so many ``products``; None where the bytes are not of this format."""
    if len(data) < _HEAD.size:
        return None
    held, count, words = _HEAD.unpack_from(data)
    length = _HEAD.size + 4 * held + DESCRIPTOR_BYTES * words + FEATURE.itemsize * count
    if held != products or held > MOST_PRODUCTS or words > MOST_WORDS or len(data) != length:
        return None
    at = _HEAD.size
    counts = np.frombuffer(data, "<u2", held, at).astype(np.int64)
    shapes = np.frombuffer(data, "<u2", held, at + 2 * held).astype(np.float32) / _SHAPE
    at += 4 * held
    table = np.frombuffer(data, np.uint8, DESCRIPTOR_BYTES * words, at).reshape(words, DESCRIPTOR_BYTES)
    rows = np.frombuffer(data, FEATURE, count, at + DESCRIPTOR_BYTES * words)
    sound = (
        counts.sum() == count
        and bool((counts <= GALLERY_FEATURES).all())
        and bool((shapes > 0).all())
        and (count == 0 or int(rows["word"].max()) < words)
    )
    return FeatureTable(counts, shapes, table, rows) if sound else None


def write_features(index: Path, shard: str, features: Sequence[tuple[Features, float] | None]) -> int:
    """Keep the features of a generation that is being made; returns the file's bytes.

    Raises:
        OSError: the volume is full, read-only or gone.
    """
    data = serialize(features)
    features_file(index, shard).write(data)
    return len(data)
