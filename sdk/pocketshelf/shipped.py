"""Where the files are that come with the package: in a wheel inside it, in a checkout beside the sources."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped", "version"]

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The file or folder ``name``, a path from the repository's root; it need not exist."""
    inside = _PACKAGE / name
    return inside if inside.exists() else _PACKAGE.parents[1] / name


def version() -> str:
    """The project's version number, from the one file that every part and language reads."""
    return shipped("contract/VERSION").read_text(encoding="ascii").strip()
