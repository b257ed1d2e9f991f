"""The public Grocery Store photos, downloaded once into the user's cache.

Klasson, Zhang, Kjellström: A Hierarchical Grocery Store Image Dataset with Visual and Semantic Labels,
WACV 2019. MIT licence. What comes from the network is bounded in length and time; from the archive only the
pictures that are wanted are taken, under names that are made here, and no more of them than there are. It
lands under its name only when it is, byte for byte, what was pinned here.
"""

from __future__ import annotations

import csv
import hashlib
import io
import struct
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pocketshelf.errors import Unreachable
from pocketshelf.network.http import body_chunks, open_url

__all__ = ["DownloadError", "cache_folder", "fetch_grocery", "is_cached"]

# One fixed state of the repository: what a demo shows does not change by itself.
_COMMIT = "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc"
URL = f"https://github.com/marcusklasson/GroceryStoreDataset/archive/{_COMMIT}.zip"
# Of all that is taken from it: the archive itself is packed anew by GitHub at its convenience.
CONTENT_SHA256 = "281fe99ac65206e8c6d72bd64c9e436293dc94f29c98f3114de1bafc139c6da2"
MAX_BYTES = 400_000_000  # The archive has 123 MB.
MAX_PICTURE_BYTES = 5_000_000
MAX_UNPACKED_BYTES = 400_000_000
MAX_FILES = 20_000  # It has 5,700; what is wanted of it are 2,862.
CONNECT_SECONDS, MAX_SECONDS = 6.0, 300.0
_SPLITS = ("val", "test")
# A zip archive's last record, with the longest comment.
_END_BYTES = 22 + 65_535

Progress = Callable[[int, int], None]
# As `pocketshelf.network.http.open_url`: (URL, headers, seconds) to the answer.
Opener = Callable[[str, dict[str, str], float], Any]


class DownloadError(Exception):
    """The photos cannot be had now; the caller does without them."""


def cache_folder() -> Path:
    """Where this user's downloads are kept, by the platform's custom."""
    from platformdirs import user_cache_path

    return user_cache_path("pocketshelf", appauthor=False, opinion=False) / f"grocery-store-{_COMMIT[:12]}"


def is_cached(folder: Path | None = None) -> bool:
    """Whether the photos are there already, in ``folder`` (the cache if None)."""
    return ((cache_folder() if folder is None else folder) / "grocery" / "photos.csv").is_file()


def fetch_grocery(
    folder: Path | None = None,
    progress: Progress | None = None,
    opener: Opener = open_url,
    content: str = CONTENT_SHA256,
) -> Path:
    """The folder with ``grocery/`` in it; downloaded if it is not in the cache.

    Args:
        content: SHA-256 of what is taken from the archive, as `_Archive.digest` has it.

    Raises:
        DownloadError: no network, too slow, too large, or not the archive that was expected.
    """
    target = cache_folder() if folder is None else folder
    if is_cached(target):
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".grocery-") as staging:
            archive = Path(staging) / "archive.zip"
            _download(archive, progress or (lambda done, total: None), opener)
            _unpack(archive, Path(staging) / "new" / "grocery", content)
            _put_in_place(Path(staging) / "new", target)
    except (Unreachable, OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError) as error:
        raise DownloadError(str(error).removeprefix(f"{URL}: ") or type(error).__name__) from error
    return target


def _put_in_place(new: Path, target: Path) -> None:
    try:
        new.replace(target)
    except OSError:
        if not (target / "grocery" / "photos.csv").is_file():  # Another demo was faster.
            raise


def _download(path: Path, progress: Progress, opener: Opener) -> None:
    deadline = time.monotonic() + MAX_SECONDS
    headers = {"User-Agent": "pocketshelf-demo"}
    with opener(URL, headers, CONNECT_SECONDS) as answer, path.open("wb") as file:
        announced, done = _length(answer.headers.get("Content-Length")), 0
        for chunk in body_chunks(answer, URL):
            done += len(chunk)
            if done > MAX_BYTES:
                raise DownloadError(f"more than {MAX_BYTES // 1_000_000} MB")
            if time.monotonic() > deadline:
                raise DownloadError(f"not done after {MAX_SECONDS:.0f} s")
            file.write(chunk)
            progress(done, announced)
    if announced and done != announced:
        raise DownloadError(f"cut off after {done} of {announced} bytes")


