"""Files derived from a shard, such as its layout: each carries two digests. Format, version 1::

    pocketshelf-derived 1 <origin> <sha256> <length>\\n     five words in ASCII, 170 bytes at most
    <length> bytes, whose SHA-256 is <sha256>

``origin`` is the SHA-256 of what the bytes were made from and for: the shard's own digest, and the file's
name. A file that does not fit, whatever befell it, is as good as none: it is made again.

Native code gets bytes that were read once, into memory of ours, and verified there: what happens to the file
afterwards changes nothing. The digests tell damage and mix-ups; whoever may write into a store can forge a
file with its digests, as they can the shard.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from pocketshelf.files import atomic_write, make_way, open_plain

__all__ = ["FACTS", "FEATURES", "GRAPH", "LAYOUT", "DerivedFile"]

# Kinds of content, each with the version of its own format.
GRAPH, LAYOUT, FACTS = ".2.usearch", ".1.layout", ".2.facts"
# Local features (`pocketshelf.closely`): derived from the products' pictures, which no search has.
FEATURES = ".2.features"
_MAGIC = "pocketshelf-derived 1"
_HEADER = 170
_CHUNK = 1 << 20


@dataclass(frozen=True)
class DerivedFile:
    """A file in ``folder`` derived from the shard with the SHA-256 ``shard``.

    Attributes:
        folder: made when needed.
        name: the file's, which says what it is for; what is derived for another never passes for it.
    """

    folder: Path
    shard: str
    name: str

    @classmethod
    def every(cls, folder: Path, shard: str) -> list[DerivedFile]:
        """Those that are there, by name."""
        names = [
            path.name for path in folder.glob("*") if path.name.endswith((GRAPH, LAYOUT, FACTS, FEATURES))
        ]
        return [cls(folder, shard, name) for name in sorted(names) if not name.startswith(".")]

    @classmethod
    def of_category(cls, folder: Path, shard: str, category: str) -> DerivedFile:
        """The graph of a category, whose name may hold what no file's name can."""
        name = hashlib.sha256(category.encode("utf-8", "surrogatepass")).hexdigest()[:24]
        return cls(folder, shard, f"{name}{GRAPH}")

    @classmethod
    def of_shard(cls, folder: Path, shard: str, kind: str) -> DerivedFile:
        """The one of its kind (`LAYOUT`, `FACTS`, `FEATURES`) for the whole shard."""
        return cls(folder, shard, f"shard{kind}")

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / self.name

    @property
    def origin(self) -> str:
        """What the file's header must name."""
        return hashlib.sha256(f"{self.shard} {self.name}".encode()).hexdigest()

    def read(self, most: int) -> bytearray | None:
        """The verified bytes; None if there is no such file, or it does not fit.

        Args:
            most: longest length accepted.
        """
        with contextlib.suppress(OSError, ValueError), open_plain(self.path) as stream:
            return _verified(stream, *self._header(stream, most))
        return None

    def write(self, data: bytes) -> None:
        """Put ``data`` in the file's place, whatever stands there.

        Raises:
            OSError: the volume is full, read-only or gone.
        """
        make_way(self.folder, folder=True)
        self.folder.mkdir(exist_ok=True)
        make_way(self.path)
        with atomic_write(self.path) as temporary, temporary.open("xb") as stream:
            stream.write(self.framed(data))

    def framed(self, data: bytes) -> bytes:
        """The file's bytes, its header first."""
        header = f"{_MAGIC} {self.origin} {hashlib.sha256(data).hexdigest()} {len(data)}\n"
        return header.encode("ascii") + data

    def stamp(self) -> bytes:
        """What tells the file from one that took its place: its header; nothing where there is no file."""
        with contextlib.suppress(OSError), open_plain(self.path) as stream:
            return stream.readline(_HEADER)
        return b""

    def _header(self, stream: BufferedReader, most: int) -> tuple[str, int]:
        """(SHA-256, length) of the bytes that follow.

        Raises:
            ValueError: not a header, of something else, or of more than there is or may be.
        """
        line = stream.readline(_HEADER).decode("ascii")
        magic, origin, sha256, length = line.removesuffix("\n").rsplit(" ", 3)
        if magic != _MAGIC or origin != self.origin or not line.endswith("\n") or not length.isdigit():
            raise ValueError(f"{self.path}: of another format, or derived from something else")
        if int(length) > most or int(length) != os.fstat(stream.fileno()).st_size - stream.tell():
            raise ValueError(f"{self.path}: longer or shorter than it may be")
        return sha256, int(length)


def _verified(stream: BufferedReader, sha256: str, length: int) -> bytearray | None:
    """The rest of ``stream``, if it has this length and hash; hashed piece by piece as it is read."""
    data, digest, have = bytearray(length), hashlib.sha256(), 0
    pieces = memoryview(data)
    while have < length and (count := stream.readinto(pieces[have : have + _CHUNK])):
        digest.update(pieces[have : have + count])
        have += count
    return data if have == length and digest.hexdigest() == sha256 else None
