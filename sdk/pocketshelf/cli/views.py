"""What a search leaves to look at: a page, and the photos with their boxes drawn."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pocketshelf.errors import PocketshelfError, UsageError
from pocketshelf.files import atomic_write
from pocketshelf.printable import counted
from pocketshelf.recall import ServerPictures
from pocketshelf.stages.outfit import Shelves
from pocketshelf.types import SearchResult

__all__ = ["Views", "require_file", "require_folder_to_write", "require_folders", "require_with"]

# Of a product's picture on the page, in pixels.
PRODUCT_SIDE = 132


def require_file(option: str, path: Path | None) -> None:
    """Refuse a file that cannot be written, before any photo is looked at.

    Args:
        option: that names it.

    Raises:
        UsageError: it is a folder, a device or a pipe, or its folder is not there.
        PocketshelfError: nothing can be written in its folder.
    """
    if path is None:
        return
    folder = path.absolute().parent
    if (path.exists() and not path.is_file()) or not folder.is_dir():
        raise UsageError(f"{option} {path}: name a file in a folder that is there")
    _require_writable(option, path, folder)


def require_folder_to_write(option: str, path: Path | None) -> None:
    """Refuse a folder in which no file can be made, before any photo is looked at; it need not be there yet.

    Args:
        option: that names it.

    Raises:
        UsageError: it, or what it should be in, is no folder.
        PocketshelfError: nothing can be written there.
    """
    if path is None:
        return
    there = next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())
    if not there.is_dir():
        raise UsageError(f"{option} {path}: is no folder")
    _require_writable(option, path, there)


def _require_writable(option: str, path: Path, folder: Path) -> None:
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PocketshelfError(f"{option} {path}: cannot be written ({error.strerror or error})") from error


def require_folders(named: Mapping[str, Path | None]) -> None:
    """Refuse folders of pictures that are not there.

    Args:
        named: option → folder, if it was given.

    Raises:
        UsageError: the first that is none.
    """
    for option, folder in named.items():
        if folder is not None and not folder.is_dir():
            raise UsageError(f"{option} {folder}: no such folder")


def require_with(option: str, needed: Mapping[str, object]) -> None:
    """Refuse options that would be ignored.

    Args:
        option: without which they mean nothing, and which was not given.
        needed: the others → what they were given, if they were.

    Raises:
        UsageError: the first that was given.
    """
    for name, given in needed.items():
        if given:
            raise UsageError(f"{name} is for {option}; give that as well, or leave {name} out")


class Views:
    """Gathers results for the page, and draws each photo's boxes as it comes.

    Args:
        html: the page to write, if any.
        images: folder of the catalogue's pictures, for the page.
        annotate: folder for the drawn photos, if any; made when needed.
        pictures: of products that a server found, for the page.

    Raises:
        UsageError: a folder that must be there is not, before any photo is searched.
        PocketshelfError: what is to be written cannot be, before any photo is searched.
    """

    def __init__(
        self,
        html: Path | None,
        images: Path | None,
        annotate: Path | None,
        pictures: ServerPictures | None = None,
    ) -> None:
        require_file("--html", html)
        require_folders({"--images": images})
        require_folder_to_write("--annotate", annotate)
        self._html, self._images, self._annotate, self._pictures = html, images, annotate, pictures
        self._results: list[SearchResult] = []
        self._failures: list[tuple[str, str]] = []
        self._drawn: set[str] = set()

    def add(self, result: SearchResult) -> None:
        """A photo that was searched.

        Raises:
            OSError: the drawn photo cannot be written.
        """
        if self._html is not None:
            self._results.append(result)
        if self._annotate is not None:
            from pocketshelf.page.annotate import annotate

            self._annotate.mkdir(parents=True, exist_ok=True)
            annotate(result.photo, result.regions, self._annotate / self._drawn_name(result.photo))

    def fail(self, photo: str, why: str) -> None:
        """A photo that could not be read."""
        self._failures.append((photo, why))

    @property
    def has_page(self) -> bool:
        """Whether there is something to write on the page that was asked for."""
        return bool(self._results)

    def write(self, store: str, shelves: Shelves) -> Iterator[str]:
        """Write the page; one line for each thing written.

        Raises:
            OSError: the page cannot be written.
        """
        if self._drawn:
            yield f"{self._annotate}: {counted(len(self._drawn), 'photo')} with their boxes"
        if self._html is not None:
            from pocketshelf.page.searches import Searches, render_searches

            found = Searches(self._results, self._failures, store, self._images, shelves, self._served)
            page, lacks = render_searches(found)
            with atomic_write(self._html) as temporary:
                temporary.write_text(page, encoding="utf-8", errors="backslashreplace")
            yield f"{self._html}: a page of {counted(len(self._results), 'photo')}"
            yield from lacks

    def _served(self, product_id: str) -> bytes | None:
        """A server that is away costs the page its pictures, and no more."""
        try:
            return None if self._pictures is None else self._pictures.get(product_id, PRODUCT_SIDE)
        except PocketshelfError:
            return None

    def _drawn_name(self, photo: str) -> str:
        """The photo's own name with "-boxes"; photos of one name in several folders are numbered.

        A file that has the name and was not drawn here is somebody's own, and stays.
        """
        stem, number = Path(photo).stem, 1
        name = f"{stem}-boxes.jpg"
        while name in self._drawn or self._is_somebodys(name):
            number += 1
            name = f"{stem}-boxes-{number}.jpg"
        self._drawn.add(name)
        return name

    def _is_somebodys(self, name: str) -> bool:
        from pocketshelf.page.annotate import is_annotated

        path = (self._annotate or Path()) / name
        return os.path.lexists(path) and not is_annotated(path)
