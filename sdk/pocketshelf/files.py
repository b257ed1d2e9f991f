"""Reading and writing files that a power cut, a full disk or somebody else may have left in any state.

A name may stand for something else than the file that was written there: a folder, a link that leads out of
the store, a pipe on which a reader would wait for ever. What is read here is a plain file, and bounded.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["atomic_write", "make_way", "open_plain", "read_plain"]

# Windows alone tells text from bytes, and has no pipes among its files.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file, or a link to one, for reading; never waits for another process.

    Raises:
        OSError: it is missing, cannot be read, or is a folder, a pipe or a device.
    """
    descriptor = os.open(path, _READ)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a plain file", str(path))
    return os.fdopen(descriptor, "rb")


def read_plain(path: Path, most: int) -> bytes:
    """The bytes of a plain file, at most ``most`` of them.

    Raises:
        OSError: as `open_plain`, or it is longer.
    """
    with open_plain(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"longer than the {most} bytes that it may have", str(path))
    return data


def make_way(path: Path, folder: bool = False) -> bool:
    """Remove what stands where a file of ours (or a ``folder``) belongs and is none; whether anything did.

    A link goes, never what it leads to. Only for names that hold nothing of worth.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(mode) if folder else stat.S_ISREG(mode):
        return False
    shutil.rmtree(path) if stat.S_ISDIR(mode) else path.unlink()
    return True


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to: it takes the place of ``path`` when the block ends well.

    A reader, or a crash, sees the old file or the new one, never a part.

    Raises:
        OSError: it cannot be written; ``path`` is as it was, and nothing is left beside it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.new")
    make_way(temporary)
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
