"""Opening a shelf that may be damaged: the current generation, or where it cannot be used the one before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TypeVar

from pocketshelf.errors import StoreError
from pocketshelf.formats.derived import FEATURES
from pocketshelf.store import Store, StoreFolder
from pocketshelf.store.digest import standing

__all__ = ["Opened", "Standing", "is_news", "look_at", "open_usable", "pointed_at", "standing_at"]

Made = TypeVar("Made")
Opened = tuple[Made, str | None]
# A generation and its shard's SHA-256, if that can be read; of `look_at` the time of its features, too.
Standing = tuple[str, str | None] | tuple[str, str | None, int]


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


def is_news(before: Standing | None, now: Standing | None) -> bool:
    """Whether another shelf stands there than before: a store made anew has the names of the old one's.

    One that is being removed, or cannot be read, is none.
    """
    if now is None or before is None:
        return now is not None
    return now[0] != before[0] or (now[1] is not None and now != before)


def look_at(path: str | Path) -> tuple[str, str | None, int] | None:
    """`standing_at`, and when its local features came (0: it has none); None where there is no shelf."""
    found = standing_at(path)
    if found is None:
        return None
    try:
        return *found, StoreFolder(path).index(found[0]).joinpath(f"shard{FEATURES}").stat().st_mtime_ns
    except OSError:
        return *found, 0


def standing_at(path: str | Path) -> tuple[str, str | None] | None:
    """The current generation and its shard's SHA-256; None where there is none, or the pointer is damaged."""
    try:
        return standing(StoreFolder(path))
    except StoreError:
        return None


def pointed_at(path: str | Path) -> str | None:
    """The generation that is current; None where there is none, or the pointer is damaged."""
    try:
        return StoreFolder(path).current()
    except StoreError:
        return None
