"""Reading and writing files that a power cut, a full disk or somebody else may have left in any state.

A name may stand for something else than the file that was written there: a folder, a link that leads out of
the store, a pipe on which a reader would wait for ever. What is read here is a plain file, and bounded.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

__all__ = ["atomic_write", "make_way", "open_plain", "read_plain", "remove"]

# Windows alone tells text from bytes, and has no pipes among its files.
_READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


def open_plain(path: Path) -> BufferedReader:
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

    So goes what this process may not use. Only for names that hold nothing of worth.

    Raises:
        OSError: it cannot be removed.
    """
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return False
    fits, rights = stat.S_ISREG(mode), os.R_OK | os.W_OK
    if folder:
        fits, rights = stat.S_ISDIR(mode), rights | os.X_OK
    if fits and os.access(path, rights, effective_ids=os.access in os.supports_effective_ids):
        return False
    remove(path)
    return True


def remove(path: Path) -> None:
    """Remove what is at ``path``, if anything is: a file, a link (never what it leads to), a whole folder.

    Raises:
        OSError: it cannot be removed.
    """
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    with contextlib.suppress(OSError):  # One that may not be read cannot be emptied.
        path.chmod(0o700)
    shutil.rmtree(path)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A path beside ``path`` to write to: it takes the place of ``path`` when the block ends well.

    A reader, or a crash, sees the old file or the new one, never a part.

    Raises:
        OSError: it cannot be written, or is a device or a pipe, which would be lost; ``path`` is as it was,
            and nothing is left beside it.
    """
    _require_replaceable(path)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_native_id()}.new")
    make_way(temporary)
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if error.errno and error.filename in (None, str(temporary)):  # A full disk names no file.
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):  # A read-only volume refuses, whether there is one or not.
            temporary.unlink(missing_ok=True)


def _require_replaceable(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise OSError(errno.EINVAL, "not a plain file", str(path))
