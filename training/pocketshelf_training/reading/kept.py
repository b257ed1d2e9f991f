"""A reader that remembers what it read, by picture: reading takes half a second."""

from __future__ import annotations

import hashlib
import json
import time
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from pocketshelf.files import atomic_write
from pocketshelf.reading import Line, open_reader
from pocketshelf.stages.preprocess import read_photo

__all__ = ["KeptReader", "Page"]


class Page(NamedTuple):
    """The lines of a picture, and the milliseconds of processor time that reading them took."""

    lines: list[Line]
    ms: float


class KeptReader:
    """Reads pictures, each once.

    Args:
        path: JSON of what was read before; `keep` writes it.

    Raises:
        RuntimeUnavailable: the extra ``read`` is not installed.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._reader = path, open_reader()
        self.engine = f"rapidocr {metadata.version('rapidocr')}"
        self._pages: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def read(self, picture: Path) -> Page:
        """The text of a picture.

        Raises:
            PhotoError: it cannot be read.
        """
        data = picture.read_bytes()
        name = f"{self.engine} {hashlib.sha256(data).hexdigest()}"
        if name not in self._pages:
            pixels, started = read_photo(data).pixels, time.process_time()
            lines = self._reader.read(pixels)
            self._pages[name] = {"lines": lines, "ms": round(1000 * (time.process_time() - started), 1)}
        page = self._pages[name]
        return Page([Line(*line) for line in page["lines"]], page["ms"])

    def keep(self) -> None:
        """Write what was read."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._path) as temporary:
            temporary.write_text(json.dumps(self._pages), encoding="utf-8")