def _length(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 16 else 0


def _unpack(archive: Path, grocery: Path, content: str) -> None:
    """The shop pictures, the photos of val and test, and the two tables, in the layout of `folder`."""
    _check_directory(archive)
    with zipfile.ZipFile(archive) as file:
        opened = _Archive(file)
        products = list(_products(opened, grocery))
        photos = [row for split in _SPLITS for row in _photos(opened, grocery, split)]
    if opened.digest() != content:
        raise DownloadError("the archive does not hold what was pinned: it was changed on the way")
    if not products or not photos:
        raise DownloadError("the archive holds no products or no photos")
    _write(grocery / "products.csv", products)
    _write(grocery / "photos.csv", photos)


def _products(opened: _Archive, grocery: Path) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(io.StringIO(opened.text("classes.csv"))):
        name, inside = row["Class Name (str)"], row["Iconic Image Path (str)"].lstrip("/")
        image = f"iconic/{_file_name(inside)}"
        opened.extract(inside, grocery / image)
        yield {
            "product_id": row["Class ID (int)"],
            "title": name.replace("-", " "),
            "category": row["Coarse Class Name (str)"],
            "image": image,
        }


def _photos(opened: _Archive, grocery: Path, split: str) -> Iterator[dict[str, str]]:
    for line in opened.text(f"{split}.txt").splitlines():
        if not line.strip():
            continue
        inside, product_id = (part.strip() for part in line.split(",")[:2])
        photo = f"photos/{split}/{_file_name(inside)}"
        opened.extract(inside, grocery / photo)
        yield {"photo": photo, "product_id": product_id, "split": split}


def _file_name(inside: str) -> str:
    """The last part of a name in the archive, if it is a plain file's."""
    name = PurePosixPath(inside).name
    if not name or name.startswith(".") or "\\" in name or ":" in name:
        raise DownloadError(f"a strange name in the archive: {inside!r}")
    return name


def _member(inside: str) -> str:
    return f"GroceryStoreDataset-{_COMMIT}/dataset/{inside}"


class _Archive:
    """Takes files out of an archive, and in all no more than there are to take."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self._opened = opened
        self._left = MAX_UNPACKED_BYTES
        self._taken: dict[str, str] = {}

    def text(self, inside: str) -> str:
        """A table."""
        return self._read(inside).decode("utf-8-sig")

    def extract(self, inside: str, path: Path) -> None:
        """A picture."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._read(inside))

    def _read(self, inside: str) -> bytes:
        # What a header says of the length binds nobody: what comes out is counted.
        with self._opened.open(_member(inside)) as member:
            data = member.read(MAX_PICTURE_BYTES + 1)
        self._left -= len(data)
        if len(data) > MAX_PICTURE_BYTES:
            raise DownloadError(f"{inside} is too large")
        if self._left < 0:
            raise DownloadError(f"its pictures have more than {MAX_UNPACKED_BYTES // 1_000_000} MB")
        self._taken[inside] = hashlib.sha256(data).hexdigest()
        return data

    def digest(self) -> str:
        """SHA-256 over the names and contents of all that was taken, as ``sha256sum`` lists them."""
        lines = (f"{content}  {name}\n" for name, content in sorted(self._taken.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _check_directory(archive: Path) -> None:
    """Refuse a directory of millions of entries before `zipfile` reads it into memory (APPNOTE 4.3.16)."""
    with archive.open("rb") as stream:
        stream.seek(max(archive.stat().st_size - _END_BYTES, 0))
        end = stream.read()
    start = end.rfind(b"PK\x05\x06")
    if start < 0 or len(end) < start + 22:
        raise DownloadError("it is no zip archive")
    (entries, length) = struct.unpack_from("<HI", end, start + 10)
    if entries > MAX_FILES or length > MAX_FILES * 500:
        raise DownloadError(f"the archive names more than {MAX_FILES} files")


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
