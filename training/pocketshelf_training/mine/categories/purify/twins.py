"""Pictures that are one picture, resized, compressed anew, a little brighter: by perceptual hashes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.errors import PhotoError
from pocketshelf.progress import ProgressBar
from pocketshelf.stages.preprocess import decode_photo

__all__ = ["BITS", "fingerprints", "twins"]

# Of 128, up to which two hashes are of one picture. With 16, different garments in one pose are doubles, too.
BITS = 8
SIDE = 256
_CHUNK = 512


def fingerprints(paths: Sequence[Path]) -> np.ndarray:
    """uint64 (n, 2): pHash and dHash of each picture, upright; of one that cannot be read, zero."""
    import imagehash

    rows = np.zeros((len(paths), 2), np.uint64)
    with ProgressBar("fingerprints", seldom=30.0) as bar:
        for number, path in enumerate(paths):
            try:
                image = Image.fromarray(decode_photo(path, SIDE).pixels)
            except PhotoError:
                continue
            for place, hashed in enumerate((imagehash.phash(image), imagehash.dhash(image))):
                rows[number, place] = np.packbits(hashed.hash.ravel()).view(">u8")[0]
            bar.update(number + 1, len(paths))
    return rows


def twins(prints: np.ndarray, bits: int = BITS) -> np.ndarray:
    """Of each picture the first, in their order, that it is a twin of; int (n,), -1 where it is the first.

    Each twin is compared with first ones only, so that a chain of small changes does not make all one.

    Args:
        prints: uint64 (n, 2), zero for what has none.
    """
    first = np.full(len(prints), -1)
    firsts = np.zeros(len(prints), bool)
    for start in range(0, len(prints), _CHUNK):
        stop = min(start + _CHUNK, len(prints))
        before = np.flatnonzero(firsts[:start])
        near = _differing(prints[start:stop], prints[before]) <= bits
        within = _differing(prints[start:stop], prints[start:stop]) <= bits
        for row in range(start, stop):
            if not prints[row].any():
                continue
            known = before[near[row - start]]
            here = start + np.flatnonzero(within[row - start, : row - start] & firsts[start:row])
            if len(known) or len(here):
                first[row] = known[0] if len(known) else here[0]
            else:
                firsts[row] = True
    return first


def _differing(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """int (n, m): bits that differ."""
    return np.bitwise_count(left[:, None] ^ right[None]).sum(2, dtype=np.int64)
