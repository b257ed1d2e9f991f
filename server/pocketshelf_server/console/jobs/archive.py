"""Pictures out of an archive that somebody sends: bounded, and never outside of their folder."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

from pocketshelf.catalogue.delimited import looks_like_picture
from pocketshelf.catalogue.pictures import MAX_PICTURE_BYTES
from pocketshelf.errors import CatalogueError, one_line

__all__ = ["unpack_pictures", "unpacked_folders"]

MOST_ENTRIES = 50_000
MOST_BYTES = 4_000_000_000
LEFT_FREE = 500_000_000
CHUNK = 1 << 20
MOST_DEPTH = 8
PREFIX = "zip-"


def unpack_pictures(archive: Path, into: Path) -> Path:
    """The pictures of a ZIP in a folder of their own below ``into``, named after the archive's content.

    The same archive again is the same folder. What is no picture by its name is left out. One that was cut
    short leaves nothing.

    Raises:
        CatalogueError: it is no ZIP, damaged, encrypted, without pictures or too large, or there is no room.
    """
    with archive.open("rb") as stream:
        name = f"{PREFIX}{hashlib.file_digest(stream, 'sha256').hexdigest()[:16]}"
    if (into / name).is_dir():
        return into / name
    into.mkdir(parents=True, exist_ok=True)
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = list(_entries(opened))
            _check(entries, into)
            with tempfile.TemporaryDirectory(dir=into, prefix=".unpacking-") as folder:
                for entry, path in entries:
                    _unpack(opened, entry, Path(folder) / path)
                Path(folder).rename(into / name)
                Path(folder).mkdir()  # For its own clearing away.
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise CatalogueError(
            f"the ZIP cannot be read ({one_line(error)}); make it anew, without a password"
        ) from error
    except OSError as error:
        raise CatalogueError(
            f"the pictures cannot be unpacked ({error.strerror}); free some space"
        ) from error
    return into / name


def unpacked_folders(into: Path) -> list[Path]:
    """Where names of pictures may start that came in archives, the newest archive's first."""
    try:
        archives = [folder for folder in into.glob(f"{PREFIX}*") if folder.is_dir()]
        archives.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
        return [place for folder in archives for place in (folder, *_only_folder(folder))]
    except OSError:  # One has just gone.
        return []


def _only_folder(folder: Path) -> list[Path]:
    inner = list(islice(folder.iterdir(), 2))
    return inner if len(inner) == 1 and inner[0].is_dir() else []


def _entries(opened: zipfile.ZipFile) -> Iterator[tuple[zipfile.ZipInfo, str]]:
    """The pictures, and where each belongs."""
    for entry in opened.infolist():
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if entry.is_dir() or not looks_like_picture(entry.filename) or parts[0] == "__MACOSX":
            continue
        if any(part in ("..", "/") or part.startswith(".") or ":" in part for part in parts):
            continue
        if len(parts) <= MOST_DEPTH and (entry.external_attr >> 28) != 0o12:  # No link.
            yield entry, "/".join(parts)


def _check(entries: list[tuple[zipfile.ZipInfo, str]], into: Path) -> None:
    size = sum(entry.file_size for entry, _ in entries)
    if not entries:
        raise CatalogueError("the ZIP holds no pictures (.jpg, .png, .webp, …)")
    if len(entries) > MOST_ENTRIES or size > MOST_BYTES:
        raise CatalogueError(
            f"{len(entries)} pictures of {size} bytes are more than {MOST_ENTRIES}, or than {MOST_BYTES}: "
            "put the folder onto the server, or send several"
        )
    if large := next((entry for entry, _ in entries if entry.file_size > MAX_PICTURE_BYTES), None):
        raise CatalogueError(
            f"{large.filename[:100]}: larger than {MAX_PICTURE_BYTES // 1_000_000} MB; reduce it first"
        )
    if shutil.disk_usage(into).free < size + LEFT_FREE:
        raise CatalogueError(
            f"the pictures take {size} bytes, and there is no room for them; free some space"
        )


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with opened.open(entry) as reader, path.open("wb") as writer:
        while chunk := reader.read(min(CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise ValueError(f"{entry.filename[:100]} is longer than it says")
            writer.write(chunk)
