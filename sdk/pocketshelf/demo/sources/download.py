"""The public Grocery Store photos, downloaded once into the user's cache.

Klasson, Zhang, Kjellström: A Hierarchical Grocery Store Image Dataset with Visual and Semantic Labels,
WACV 2019. MIT licence. What comes from the network is bounded in length and time and lands under its
name only when it is complete; from the archive only the pictures that are wanted are taken, under names
that are made here.
"""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from pocketshelf.errors import Unreachable
from pocketshelf.http import body_chunks, open_url

__all__ = ["DownloadError", "cache_folder", "fetch_grocery"]

# One fixed state of the repository: what a demo shows does not change by itself.
_COMMIT = "fc80ba90f803d79d0383df52c5a4ac5de99ff6fc"
URL = f"https://github.com/marcusklasson/GroceryStoreDataset/archive/{_COMMIT}.zip"
MAX_BYTES = 400_000_000  # The archive has 123 MB.
MAX_PICTURE_BYTES = 5_000_000
CONNECT_SECONDS, MAX_SECONDS = 6.0, 300.0
_SPLITS = ("val", "test")

Progress = Callable[[int, int], None]
# As `pocketshelf.http.open_url`: (URL, headers, seconds) to the answer.
Opener = Callable[[str, dict[str, str], float], Any]


class DownloadError(Exception):
    """The photos cannot be had now; the caller does without them."""


def cache_folder() -> Path:
    """Where this user's downloads are kept, by the platform's custom."""
    from platformdirs import user_cache_path

    return user_cache_path("pocketshelf", appauthor=False, opinion=False) / f"grocery-store-{_COMMIT[:12]}"


def fetch_grocery(
    folder: Path | None = None, progress: Progress | None = None, opener: Opener = open_url
) -> Path:
    """The folder with ``grocery/`` in it; downloaded if it is not in the cache.

    Raises:
        DownloadError: no network, too slow, too large, or not the archive that was expected.
    """
    target = cache_folder() if folder is None else folder
    if (target / "grocery" / "photos.csv").is_file():
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".grocery-") as staging:
            archive = Path(staging) / "archive.zip"
            _download(archive, progress or (lambda done, total: None), opener)
            _unpack(archive, Path(staging) / "new" / "grocery")
            _put_in_place(Path(staging) / "new", target)
    except (Unreachable, OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
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
        announced, done = int(answer.headers.get("Content-Length") or 0), 0
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


def _unpack(archive: Path, grocery: Path) -> None:
    """The shop pictures, the photos of val and test, and the two tables, in the layout of `folder`."""
    with zipfile.ZipFile(archive) as opened:
        products = list(_products(opened, grocery))
        photos = [row for split in _SPLITS for row in _photos(opened, grocery, split)]
    if not products or not photos:
        raise DownloadError("the archive holds no products or no photos")
    _write(grocery / "products.csv", products)
    _write(grocery / "photos.csv", photos)


def _products(opened: zipfile.ZipFile, grocery: Path) -> Iterator[dict[str, str]]:
    for row in csv.DictReader(io.StringIO(_text(opened, "classes.csv"))):
        name, inside = row["Class Name (str)"], row["Iconic Image Path (str)"].lstrip("/")
        image = f"iconic/{_file_name(inside)}"
        _extract(opened, inside, grocery / image)
        yield {
            "product_id": row["Class ID (int)"],
            "title": name.replace("-", " "),
            "category": row["Coarse Class Name (str)"],
            "image": image,
        }


def _photos(opened: zipfile.ZipFile, grocery: Path, split: str) -> Iterator[dict[str, str]]:
    for line in _text(opened, f"{split}.txt").splitlines():
        if not line.strip():
            continue
        inside, product_id = (part.strip() for part in line.split(",")[:2])
        photo = f"photos/{split}/{_file_name(inside)}"
        _extract(opened, inside, grocery / photo)
        yield {"photo": photo, "product_id": product_id, "split": split}


def _file_name(inside: str) -> str:
    """The last part of a name in the archive, if it is a plain file's."""
    name = PurePosixPath(inside).name
    if not name or name.startswith(".") or "\\" in name or ":" in name:
        raise DownloadError(f"a strange name in the archive: {inside!r}")
    return name


def _member(inside: str) -> str:
    return f"GroceryStoreDataset-{_COMMIT}/dataset/{inside}"


def _text(opened: zipfile.ZipFile, inside: str) -> str:
    with opened.open(_member(inside)) as member:
        return member.read(MAX_PICTURE_BYTES).decode("utf-8-sig")


def _extract(opened: zipfile.ZipFile, inside: str, path: Path) -> None:
    info = opened.getinfo(_member(inside))
    if info.file_size > MAX_PICTURE_BYTES:
        raise DownloadError(f"{inside} is too large")
    path.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(info) as member, path.open("wb") as file:
        shutil.copyfileobj(member, file)


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
