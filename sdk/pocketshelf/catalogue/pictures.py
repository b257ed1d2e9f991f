"""Names of pictures: several in a cell, and where each lies, written as it may be.

A name starts from the folder of pictures, with a leading slash or without. What is not there literally is
looked for without the query of its address (``?v=1``), in the other normal form of Unicode (macOS decomposes
umlauts), and in another case; the last with a note. What was fetched lies under the digest of its address.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import unicodedata
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

from pocketshelf.catalogue.delimited import looks_like_picture
from pocketshelf.errors import PhotoError, reason

__all__ = [
    "PictureFolder",
    "fetched_name",
    "image_path",
    "is_address",
    "picture_names",
    "whole_address",
]

MAX_PICTURE_BYTES = 50_000_000
ADDRESS = re.compile(r"(https?:)?//", re.IGNORECASE)
NEXT_ADDRESS = re.compile(r"(?<=[,;|\s])https?://", re.IGNORECASE)
SEPARATORS = ("|", ";", ",")

OnNote = Callable[[str], None]
Fetch = Callable[[str], bytes]
"""From an address to the picture's file; raises `PhotoError`."""


def is_address(image: str) -> bool:
    """Whether ``image`` is to be had from a server."""
    return bool(ADDRESS.match(image))


def whole_address(image: str) -> str:
    """An address with its scheme."""
    return f"https:{image}" if image.startswith("//") else image


def fetched_name(address: str) -> str:
    """The name of the file in which the picture at ``address`` is kept; another query is another picture."""
    return hashlib.sha256(whole_address(address).encode(errors="replace")).hexdigest()


def picture_names(cell: str) -> tuple[str, ...]:
    """The pictures that a cell names: one, or several between ``|``, ``;``, ``,`` or line breaks.

    A name may hold a separator itself: only where each part is a picture's name, there are several.
    """
    cell = cell.strip()
    if cell.startswith("["):
        try:
            listed = json.loads(cell)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list) and listed and all(isinstance(name, str) for name in listed):
            return tuple(_clean(name) for name in listed if name.strip())
    if "\n" in cell:
        return tuple(dict.fromkeys(name for part in cell.split("\n") for name in picture_names(part)))
    if is_address(cell):
        return tuple(map(_clean, _addresses(cell)))
    for separator in SEPARATORS:
        parts = [part.strip() for part in cell.split(separator) if part.strip()]
        if len(parts) > 1 and all(map(looks_like_picture, parts)):
            return tuple(map(_clean, parts))
    return (_clean(cell),) if cell else ()


def _addresses(cell: str) -> Iterator[str]:
    """The addresses in ``cell``, without what parts them: blanks, and one separator among these."""
    starts = [0, *(match.start() for match in NEXT_ADDRESS.finditer(cell))]
    for start, end in itertools.pairwise(starts):
        part = cell[start:end].rstrip()
        yield part[:-1] if part.endswith(SEPARATORS) else part
    yield cell[starts[-1] :]


def _clean(name: str) -> str:
    name = name.strip()
    return name if is_address(name) else name.replace("\\", "/")


def image_path(base: Path, image: str) -> Path:
    """Where a row's picture is, as it is named.

    Raises:
        PhotoError: the name leads out of ``base``.
    """
    root = os.path.normpath(base.absolute())
    path = os.path.normpath(os.path.join(root, image))  # noqa: PTH118 - lexical, as links in base are the user's own
    if os.path.commonpath([root, path]) != root:
        raise PhotoError(f"image {image!r} leads out of the folder {root}")
    return Path(path)


