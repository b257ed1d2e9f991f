"""Target files: written once under their hash, the same bytes for the same input."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import zlib
from pathlib import Path

from pocketshelf.errors import StoreError
from pocketshelf_server.owner import remedy

__all__ = ["gzip_deterministic", "hashed_path", "is_whole", "store_target"]

# RFC 1952: deflate, no flags, no time, no extra flags, operating system unknown (255).
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
LEVEL = 9
CHUNK = 1 << 20


def gzip_deterministic(source: Path, target: Path) -> tuple[str, int, str, int]:
    """Compress ``source`` into ``target``; the header carries no name, time or platform.

    Returns:
        (sha256, length) of ``target``, then (sha256, length) of ``source``.
    """
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    plain, crc, length = hashlib.sha256(), 0, 0
    with source.open("rb") as reader, target.open("w+b") as writer:
        writer.write(GZIP_HEADER)
        while chunk := reader.read(CHUNK):
            plain.update(chunk)
            crc, length = zlib.crc32(chunk, crc), length + len(chunk)
            writer.write(compressor.compress(chunk))
        writer.write(compressor.flush() + struct.pack("<II", crc, length & 0xFFFFFFFF))
        writer.flush()
        os.fsync(writer.fileno())
        writer.seek(0)
        packed = hashlib.file_digest(writer, "sha256")
        return packed.hexdigest(), writer.tell(), plain.hexdigest(), length


def hashed_path(folder: Path, name: str, sha256: str) -> Path:
    """Where TUF's consistent snapshots keep target ``name``: its hash before the last part."""
    head, _, base = name.rpartition("/")
    return folder / head / f"{sha256}.{base}"


def is_whole(path: Path, length: int, sha256: str) -> bool:
    """Whether the file at ``path`` is there and is what was signed."""
    try:
        if not path.is_file() or path.stat().st_size != length:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        return False


def store_target(folder: Path, name: str, sha256: str, ready: Path) -> Path:
    """Move the file ``ready`` to its place, over whatever is there.

    Raises:
        StoreError: it cannot be moved.
    """
    path = hashed_path(folder, name, sha256)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        ready.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written ({error.strerror}); {remedy(error)}") from error
    return path
