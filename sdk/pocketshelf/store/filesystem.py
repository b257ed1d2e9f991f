"""The file operations that a store's durability rests on, each one a point where power may fail.

Everything that changes a store goes through a `FileSystem`, so that a test can kill the process, or
lose what was never synced, at every single operation. Reading needs no injection: it changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

__all__ = ["FileSystem", "write_atomically"]

# Linux's ioctl that shares a file's blocks (btrfs, XFS); see ioctl_ficlone(2).
_FICLONE = 0x40049409
# Windows alone tells text from bytes here.
_BINARY = getattr(os, "O_BINARY", 0)


class FileSystem:
    """The operations that change a store. Each may raise `OSError`, and each may be the last one.

    Args:
        mode: who may read and write the files that `write` makes.
    """

    def __init__(self, mode: int = 0o666) -> None:
        self._mode = mode

    def write(self, path: Path, data: bytes) -> None:
        """Create or truncate ``path`` and write ``data``; not yet durable."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, self._mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)

    def append(self, path: Path, data: bytes) -> None:
        """Add ``data`` at the end of ``path``; not yet durable."""
        with path.open("ab") as stream:
            stream.write(data)

    def fsync(self, path: Path) -> None:
        """Make the contents of a file durable."""
        # Windows flushes only handles that may write.
        with path.open("r+b") as stream:
            os.fsync(stream.fileno())

    def fsync_dir(self, path: Path) -> None:
        """Make a folder's entries (creations, renames, removals in it) durable."""
        if os.name == "nt":  # Windows cannot open folders; its renames are journalled.
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # Some networks' volumes cannot.
                raise
        finally:
            os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename atomically, replacing ``target``."""
        source.replace(target)

    def unlink(self, path: Path) -> None:
        """Remove a file if it is there."""
        path.unlink(missing_ok=True)

    def mkdir(self, path: Path) -> None:
        """Create a folder, and those above it, if missing."""
        path.mkdir(parents=True, exist_ok=True)

    def rmtree(self, path: Path) -> None:
        """Remove a folder and what is in it, if it is there."""
        if path.exists():
            shutil.rmtree(path)

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file's contents, sharing blocks where the volume can; not yet durable."""
        if not _clone(source, target):
            shutil.copyfile(source, target)


def _clone(source: Path, target: Path) -> bool:
    """Share blocks with ``source``; False where the volume or the system cannot."""
    try:
        from fcntl import ioctl
    except ImportError:
        return False
    with contextlib.suppress(OSError), source.open("rb") as old, target.open("wb") as new:
        ioctl(new.fileno(), _FICLONE, old.fileno())
        return True
    return False


def write_atomically(files: FileSystem, path: Path, data: bytes) -> None:
    """Replace ``path`` so that after a crash it holds either all of the old or all of ``data``.

    Raises:
        OSError: the volume is full, read-only or gone; ``path`` is as it was.
    """
    temporary = path.with_name(f".{path.name}.new")
    files.write(temporary, data)
    files.fsync(temporary)
    files.replace(temporary, path)
    files.fsync_dir(path.parent)
