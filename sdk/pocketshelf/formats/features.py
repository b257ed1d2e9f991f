"""The local features of a shelf's prints (`pocketshelf.closely`). Format, version 2, little-endian::

    uint64 sequence            of the shard that they are all the features of; of one that was changed since,
                               pictures that came later may lack theirs
    uint32 products · uint32 features · uint32 words
    uint16 (products)          features of each product, in the order of the shard's ids; 0 of most garments
    uint16 (products)          shape of its picture: 1,024 · width / height
    uint8 (words, 32)          descriptors that stand for their neighbourhoods
    features, 40 bytes each    uint16 word · uint16 x · uint16 y (65,535ths of the picture's width and height)
                               · uint8 size (32nds of an octave, 128 = none) · uint8 angle (256ths of a turn)
                               · 32 bytes of descriptor

Beside a shard it is a `pocketshelf.formats.derived` file with the shard's digest: of another shard, cut or
damaged, it is as good as none, and products are searched by their vectors alone.

A server publishes these bytes, gzipped, as ``<shard>/features-<sequence>.gz``. The changes from an older
sequence, ``<shard>/features-<from>-<sequence>.gz``, hold the products alone whose features are others than at
``from``: behind the head, which counts them, uint32 (products) are their places among the shard's ids,
ascending; the rest is as above, without words, since those of ``from`` go on. Laid over the features of
``from`` they give the published bytes, bit for bit, so that one signed hash vouches for both ways.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketshelf.formats.derived import FEATURES, DerivedFile

__all__ = [
    "DESCRIPTOR_BYTES",
    "FEATURE",
    "MOST_FEATURES",
    "MOST_PRODUCTS",
    "MOST_WORDS",
    "FeatureTable",
    "Print",
    "assembled",
    "features_file",
    "most_bytes",
    "parse",
    "target_name",
]

MOST_PRODUCTS, MOST_FEATURES, MOST_WORDS = 100_000, 150, 4096
DESCRIPTOR_BYTES = 32
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
SHAPE = 1024
_HEAD = struct.Struct("<QIII")
_SHAPE = struct.Struct("<H")


@dataclass(frozen=True)
class Print:
    """The features of one product's picture.

    Attributes:
        shape: 1,024ths of its width by its height.
        rows: (n,) of `FEATURE`.
    """

    shape: int
    rows: np.ndarray

    def to_bytes(self) -> bytes:
        """As a catalogue keeps them: the shape, and the features, of no word."""
        rows = self.rows.copy()
        rows["word"] = 0
        return _SHAPE.pack(self.shape) + rows.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Print | None:
        """The inverse of `to_bytes`; None where there are no features, or the bytes are none."""
        count, rest = divmod(len(data) - _SHAPE.size, FEATURE.itemsize)
        if rest or not 0 < count <= MOST_FEATURES:
            return None
        (shape,) = _SHAPE.unpack_from(data)
        return cls(shape, np.frombuffer(data, FEATURE, count, _SHAPE.size)) if shape else None


@dataclass(frozen=True)
class FeatureTable:
    """The features of a shelf.

    Attributes:
        sequence: of the shard that they are all the features of; later pictures may lack theirs.
        counts: int64 (products,), of each product.
        shapes: uint16 (products,), of its picture, in 1,024ths.
        words: uint8 (w, 32).
        rows: (n,) of `FEATURE`, product after product.
    """

    sequence: int
    counts: np.ndarray
    shapes: np.ndarray
    words: np.ndarray
    rows: np.ndarray

    @property
    def prints(self) -> int:
        """How many products have features."""
        return int((self.counts > 0).sum())

    def each(self) -> list[Print | None]:
        """Those of every product."""
        ends = np.cumsum(self.counts).tolist()
        counts, shapes = self.counts.tolist(), self.shapes.tolist()
        return [
            Print(shape, self.rows[end - count : end]) if count else None
            for end, count, shape in zip(ends, counts, shapes, strict=True)
        ]

    def to_bytes(self) -> bytes:
        """The file's bytes.

        Raises:
            ValueError: more than the format takes.
        """
        if len(self.counts) > MOST_PRODUCTS or len(self.words) > MOST_WORDS:
            raise ValueError(f"local features are kept for at most {MOST_PRODUCTS} products")
        return self._packed(self.words)

    def changes(self, places: Sequence[int]) -> bytes:
        """The bytes of the changes from features that differ in these places, and have the same words."""
        each = self.each()
        some = assembled(self.sequence, self.words, [each[place] for place in places])
        return some._packed(self.words[:0], np.array(places, "<u4").tobytes())

    def _packed(self, words: np.ndarray, more: bytes = b"") -> bytes:
        head = _HEAD.pack(self.sequence, len(self.counts), len(self.rows), len(words))
        parts = (self.counts.astype("<u2"), self.shapes.astype("<u2"), words, self.rows)
        return b"".join([head, more, *(part.tobytes() for part in parts)])

    def changed(self, data: bytes) -> FeatureTable | None:
        """The table that `changes` lead to; None where the bytes are none for this one."""
        count = _HEAD.unpack_from(data)[1] if len(data) >= _HEAD.size else MOST_PRODUCTS
        end = _HEAD.size + 4 * count
        if count > len(self.counts) or len(data) < end:
            return None
        places = np.frombuffer(data, "<u4", count, _HEAD.size).astype(np.int64)
        found = parse(data[: _HEAD.size] + data[end:], count, self.words)
        if found is None or (np.diff(places) <= 0).any() or (places >= len(self.counts)).any():
            return None
        each = self.each()
        for place, print_ in zip(places.tolist(), found.each(), strict=True):
            each[place] = print_
        return assembled(found.sequence, self.words, each)


def assembled(sequence: int, words: np.ndarray, prints: Sequence[Print | None]) -> FeatureTable:
    """The table of products in the order of their shard's ids; their features have their words already."""
    return FeatureTable(
        sequence,
        np.array([0 if each is None else len(each.rows) for each in prints], np.int64),
        np.array([SHAPE if each is None else each.shape for each in prints], np.uint16),
        words,
        np.concatenate([np.zeros(0, FEATURE), *(each.rows for each in prints if each is not None)]),
    )


