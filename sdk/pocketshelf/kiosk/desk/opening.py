"""Opening a shelf that may be damaged: the current generation, or where it cannot be used the one before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TypeVar

from pocketshelf.errors import StoreError
from pocketshelf.formats.derived import FEATURES
from pocketshelf.store import Store, StoreFolder

__all__ = ["Opened", "look_at", "open_usable", "pointed_at"]

Made = TypeVar("Made")
Opened = tuple[Made, str | None]


def open_usable(
    path: str | Path, make: Callable[[Store], Made], damaged: Collection[str] = ()
) -> tuple[Made, str | None]:
    """What ``make`` makes of the current generation, or of the newest that can be used.

    Nothing is written: the next sync replaces a damaged generation, and so does a build.

    Args:
        damaged: names of generations that are known to be of no use.

    Returns:
        it, and why it is not of the current generation (None if it is).

    Raises:
        StoreError: there is no store, or none of its generations can be used; of the first that failed.
    """
    folder, why = StoreFolder(path), None
    for name in _candidates(folder):
        if name in damaged:
            why = why or StoreError(f"{folder.generation(name)}: damaged; sync or build it again")
            continue
        try:
            return make(Store(folder, name)), None if why is None else str(why)
        except StoreError as error:
            why = why or error
    raise why or StoreError(f"{folder.path}: no store here; make one with 'build' or 'sync'")


def _candidates(folder: StoreFolder) -> Iterator[str]:
    current = pointed_at(folder.path)
    if current is not None:
        yield current
    yield from (name for name in reversed(folder.generations()) if name != current)


def look_at(path: str | Path) -> tuple[str, int] | None:
    """The current generation, and when its local features came (0: it has none); None where there is none."""
    name = pointed_at(path)
    if name is None:
        return None
    try:
        return name, StoreFolder(path).index(name).joinpath(f"shard{FEATURES}").stat().st_mtime_ns
    except OSError:
        return name, 0


def pointed_at(path: str | Path) -> str | None:
    """The generation that is current; None where there is none, or the pointer is damaged."""
    try:
        return StoreFolder(path).current()
    except StoreError:
        return None
