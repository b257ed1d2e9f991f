"""Unpack a signed gzip file, to exactly the length and hash that were signed: the zip-bomb guard."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path

from pocketshelf.errors import SyncError
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync.limits import Limits

__all__ = ["unpack"]

_GZIP = 16 + zlib.MAX_WBITS


def unpack(source: Path, target: Path, length: int, sha256: str, files: FileSystem, limits: Limits) -> None:
    """Write the unpacked bytes of ``source`` to ``target``, replacing it; durable on return.

    At most one piece beyond ``length`` is ever unpacked, so that a bomb costs nothing.

    Raises:
        SyncError: not one gzip member of exactly ``length`` bytes with this hash; ``target`` is gone then.
    """
    digest, written = hashlib.sha256(), 0
    files.write(target, b"")
    try:
        for piece in _pieces(source, limits.chunk):
            written += len(piece)
            if written > length:
                raise SyncError(
                    f"{source.name}: refused, unpacks to more than the {length} bytes signed (zip bomb)"
                )
            digest.update(piece)
            files.append(target, piece)
        if written != length or digest.hexdigest() != sha256:
            raise SyncError(f"{source.name}: refused, does not unpack to the {length} bytes signed")
    except SyncError:
        files.unlink(target)
        raise
    files.fsync(target)


def _pieces(source: Path, size: int) -> Iterator[bytes]:
    """The unpacked bytes, at most ``size`` at a time."""
    inflater = zlib.decompressobj(_GZIP)
    with source.open("rb") as stream:
        while not inflater.eof:
            packed = inflater.unconsumed_tail or stream.read(size)
            if not packed:
                raise SyncError(f"{source.name}: refused, its gzip stream is cut short")
            try:
                piece = inflater.decompress(packed, size)
            except zlib.error as error:
                raise SyncError(f"{source.name}: refused, not a gzip file ({error})") from error
            if piece:
                yield piece
        if inflater.unused_data or stream.read(1):
            raise SyncError(f"{source.name}: refused, holds more than one gzip member")
