"""A generation's shard against the SHA-256 that was recorded when it was written, beside it."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from io import BufferedReader

from pocketshelf.errors import StoreError
from pocketshelf.files import open_plain, read_plain
from pocketshelf.store.folder import StoreFolder

__all__ = ["DigestCheck", "check_digest", "recorded_digest"]

# Up to so many bytes are hashed before the store is opened (20 ms a 25 MB), more of them while it is used.
AT_ONCE = 64_000_000
_CHUNK = 1 << 20
_HEX = re.compile(r"[0-9a-f]{64}")
_RECORD_BYTES = 1000


def recorded_digest(folder: StoreFolder, name: str) -> str:
    """The recorded SHA-256 of a generation's shard.

    Raises:
        StoreError: there is none.
    """
    try:
        words = read_plain(folder.digest(name), _RECORD_BYTES).decode("ascii").split()
    except (OSError, ValueError) as error:
        raise StoreError(_unreadable(folder, name, error)) from error
    if not words or not _HEX.fullmatch(words[0]):
        raise StoreError(_unreadable(folder, name, f"{folder.digest(name).name} holds no SHA-256"))
    return words[0]


class DigestCheck:
    """Compares a generation's shard with the recorded digest: at once where small, else in the background.

    Attributes:
        digest: the recorded one.

    Raises:
        StoreError: it differs, or one of the two cannot be read.
    """

    def __init__(self, folder: StoreFolder, name: str, at_once: int | None = None) -> None:
        self.digest = recorded_digest(folder, name)
        self._shard = folder.shard(name)
        self._stopped = False
        self._fault: StoreError | None = None
        try:
            stream = open_plain(self._shard)
        except OSError as error:
            raise StoreError(_unreadable(folder, name, error)) from error
        if os.fstat(stream.fileno()).st_size <= (AT_ONCE if at_once is None else at_once):
            self._compare(stream)
            self.require_sound()
        else:
            threading.Thread(
                target=self._compare, args=(stream,), name="pocketshelf-digest", daemon=True
            ).start()

    def require_sound(self) -> None:
        """Raise what was found, once something was.

        Raises:
            StoreError: the shard is not the one that was written.
        """
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """End the check in the background, if there is one."""
        self._stopped = True

    def _compare(self, stream: BufferedReader) -> None:
        digest = hashlib.sha256()
        try:
            with stream:
                while not self._stopped and (chunk := stream.read(_CHUNK)):
                    digest.update(chunk)
        except OSError as error:
            self._fault = StoreError(f"{self._shard}: cannot be read ({error}); sync or build it again")
            return
        if not self._stopped and digest.hexdigest() != self.digest:
            self._fault = StoreError(
                f"{self._shard}: not the bytes that were written (SHA-256 differs); sync or build it again"
            )


def check_digest(folder: StoreFolder, name: str) -> str:
    """Compare a generation's shard with its recorded SHA-256, which is returned.

    Raises:
        StoreError: it differs, or one of the two cannot be read.
    """
    return DigestCheck(folder, name, at_once=sys.maxsize).digest


def _unreadable(folder: StoreFolder, name: str, why: object) -> str:
    return f"{folder.generation(name)}: cannot be read ({why}); sync or build it again"
