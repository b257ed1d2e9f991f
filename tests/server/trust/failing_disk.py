"""Every file operation of this process as one that may be the last, or find the disk full."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from pocketshelf.store.filesystem import FileSystem

__all__ = ["Crash", "Disk", "failing_disk"]

CHANGES = ("write", "fsync", "replace", "fsync_dir", "unlink", "mkdir")
NEED_ROOM = ("write", "fsync", "mkdir")


class Crash(BaseException):
    """The end of the process: no handler of the code under test may catch it."""


class Disk:
    """Counts the operations, and fails from operation ``fails_at`` on (from 0; None: never).

    Args:
        full: fail for want of room, and only what needs room; else the process dies, perhaps in the
            middle of a write.
    """

    def __init__(self, fails_at: int | None, full: bool) -> None:
        self._fails_at, self._full = fails_at, full
        self.operations = 0

    def operate(self, name: str, original: Any, files: FileSystem, *arguments: Any) -> None:
        if self._full and name not in NEED_ROOM:
            return original(files, *arguments)
        number, self.operations = self.operations, self.operations + 1
        if self._fails_at is None or number < self._fails_at:
            return original(files, *arguments)
        if self._full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(arguments[0]))
        if number == self._fails_at and name == "write":
            path, data = arguments
            original(files, path, data[: len(data) // 2])
        raise Crash


@contextmanager
def failing_disk(fails_at: int | None = None, full: bool = False) -> Iterator[Disk]:
    """Let the code inside work on such a disk; a crash ends it and goes no further."""
    disk = Disk(fails_at, full)
    with pytest.MonkeyPatch.context() as patch:
        for name in CHANGES:
            original = getattr(FileSystem, name)
            patch.setattr(FileSystem, name, _counted(disk, name, original))
        with suppress(Crash):
            yield disk


def _counted(disk: Disk, name: str, original: Any) -> Any:
    def operation(files: FileSystem, *arguments: Path | bytes) -> None:
        disk.operate(name, original, files, *arguments)

    return operation
