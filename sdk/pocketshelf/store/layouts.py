"""The layout of a generation's shard: read from beside it, made where it is missing or unfit.

A generation that is made by changing another has its layout made of that one's
(`pocketshelf.formats.changed_layout`), so that it costs what was changed.
"""

from __future__ import annotations

import contextlib
import mmap
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pocketshelf.errors import StoreError, reason
from pocketshelf.files import open_plain
from pocketshelf.formats.changed_layout import update_layout
from pocketshelf.formats.derived import LAYOUT, DerivedFile
from pocketshelf.formats.layout import Layout, derive_layout
from pocketshelf.formats.shard import Shard, open_shard
from pocketshelf.store.digest import recorded_digests
from pocketshelf.store.folder import StoreFolder, remedy

__all__ = ["hand_on_layout", "map_file", "open_layout"]

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
        raise StoreError(f"{path}: cannot be read ({reason(error)}); {remedy(error)}") from error


def open_layout(shard: Shard, data: np.ndarray, digest: str, folder: Path) -> Layout:
    """The layout of ``shard``; derived, and kept in ``folder``, where that lacks it.

    Args:
        data: the shard's bytes.
        digest: their SHA-256.

    Raises:
        StoreError: the shard is damaged.
    """
    file = DerivedFile.of_shard(folder, digest, LAYOUT)
    if (kept := _kept(file, shard.meta.dimension, len(data))) is not None:
        return kept
    found = derive_layout(shard, data)
    with contextlib.suppress(OSError):  # A store may be read-only, a disk full.
        file.write(found.to_bytes())
    return found


def hand_on_layout(folder: StoreFolder, name: str, staging: Path, digest: Callable[[], str]) -> None:
    """Make the layout of the shard in ``staging``, which is generation ``name``'s with some changes.

    None is made where something is amiss, or much has changed: then it is derived as any other.

    Args:
        digest: gives the SHA-256 of the shard in ``staging``.
    """
    with contextlib.suppress(OSError, StoreError), open_shard(staging / "shard.sqlite") as shard:
        old = map_file(folder.shard(name))
        origin = recorded_digests(folder, name)[folder.shard(name).name]
        file = DerivedFile.of_shard(folder.index(name), origin, LAYOUT)
        before = _kept(file, shard.meta.dimension, len(old))
        found = before and update_layout(before, old, shard, map_file(shard.path))
        if found:
            DerivedFile.of_shard(staging / "index", digest(), LAYOUT).write(found.to_bytes())


def _kept(file: DerivedFile, dimension: int, size: int) -> Layout | None:
    """The layout in ``file``, if it is one of a shard of ``size`` bytes."""
    kept = file.read(2 * size + _SLACK)
    if kept is not None:
        # Sound, but perhaps another release's, or forged: as good as none.
        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
            return Layout.from_bytes(kept, dimension, size)
    return None
