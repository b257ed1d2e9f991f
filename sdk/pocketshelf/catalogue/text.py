"""A file's bytes as text: byte-order marks, UTF-16, and the code page of older programs, guessed and said."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from pocketshelf.errors import CatalogueError, UsageError

__all__ = ["decode_text", "read_bytes", "read_lines", "refuse_other_kinds"]

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# By what a file begins with; a remedy for each.
KINDS = (
    (b"PK\x03\x04", "a zip file or a workbook; name an Excel workbook .xlsx, or save it as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook; name it .xls, or save it as CSV"),
    (b"\x1f\x8b", "compressed by gzip; unpack it first"),
    (b"%PDF", "a PDF document; export a CSV"),
    (b"\x89PNG", "a picture (it is not UTF-8 text)"),
    (b"\xff\xd8\xff", "a picture (it is not UTF-8 text)"),
    (b"SQLite format 3", "a database; export a CSV"),
)
HTML = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)
GUESS = "cp1252"
# Bytes that the guessed code page does not have.
UNDEFINED = set(b"\x81\x8d\x8f\x90\x9d")
CONTROLS = set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b")


def read_bytes(path: Path) -> bytes:
    """The file.

    Raises:
        CatalogueError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror or error})") from error


def refuse_other_kinds(data: bytes, path: Path) -> None:
    """Name what is no text by how it begins.

    Raises:
        CatalogueError: it is such.
    """
    for start, what in KINDS:
        if data.startswith(start):
            raise CatalogueError(f"{path}: this is {what}")
    if HTML.match(data[:1000]):
        raise CatalogueError(f"{path}: this is a web page, no catalogue; is it a login page or an error's?")


def read_lines(path: Path, encoding: str | None = None) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, numbered from 1; only those of UTF-16 need the whole file in memory.

    Raises:
        CatalogueError, UsageError: as `decode_text`.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(4000)
            stream.seek(0)
            refuse_other_kinds(head, path)
            if encoding is not None or head.startswith(tuple(mark for mark, _ in MARKS[1:])) or _wide(head):
                lines = iter(decode_text(stream.read(), path, encoding)[0].split("\n"))
            else:
                lines = (line.decode("utf-8-sig", errors="surrogateescape") for line in stream)
            yield from ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    except OSError as error:
        raise CatalogueError(f"{path}: cannot be read ({error.strerror or error})") from error


def decode_text(data: bytes, path: Path, encoding: str | None = None) -> tuple[str, list[str]]:
    """The text of ``data``, and notes on how it was found.

    Bytes that are no text of the encoding come out as lone surrogates, so that they can cost their row alone.

    Args:
        encoding: instead of a guess.

    Raises:
        CatalogueError: it is no text at all; says what it is.
        UsageError: there is no such encoding.
    """
    refuse_other_kinds(data, path)
    if encoding is not None:
        return _decoded(data, path, encoding), []
    for mark, name in MARKS:
        if data.startswith(mark):
            return _decoded(data, path, name), []
    if wide := _wide(data):
        note = f"read as {wide}, which the file does not say; --encoding names another"
        return _decoded(data, path, wide), [note]
    return _narrow(data, path)


def _decoded(data: bytes, path: Path, encoding: str) -> str:
    try:
        encoding = codecs.lookup(encoding).name
        "".encode(encoding)  # Not one of those from bytes to bytes.
    except (LookupError, TypeError, ValueError) as error:
        known = "utf-8, utf-16, cp1252, cp1250, mac-roman and others"
        raise UsageError(f"no encoding {encoding!r}; there are {known}") from error
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    wide = encoding.startswith(("utf-16", "utf-32"))  # A byte too few, and all that follows is lost.
    try:
        return data.decode(encoding, errors="strict" if wide else "surrogateescape")
    except (UnicodeError, ValueError) as error:
        raise CatalogueError(
            f"{path}: is not UTF-8 text, nor {encoding}; save the catalogue as UTF-8"
        ) from error


def _wide(data: bytes) -> str | None:
    """UTF-16 without a mark: in Latin text every second byte is zero."""
    head = data[:4000]
    for place, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = head[place::2]
        if len(head) >= 8 and zeros.count(0) > 0.7 * len(zeros) and head[1 - place :: 2].count(0) == 0:
            return name
    return None


def _narrow(data: bytes, path: Path) -> tuple[str, list[str]]:
    """UTF-8, else the code page of Windows in Western Europe."""
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
    text = data.decode("utf-8", errors="surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in text)
    whole = sum(ord(character) > 127 for character in text) - broken
    if whole > broken:
        return text, []
    if UNDEFINED & set(data) or CONTROLS & set(data):
        if not re.split(r"[\r\n]", text, maxsplit=1)[0].replace("\t", " ").isprintable():
            raise CatalogueError(f"{path}: line {line} is not UTF-8 text; save the catalogue as UTF-8")
        return text, []
    note = f"line {line} is not UTF-8 text; the file is read as {GUESS} (Western Europe)"
    return data.decode(GUESS), [f"{note}; --encoding names another"]
