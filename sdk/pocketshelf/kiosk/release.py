"""Which page this kiosk serves: one that was left open over an upgrade tells by it that it is of before."""

from __future__ import annotations

import hashlib
from functools import cache

from pocketshelf.kiosk.texts import catalogue_version
from pocketshelf.page.asset_files import asset_url
from pocketshelf.shipped import version

__all__ = ["release"]

ASSETS = ("kiosk.js", "kiosk.css", "icons.svg")


@cache
def release() -> str:
    """Changes whenever the package, or a script, a style, an icon or a word of its page, does: 12 digits."""
    parts = [version(), catalogue_version(), *map(asset_url, ASSETS)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
