"""Scripts, styles, icons and fonts of the pages, built by `./dev web` and shipped as they are.

An address names the content: ``/assets/<first 12 of sha256>/<name>`` may be cached for ever.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["CACHING", "Asset", "asset", "asset_url", "served_asset"]

FOLDER = Path(__file__).parent / "assets"
CACHING = "public, max-age=31536000, immutable"
"""The Cache-Control of `served_asset`."""

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
    ".json": "application/json",
}


@dataclass(frozen=True)
class Asset:
    """A file of ``assets/``.

    Attributes:
        version: the first 12 hexadecimal digits of the content's SHA-256.
        content_type: as the HTTP header says it.
    """

    name: str
    content: bytes
    version: str
    content_type: str


@cache
def _all() -> dict[str, Asset]:
    paths = sorted(path for path in FOLDER.rglob("*") if path.suffix in _TYPES)
    return {made.name: made for made in map(_read, paths)}


def _read(path: Path) -> Asset:
    content = path.read_bytes()
    version = hashlib.sha256(content).hexdigest()[:12]
    return Asset(path.relative_to(FOLDER).as_posix(), content, version, _TYPES[path.suffix])


def _named(name: str) -> Asset:
    found = _all().get(name)
    if found is None:
        raise KeyError(f"no asset {name!r}; there are {', '.join(_all())}")
    return found


def asset(name: str) -> bytes:
    """The content of ``name``, say ``kiosk.css`` or ``fonts/inter-latin-400.woff2``.

    Raises:
        KeyError: there is none; the message lists all.
    """
    return _named(name).content


def asset_url(name: str) -> str:
    """The address of ``name``, which changes whenever its content does.

    Raises:
        KeyError: there is none; the message lists all.
    """
    return f"/assets/{_named(name).version}/{name}"


def served_asset(version: str, name: str) -> Asset | None:
    """What a server answers at ``/assets/<version>/<name>``; None where this release has nothing there."""
    found = _all().get(name)
    return found if found is not None and found.version == version else None
