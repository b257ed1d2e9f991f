"""Small JSON files of the kiosk's own: read whole or not at all, replaced atomically."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pocketshelf.files import read_plain
from pocketshelf.formats import strict_json
from pocketshelf.store.filesystem import FileSystem, write_over

__all__ = ["UNREADABLE", "read_document", "write_document"]

# What reading one, and taking it apart, may raise.
UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


def read_document(path: Path, kind: str, version: int, most: int) -> dict[str, Any] | None:
    """A JSON object of this format and version; None where there is no file.

    Raises:
        OSError, ValueError: it cannot be read, is longer than ``most`` bytes, or something else.
    """
    try:
        document = strict_json.loads(read_plain(path, most))
    except FileNotFoundError:
        return None
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (kind, version):
        raise ValueError("another format")
    return document


def write_document(path: Path, document: Mapping[str, Any], mode: int = 0o644) -> None:
    """Replace the file, whatever stands in its place; its folder is made.

    Raises:
        OSError: it cannot be written; what was there stays.
    """
    files = FileSystem(mode)
    files.mkdir(path.parent)
    write_over(files, path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())
