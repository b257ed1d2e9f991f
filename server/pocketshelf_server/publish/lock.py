"""One publisher at a time, from choosing what is public to signing it, over processes.

The system's own lock on an open file (``flock``): it ends with the process that holds it, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pocketshelf.errors import StoreError

__all__ = ["only_publisher"]

WAIT_SECONDS = 30.0
ASK_AGAIN_SECONDS = 0.05


@contextmanager
def only_publisher(path: Path, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock at ``path`` for as long as the context lasts.

    Raises:
        StoreError: another publisher held it for all of ``wait_seconds`` (the message names its process), or
            this volume cannot lock, or is full.
        OSError: the file cannot be made.
    """
    with path.open("a+") as file:
        _acquire(file, path, time.monotonic() + wait_seconds)
        _write(file, path)
        yield


def _write(file: IO[str], path: Path) -> None:
    """Put this process's number into the file; past its buffer, which would be written again at its end."""
    try:
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), str(os.getpid()).encode())
    except OSError as error:
        raise StoreError(
            f"{path}: cannot be written ({error.strerror}); free some space, and publish again"
        ) from error


def _acquire(file: IO[str], path: Path, deadline: float) -> None:
    while True:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() < deadline:
                time.sleep(ASK_AGAIN_SECONDS)
                continue
            file.seek(0)
            raise StoreError(
                f"{path}: another publisher (process {file.read() or 'unknown'}) is at work; wait for it"
            ) from error
        except OSError as error:
            raise StoreError(
                f"{path}: this volume cannot lock files ({error.strerror}); put the site on another"
            ) from error
