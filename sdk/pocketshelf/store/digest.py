"""What a generation consists of, against the SHA-256s that were recorded when it was written, beside it."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
from collections.abc import Callable
from io import BufferedReader
from pathlib import Path
from typing import TypeVar

from pocketshelf.background import begin
from pocketshelf.errors import StoreError, reason
from pocketshelf.files import open_plain, read_plain
from pocketshelf.store.folder import StoreFolder, remedy

__all__ = [
    "RECORDED",
    "DigestCheck",
    "beside",
    "check_digests",
    "check_shard",
    "file_digest",
    "read_recorded",
    "recorded_digests",
    "standing",
]

Found = TypeVar("Found")

# Up to so many bytes are hashed before the store is opened (20 ms a 25 MB), more of them while it is used.
AT_ONCE = 64_000_000
# What has its digest recorded, where it is there: the shard, and the manifest that it came with.
RECORDED = ("shard.sqlite", "manifest.json")
_CHUNK = 1 << 20
_HEX = re.compile(r"[0-9a-f]{64}")
_RECORD_BYTES, _SMALL_FILE = 1000, 10_000_000


def recorded_digests(folder: StoreFolder, name: str) -> dict[str, str]:
    """File → SHA-256 of what never changes in a generation, the shard among it.

    Raises:
        StoreError: there is no record, or a damaged one.
    """
    try:
        lines = read_plain(folder.digest(name), _RECORD_BYTES).decode("ascii").splitlines()
        digests = {file: sha256 for sha256, file in (line.split() for line in lines)}
    except (OSError, ValueError) as error:
        raise StoreError(_unreadable(folder, name, error)) from error
    if folder.shard(name).name not in digests or not all(map(_HEX.fullmatch, digests.values())):
        why = ValueError(f"{folder.digest(name).name} holds no SHA-256 of the shard")
        raise StoreError(_unreadable(folder, name, why))
    return digests


def standing(folder: StoreFolder) -> tuple[str, str | None] | None:
    """The current generation and the recorded SHA-256 of its shard; None where there is no store.

    Names alone tell nothing of a store that was removed and made again: its generations are counted anew.

    Returns:
        None for the SHA-256 where it cannot be read.

    Raises:
        StoreError: the pointer cannot be read or holds no name.
    """
    name = folder.current()
    if name is None:
        return None
    try:
        return name, recorded_digests(folder, name)[folder.shard(name).name]
    except StoreError:
        return name, None


def read_recorded(folder: StoreFolder, name: str, file: str, most: int) -> bytes:
    """The bytes of a small file of a generation, as they were written.

    Raises:
        StoreError: it is missing, longer than ``most``, or damaged.
    """
    path, digests = folder.generation(name) / file, recorded_digests(folder, name)
    try:
        data = read_plain(path, most)
    except OSError as error:
        raise StoreError(_unreadable(folder, name, error)) from error
    # A generation that an older release wrote has the shard's digest only.
    if digests.get(file) not in (None, hashlib.sha256(data).hexdigest()):
        raise StoreError(_differs(path))
    return data


class DigestCheck:
    """Compares a generation's shard with the recorded digest: at once where small, else in the background.

    Attributes:
        digest: the recorded one.

    Raises:
        StoreError: it differs, or one of the two cannot be read.
    """

    def __init__(self, folder: StoreFolder, name: str, at_once: int | None = None) -> None:
        self.digest = recorded_digests(folder, name)[folder.shard(name).name]
        self._shard = folder.shard(name)
        self._stopped = False
        self._fault: StoreError | None = None
        try:
            stream = open_plain(self._shard)
        except OSError as error:
            raise StoreError(_unreadable(folder, name, error)) from error
        size = os.fstat(stream.fileno()).st_size
        if not _is_whole(stream, size):
            stream.close()
            raise StoreError(_differs(self._shard))
        if size <= (AT_ONCE if at_once is None else at_once):
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
            self._fault = StoreError(f"{self._shard}: cannot be read ({reason(error)}); {remedy(error)}")
            return
        if not self._stopped and digest.hexdigest() != self.digest:
            self._fault = StoreError(_differs(self._shard))


def file_digest(file: Path) -> str:
    """A file's SHA-256."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def beside(work: Callable[[], Found]) -> Callable[[], Found]:
    """Begin ``work`` in a thread; what is returned waits for its end, and gives, or raises, what it did.

    For what takes another processor's time and no turn of Python's, as hashing does.
    """
    return begin(work, "pocketshelf-beside").result


def check_shard(folder: StoreFolder, name: str) -> str:
    """Compare a generation's shard with its recorded SHA-256, which is returned.

    Raises:
        StoreError: it differs, or one of the two cannot be read.
    """
    return DigestCheck(folder, name, at_once=sys.maxsize).digest


def check_digests(folder: StoreFolder, name: str) -> str:
    """Compare all that is recorded; the shard's SHA-256.

    Raises:
        StoreError: something differs, or cannot be read.
    """
    for file in recorded_digests(folder, name).keys() & set(RECORDED[1:]):
        read_recorded(folder, name, file, most=_SMALL_FILE)
    return check_shard(folder, name)


def _is_whole(stream: BufferedReader, size: int) -> bool:
    """Whether a SQLite file is as long as it says, which spares hashing one that is endless."""
    header = stream.read(100)
    stream.seek(0)
    return size == int.from_bytes(header[16:18], "big") * int.from_bytes(header[28:32], "big")


def _differs(path: Path) -> str:
    return f"{path}: not the bytes that were written (SHA-256 differs); sync or build it again"


def _unreadable(folder: StoreFolder, name: str, error: Exception) -> str:
    file = f"{Path(error.filename).name}: " if isinstance(error, OSError) and error.filename else ""
    return f"{folder.generation(name)}: cannot be read ({file}{reason(error)}); {remedy(error)}"