class PictureFolder:
    """The pictures of a catalogue.

    Args:
        base: the folder that names start from.
        fetch: gets what is an address and does not lie in the folder by its path; if None, a picture there
            by the address's last part will do, and others are refused.
    """

    def __init__(self, base: Path, fetch: Fetch | None = None) -> None:
        self._base = base
        self._fetch = fetch
        self._listed: dict[Path, dict[str, list[str]]] = {}

    def read(self, image: str, on_note: OnNote = lambda note: None) -> bytes:
        """The picture's file.

        Args:
            on_note: called when it lies there by another name.

        Raises:
            PhotoError: it is not there, cannot be read, or is too large.
        """
        try:
            path = self._find(image, on_note)
            if path is not None:
                return _read(path, image)
        except (OSError, ValueError) as error:
            raise PhotoError(f"{image}: cannot be read ({reason(error)})") from error
        if self._fetch is not None and is_address(image):
            return self._fetch(image)
        raise self._missing(image)

    def path(self, image: str, on_note: OnNote = lambda note: None) -> Path:
        """Where the picture lies; raises as `read`. One that is to be fetched lies nowhere."""
        try:
            path = self._find(image, on_note)
        except (OSError, ValueError) as error:
            raise PhotoError(f"{image}: cannot be read ({reason(error)})") from error
        if path is None or not path.is_file():
            raise self._missing(image)
        return path

    def place(self, image: str, is_other: Callable[[Path], bool] = lambda path: False) -> Path:
        """Where a picture lies, or is to lie that is not there yet.

        Args:
            is_other: whether what lies there by another name is another picture.

        Raises:
            PhotoError: that leads out of the folder, or to a hidden file.
        """
        try:
            path = self._find(image, lambda note: None)
            if path is None or is_other(path):
                path = self._inside(next(_candidates(image, False), ""))
            parts = path.relative_to(os.path.normpath(self._base.absolute())).parts
        except (OSError, ValueError) as error:
            raise PhotoError(f"{image}: cannot lie there ({reason(error)})") from error
        if not parts or "\0" in str(path) or any(part.startswith(".") for part in parts):
            raise PhotoError(f"{image}: cannot lie there")
        return path

    def _missing(self, image: str) -> PhotoError:
        if is_address(image):
            return PhotoError(f"image {image!r} is a URL; --download fetches it")
        # By its whole name: a catalogue of the current folder has "." for one, which tells nobody where.
        folder = os.path.normpath(self._base.absolute())
        from_there = image.startswith("/") and not image.startswith(f"{folder}/")
        said = "names start from the folder of pictures, with a leading slash, too: " if from_there else ""
        return PhotoError(f"{image}: {said}no such file in {folder}")

    def _find(self, image: str, on_note: OnNote) -> Path | None:
        for name in _candidates(image, guess=self._fetch is None):
            path = self._inside(name)
            if path.exists():
                return path
            if found := self._by_other_name(path):
                if _normal(str(found)) != _normal(str(path)):
                    on_note(f"image {image!r} is there as {found.name!r}")
                return found
        return None

    def _inside(self, name: str) -> Path:
        """The path of ``name``, whose leading slash means the folder."""
        if name.startswith("/"):
            try:
                return image_path(self._base, name)
            except PhotoError:
                name = name.lstrip("/")
        return image_path(self._base, name)

    def _by_other_name(self, path: Path) -> Path | None:
        """What lies in the folder by a name that differs from ``path`` in normal form or case."""
        root = Path(os.path.normpath(self._base.absolute()))
        found = root
        for part in path.relative_to(root).parts:
            if (found / part).exists():
                found = found / part
                continue
            names = self._names(found).get(_normal(part).casefold(), [])
            same = [name for name in names if _normal(name) == _normal(part)]
            if not (same or names):
                return None
            found = found / (same or names)[0]
        return found

    def _names(self, folder: Path) -> dict[str, list[str]]:
        """What lies in ``folder``: folded name to names."""
        if folder not in self._listed:
            listed: dict[str, list[str]] = {}
            for name in sorted(p.name for p in folder.iterdir()) if folder.is_dir() else ():
                listed.setdefault(_normal(name).casefold(), []).append(name)
            self._listed[folder] = listed
        return self._listed[folder]


def _candidates(image: str, guess: bool) -> Iterator[str]:
    """Names under which a picture may lie in the folder, the likeliest first.

    Args:
        guess: take an address's last part for its name; two addresses may have it in common.
    """
    if is_address(image):
        yield fetched_name(image)
        path = urllib.parse.unquote(urllib.parse.urlsplit(image).path).lstrip("/")
        parts = path.split("/")
        # The whole path of the address, then the end of it, and last the name alone.
        ends = ("/".join(parts[start:]) for start in range(len(parts) if guess else 1))
        yield from (end for end in ends if parts[-1])
        return
    yield image
    plain = re.sub(r"[?#].*$", "", image)
    if plain != image and plain:
        yield plain
    if "%" in plain:
        yield urllib.parse.unquote(plain)


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _read(path: Path, image: str) -> bytes:
    if not path.is_file():
        raise PhotoError(f"{image}: not a regular file")
    size = path.stat().st_size
    if size > MAX_PICTURE_BYTES:
        raise PhotoError(f"{image}: larger than {MAX_PICTURE_BYTES // 1_000_000} MB; reduce it first")
    return path.read_bytes()
