"""A folder of pictures with what is said of them beside each: ``a.jpg`` with ``a.txt`` or ``a.json``.

Texts are ranked by BM25 (Robertson and Zaragoza, 2009) as SQLite's full-text search computes it. All words of
a query must be there, in any order; words that begin so count where the exact ones are not there. Chinese,
Japanese and Thai, which put no blanks between words, are searched by characters that follow each other.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pocketshelf.errors import PhotoError, UsageError
from pocketshelf.picture_files import pictures_in
from pocketshelf.printable import counted
from pocketshelf_training.mine.categories.search.keywords import folded
from pocketshelf_training.mine.categories.search.source import Found

__all__ = ["FolderSource"]

MOST_TEXT_BYTES = 100_000
# Scripts without blanks between words: Thai, kana, CJK ideographs and their extensions, hangul.
_SOLID = re.compile(
    "([\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003134f])"
)
_WORD = re.compile(r"\w+")


class FolderSource:
    """The pictures of a folder of any depth that have a text beside them.

    A ``.json`` may be any document: all its strings are what is said of the picture.

    Raises:
        UsageError: there is no such folder, or no picture in it has a text.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise UsageError(f"{folder}: no such folder of pictures")
        self.folder = folder
        self._index = sqlite3.connect(":memory:")
        self._index.execute(
            "CREATE VIRTUAL TABLE texts USING fts5(words, address UNINDEXED, said UNINDEXED, "
            "tokenize = 'unicode61 remove_diacritics 2')"
        )
        self.pictures = 0
        listed = []
        for path in pictures_in(folder):
            self.pictures += 1
            if (text := _text_of(path)) is not None:
                listed.append((_spaced(text), path.relative_to(folder).as_posix(), text[:500]))
        if not listed:
            raise UsageError(
                f"{folder}: {counted(self.pictures, 'picture')}, none with a text beside it; "
                "write what a.jpg shows into a.txt or a.json"
            )
        self.texts = len(listed)
        self._index.executemany("INSERT INTO texts VALUES (?, ?, ?)", listed)

    @property
    def name(self) -> str:
        """The folder."""
        return f"folder {self.folder.resolve()}"

    def search(self, text: str, most: int) -> Iterator[Found]:
        """Those with all words of ``text``, by BM25, then by name."""
        words = _WORD.findall(_spaced(text))
        if not words:
            return
        # Characters of a script without blanks stand for words only in their order.
        for form in (_phrases(text, ""), _phrases(text, "*")):
            rows = self._index.execute(
                "SELECT address, said FROM texts WHERE texts MATCH ? ORDER BY bm25(texts), address LIMIT ?",
                (form, most),
            ).fetchall()
            if rows:
                yield from (Found(address, said) for address, said in rows)
                return

    def fetch(self, found: Found) -> Path:
        """Where it lies."""
        path = self.folder / found.address
        if not path.is_file():
            raise PhotoError(f"{path}: is not there any more")
        return path


def _spaced(text: str) -> str:
    return _SOLID.sub(r" \1 ", folded(text))


def _phrases(text: str, end: str) -> str:
    """As FTS5 reads a query: each word a phrase in quotes, which may go on where ``end`` is ``*``."""
    phrases = (" ".join(_WORD.findall(_spaced(word))) for word in folded(text).split())
    return " ".join(f'"{phrase}"{end}' for phrase in phrases if phrase)


def _text_of(path: Path) -> str | None:
    """What stands beside a picture: ``a.txt``, ``a.jpg.txt``, ``a.json`` or ``a.jpg.json``."""
    said = []
    for suffix in (".txt", ".json"):
        for beside in (path.with_suffix(suffix), path.with_name(path.name + suffix)):
            with contextlib.suppress(OSError), beside.open("rb") as stream:
                text = stream.read(MOST_TEXT_BYTES).decode("utf-8-sig", errors="replace")
                said.append(" ".join(_strings(text)) if suffix == ".json" else text)
    joined = " ".join(" ".join(said).split())
    return joined or None


def _strings(text: str) -> Iterator[str]:
    """All strings in a JSON document, in its order; of what is none, nothing."""
    try:
        pending: list[Any] = [json.loads(text)]
    except (ValueError, RecursionError):
        return
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            pending.extend(reversed(value.values()))
        elif isinstance(value, list):
            pending.extend(reversed(value))
