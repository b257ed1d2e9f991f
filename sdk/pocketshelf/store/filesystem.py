"""The file operations that a store's durability rests on, each one a point where power may fail.

Everything that changes a store goes through a `FileSystem`, so that a test can kill the process, or
lose what was never synced, at every single operation. Reading needs no injection: it changes nothing.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
from pathlib import Path

from pocketshelf.files import make_way, remove

__all__ = ["FileSystem", "write_atomically", "write_over"]

_log = logging.getLogger(__name__)

# What a volume answers that has no such operation, as networks' and some FUSE ones do.
UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.ENOTTY})

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
        """Create or truncate ``path`` and write ``data``; not yet durable. A link there is not followed."""
        make_way(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, self._mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)

    def append(self, path: Path, data: bytes) -> None:
        """Add ``data`` at the end of ``path``; not yet durable."""
        with path.open("ab") as stream:
            stream.write(data)

    def fsync(self, path: Path) -> None:
        """Make the contents of a file durable, on a volume that can.

        On one that cannot, a power cut may leave half a file: its digest tells (`pocketshelf.store.digest`).
        """
        # Windows flushes only handles that may write.
        with path.open("r+b") as stream:
            _fsync(stream.fileno(), path)

    def fsync_dir(self, path: Path) -> None:
        """Make a folder's entries (creations, renames, removals in it) durable."""
        if os.name == "nt":  # Windows cannot open folders; its renames are journalled.
            return
        descriptor = os.open(path, os.O_RDONLY)
        try:
            _fsync(descriptor, path)
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
        """Remove a folder and what is in it, or what else stands there, if anything does."""
        remove(path)

    def make_way(self, path: Path, folder: bool = False) -> None:
        """Remove what stands where a file of ours (or a ``folder``) belongs and is none: `files.make_way`."""
        make_way(path, folder)

    def copy(self, source: Path, target: Path) -> None:
        """Copy a file's contents, sharing blocks where the volume can; not yet durable."""
        if not _clone(source, target):
            shutil.copyfile(source, target)


def _fsync(descriptor: int, path: Path) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        _log.debug("%s: this volume cannot make files durable (%s)", path, error)


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


def write_over(files: FileSystem, path: Path, data: bytes) -> None:
    """`write_atomically`, whatever stands in the file's place, a folder included.

    Raises:
        OSError: as `write_atomically`.
    """
    if path.is_dir() and not path.is_symlink():
        files.rmtree(path)
    write_atomically(files, path, data)
