"""What products state, for filters: which products have which value of which attribute.

Derived from a shard, and kept beside it (`pocketshelf.formats.derived`). Format, version 2::

    {"products": P, "keys": K, "statements": M}\\n      JSON
    K keys of 8 bytes, ascending · K numbers of products · M products, by their places in the layout

in little-endian, numbers and products of 4 bytes. A key is BLAKE2b of an attribute's name and one value, as
`pocketshelf.stages.where` compares them: a text that every product has another of costs 16 bytes, not itself.
Version 1 had no values of texts that list several.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from array import array
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.formats.derived import FACTS, DerivedFile
from pocketshelf.formats.layout import Layout
from pocketshelf.formats.shard import Shard
from pocketshelf.stages.where import Where, stated

__all__ = ["Facts", "derive_facts", "open_facts"]

_SLACK = 1 << 20
# Rows whose attributes are the same text are parsed once, of so many texts.
_REMEMBERED = 100_000


@dataclass(frozen=True)
class Facts:
    """Attributes' values → products.

    Attributes:
        total: number of products.
        keys: uint64 (K,), ascending.
        bounds: int64 (K + 1,): of each key, its first product in what follows.
        products: (M,): places in the layout.
    """

    total: int
    keys: np.ndarray
    bounds: np.ndarray
    products: np.ndarray

    def chosen(self, where: Where) -> np.ndarray:
        """Which products fit ``where``: bool (products,)."""
        found = np.ones(self.total, bool)
        for name, wanted in where.items():
            stating = np.zeros(self.total, bool)
            for value in wanted:
                stating[self._stating(_key(name, value.casefold()))] = True
            found &= stating
        return found

    def _stating(self, key: int) -> np.ndarray:
        at = int(np.searchsorted(self.keys, np.uint64(key)))
        if at == len(self.keys) or int(self.keys[at]) != key:
            return self.products[:0]
        return self.products[self.bounds[at] : self.bounds[at + 1]]

    def to_bytes(self) -> bytes:
        """The format above."""
        head = {"products": self.total, "keys": len(self.keys), "statements": len(self.products)}
        parts = [
            np.asarray(self.keys, "<u8"),
            np.asarray(np.diff(self.bounds), "<u4"),
            np.asarray(self.products, "<u4"),
        ]
        return json.dumps(head).encode() + b"\n" + b"".join(part.tobytes() for part in parts)

    @classmethod
    def from_bytes(cls, data: bytes | bytearray, total: int) -> Facts:
        """What `to_bytes` made, of a shard of ``total`` products.

        Raises:
            ValueError: it is not.
        """
        at = data.index(b"\n") + 1
        head = json.loads(bytes(data[: at - 1]))
        keys, statements = head["keys"], head["statements"]
        if head["products"] != total or len(data) - at != 12 * keys + 4 * statements:
            raise ValueError("of another shard")
        counts = np.frombuffer(data, "<u4", keys, at + 8 * keys)
        bounds = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
        products = np.frombuffer(data, "<u4", statements, at + 12 * keys)
        if bounds[-1] != statements or (products >= total).any():
            raise ValueError("of products that are not there")
        return cls(total, np.frombuffer(data, "<u8", keys, at), bounds, products)


def open_facts(shard: Shard, layout: Layout, digest: str, folder: Path) -> Facts:
    """What the products of ``shard``, whose SHA-256 is ``digest``, state; derived where ``folder`` lacks it.

    Raises:
        StoreError: the shard is damaged.
    """
    file = DerivedFile.of_shard(folder, digest, FACTS)
    # A statement takes 16 bytes at most, and 2 in the shard, within a list.
    kept = file.read(8 * layout.size + _SLACK)
    if kept is not None:
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            return Facts.from_bytes(kept, len(layout.rowids))
    found = derive_facts(shard, layout)
    with contextlib.suppress(OSError):  # A store may be read-only, a disk full.
        file.write(found.to_bytes())
    return found


def derive_facts(shard: Shard, layout: Layout) -> Facts:
    """Read the attributes of all products.

    Raises:
        StoreError: the shard is damaged.
    """
    codes: dict[int, int] = {}
    seen: dict[str, list[int]] = {"{}": []}
    rows, facts = array("q"), array("I")
    for rowid, text in shard.query("SELECT rowid, attributes FROM products"):
        known = seen.get(text)
        if known is None:
            known = [codes.setdefault(key, len(codes)) for key in _keys(text, shard)]
            if len(seen) < _REMEMBERED:
                seen[text] = known
        rows.extend([rowid] * len(known))
        facts.extend(known)
    by_row = np.argsort(layout.rowids, kind="stable")
    sorted_rows = np.asarray(layout.rowids, np.int64)[by_row]
    places = by_row[np.searchsorted(sorted_rows, np.frombuffer(rows, np.int64))] if len(rows) else by_row[:0]
    keys = np.fromiter(codes, np.uint64, len(codes))
    order = np.argsort(keys)
    ranks = np.empty(len(keys), np.int64)
    ranks[order] = np.arange(len(keys))
    of_each = ranks[np.frombuffer(facts, np.uintc)] if len(facts) else ranks[:0]
    bounds = np.concatenate([[0], np.cumsum(np.bincount(of_each, minlength=len(keys)))]).astype(np.int64)
    products = places[np.lexsort((places, of_each))].astype(np.uint32)
    return Facts(len(layout.rowids), keys[order], bounds, products)


def _keys(text: str, shard: Shard) -> set[int]:
    try:
        attributes = json.loads(text)
        return {_key(name, value) for name, values in attributes.items() for value in stated(values)}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise StoreError(f"{shard.path}: attributes that are none; sync or build it again") from error


def _key(name: str, value: str) -> int:
    stated = f"{name}\0{value}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(stated, digest_size=8).digest(), "little")