def most_bytes(products: int) -> int:
    """The longest that the features of so many products can be, and changes of as many."""
    each = 2 * _SHAPE.size + 4 + MOST_FEATURES * FEATURE.itemsize
    return _HEAD.size + MOST_WORDS * DESCRIPTOR_BYTES + min(products, MOST_PRODUCTS) * each


def parse(
    data: bytes | bytearray, products: int | None = None, words: np.ndarray | None = None
) -> FeatureTable | None:
    """The table of a shard with so many ``products``; None where the bytes are not of this format.

    Args:
        products: None takes what the bytes say.
        words: of changes, which bring none: those that go on.
    """
    if len(data) < _HEAD.size:
        return None
    sequence, held, count, own = _HEAD.unpack_from(data)
    length = _HEAD.size + 4 * held + DESCRIPTOR_BYTES * own + FEATURE.itemsize * count
    if held > MOST_PRODUCTS or own > MOST_WORDS or len(data) != length:
        return None
    if products not in (None, held) or (words is not None and own):
        return None
    at = _HEAD.size
    counts = np.frombuffer(data, "<u2", held, at).astype(np.int64)
    shapes = np.frombuffer(data, "<u2", held, at + 2 * held).astype(np.uint16)
    at += 4 * held
    table = np.frombuffer(data, np.uint8, DESCRIPTOR_BYTES * own, at).reshape(own, DESCRIPTOR_BYTES)
    if words is not None:
        table = words
    rows = np.frombuffer(data, FEATURE, count, length - FEATURE.itemsize * count)
    sound = (
        counts.sum() == count
        and bool((counts <= MOST_FEATURES).all())
        and bool((shapes > 0).all())
        and (count == 0 or int(rows["word"].max()) < len(table))
    )
    return FeatureTable(sequence, counts, shapes, table, rows) if sound else None


def features_file(index: Path, shard: str) -> DerivedFile:
    """Where the features of the shard with the SHA-256 ``shard`` lie, in a generation's folder ``index``."""
    return DerivedFile.of_shard(index, shard, FEATURES)


def target_name(shard: str, sequence: int, base: int | None = None) -> str:
    """What the features at ``sequence`` are signed as, or their changes from ``base``."""
    return f"{shard}/features-{sequence if base is None else f'{base}-{sequence}'}.gz"
