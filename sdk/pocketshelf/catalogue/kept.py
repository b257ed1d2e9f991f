"""When a fetched picture was last asked for, and by what its server knows it: beside the picture, in a file.

``tags/<name>.json`` in the folder of pictures: ``sha256`` of the bytes that the tags are of, ``etag`` and
``modified`` as the server wrote them, ``asked`` in seconds since 1970. A picture that differs from its
digest, or has no such file, is asked for whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pocketshelf.formats import strict_json
from pocketshelf.network.polite import Got

__all__ = ["Tags"]

# A nightly run asks each night, at whatever minute it comes to a picture.
DAILY = 20 * 3600.0
# Where a server tells no tags, so that each question brings the whole picture.
WEEKLY = 7 * 24 * 3600.0
MOST_BYTES, MOST_TAG = 4096, 500
_NAMES = ("sha256", "etag", "modified")


@dataclass(frozen=True)
class Tags:
    """By what a picture is asked for again; all empty where nothing is known."""

    sha256: str = ""
    etag: str = ""
    modified: str = ""
    asked: float | None = None

    @classmethod
    def of(cls, picture: Path) -> Tags:
        """Those of the picture in the file ``picture``."""
        try:
            with _beside(picture).open("rb") as stream:
                data = strict_json.loads(stream.read(MOST_BYTES).decode())
            texts = [data[name] for name in _NAMES]
            asked = data["asked"]
        except (OSError, ValueError, KeyError, TypeError):
            return cls()
        if not all(isinstance(text, str) and text.isprintable() and text.isascii() for text in texts):
            return cls()
        return cls(texts[0], texts[1], texts[2], asked) if isinstance(asked, int | float) else cls()

    @classmethod
    def made(cls, data: bytes, got: Got) -> Tags:
        """Those of ``data``, as a server gave it."""
        return cls(hashlib.sha256(data).hexdigest(), _plain(got.etag), _plain(got.modified))

    def is_due(self, picture: Path, now: float) -> bool:
        """Whether it is to be asked for again; a moment that lies ahead is a clock that was wrong."""
        asked = picture.stat().st_mtime if self.asked is None else self.asked
        wait = WEEKLY if self.sha256 and not (self.etag or self.modified) else DAILY
        return not 0 <= now - asked < wait

    def condition(self, data: bytes) -> dict[str, str]:
        """Headers by which a server says that it still has ``data`` (RFC 9110, 13.1)."""
        if hashlib.sha256(data).hexdigest() != self.sha256:
            return {}
        told = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: text for name, text in told.items() if text}

    def keep(self, picture: Path, now: float) -> None:
        """Write them down, asked for ``now``; raises OSError."""
        path = _beside(picture)
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        unfinished.write_text(json.dumps(asdict(replace(self, asked=now))), encoding="ascii")
        os.replace(unfinished, path)  # noqa: PTH105 - another process may write the same


def _plain(tag: str) -> str:
    """A tag that can be sent back."""
    return tag if len(tag) < MOST_TAG and tag.isascii() and tag.isprintable() else ""


def _beside(picture: Path) -> Path:
    return picture.parent / "tags" / f"{picture.name}.json"
