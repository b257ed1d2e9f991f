"""Pictures of products, made small by a process of their own, and kept in memory for a while.

A catalogue has names of pictures; they lie where the last imports took them from, or in the folder that
``config.json`` names as ``pictures``. No picture of a folder beside these is read.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from pocketshelf.catalogue.pictures import MAX_PICTURE_BYTES, PictureFolder
from pocketshelf.errors import PhotoError, PocketshelfError
from pocketshelf.files import read_plain
from pocketshelf.recall.pictures import SIDES
from pocketshelf_server.photos.protocol import PhotoLost

__all__ = ["SIDES", "Pictures", "Shrinker"]

MOST_BYTES = 48_000_000
FOLDERS = 300
LOOK_AGAIN_SECONDS = 15.0
# Files that could not be read, and for how long they are not tried again while they are the same: a busy
# machine may have been too slow for one.
MOST_UNREAD, UNREAD_SECONDS = 10_000, 3600.0


class Shrinker(Protocol):
    """Makes pictures small; see `pocketshelf_server.photos.PhotoPool`."""

    def smaller(self, photo: bytes, side: int) -> bytes:
        """A JPEG of at most ``side`` pixels a side."""

    def close(self) -> None:
        """End what makes them."""


class Pictures:
    """Finds pictures by their names, and makes them small. Called from any thread.

    Args:
        folders: where to look, the first to look at first.
        shrinker: None shows none.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        folders: Callable[[], Sequence[Path]],
        shrinker: Shrinker | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folders, self._shrinker = folders, shrinker
        self._clock = clock
        self._guard = threading.Lock()
        self._opened: tuple[float, list[PictureFolder]] = (-math.inf, [])
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0
        self._unread: OrderedDict[str, tuple[float, type[PocketshelfError], str]] = OrderedDict()

    def tag(self, image: str | None, side: int) -> str | None:
        """What the picture is known by, which changes when it does; None where it is not to be had."""
        path = self._find(image)
        return None if path is None or side not in SIDES else _tag(path, str(side))

    def has(self, image: str) -> bool:
        """Whether it is to be had."""
        return self._find(image) is not None

    def get(self, image: str | None, side: int) -> bytes | None:
        """The picture as a JPEG; None where it is not to be had.

        Raises:
            PhotosBusy: too many at once.
            PhotoError, PhotoLost: it cannot be read, or could not be lately.
        """
        key, path = self.tag(image, side), self._find(image)
        if key is None or path is None or self._shrinker is None:
            return None
        with self._guard:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        self._refuse_again(file := _tag(path) or key)
        try:
            made = self._shrinker.smaller(read_plain(path, MAX_PICTURE_BYTES), side)
        except OSError as error:
            raise PhotoError(f"{image}: cannot be read ({error.strerror})") from error
        except (PhotoError, PhotoLost) as error:
            self._remember(file, error)
            raise
        self._keep(key, made)
        return made

    def close(self) -> None:
        """End what makes them small."""
        if self._shrinker is not None:
            self._shrinker.close()

    def _find(self, image: str | None) -> Path | None:
        if not image or self._shrinker is None:
            return None
        for folder in self._looked_in():
            try:
                return folder.path(image)
            except PhotoError:
                continue
        return None

    def _looked_in(self) -> list[PictureFolder]:
        """The folders; what lies in them is remembered for a while."""
        until, known = self._opened
        if self._clock() >= until:
            known = [PictureFolder(folder) for folder in list(self._folders())[:FOLDERS]]
            self._opened = self._clock() + LOOK_AGAIN_SECONDS, known
        return known

    def _refuse_again(self, file: str) -> None:
        """Raise what was raised of the same file lately: it may have cost the one worker its seconds."""
        with self._guard:
            until, kind, text = self._unread.get(file, (-math.inf, PhotoError, ""))
        if self._clock() < until:
            raise kind(text)

    def _remember(self, file: str, error: PhotoError | PhotoLost) -> None:
        with self._guard:
            self._unread[file] = self._clock() + UNREAD_SECONDS, type(error), str(error)
            self._unread.move_to_end(file)
            while len(self._unread) > MOST_UNREAD:
                self._unread.popitem(last=False)

    def _keep(self, key: str, made: bytes) -> None:
        with self._guard:
            self._bytes += len(made) - len(self._kept.pop(key, b""))
            self._kept[key] = made
            while self._bytes > MOST_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])


def _tag(path: Path, more: str = "") -> str | None:
    """What a file is known by while it is the same; None where it has just gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    text = f"{path}\0{found.st_mtime_ns}\0{found.st_size}\0{more}"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
