"""The layout of a generation's shard: read from beside it, made where it is missing or unfit."""

from __future__ import annotations

import contextlib
import mmap
from pathlib import Path

import numpy as np

from pocketshelf.errors import StoreError
from pocketshelf.files import open_plain
from pocketshelf.formats.derived import LAYOUT, DerivedFile
from pocketshelf.formats.layout import Layout, derive_layout
from pocketshelf.formats.shard import Shard

__all__ = ["map_file", "open_layout"]

# A layout is shorter than its shard, but for the smallest of shards.
_SLACK = 1 << 20


def map_file(path: Path) -> np.ndarray:
    """The bytes of a file, uint8 (n,), read from the disk where they are looked at.

    On a volume that cannot map files they are read at once.

    Raises:
        StoreError: it cannot be read.
    """
    try:
        with open_plain(path) as stream:
            try:
                return np.frombuffer(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
            except (OSError, ValueError):
                return np.frombuffer(stream.read(), np.uint8)
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error}); sync or build it again") from error


def open_layout(shard: Shard, data: np.ndarray, digest: str, folder: Path) -> Layout:
    """The layout of ``shard``; derived, and kept in ``folder``, where that lacks it.

    Args:
        data: the shard's bytes.
        digest: their SHA-256.

    Raises:
        StoreError: the shard is damaged.
    """
    file = DerivedFile.of_shard(folder, digest, LAYOUT)
    kept = file.read(2 * len(data) + _SLACK)
    if kept is not None:
        # Sound, but perhaps another release's, or forged: as good as none.
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            return Layout.from_bytes(kept, shard.meta.dimension, len(data))
    found = derive_layout(shard, data)
    with contextlib.suppress(OSError):  # A store may be read-only, a disk full.
        file.write(found.to_bytes())
    return found
