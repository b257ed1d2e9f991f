"""Where a command writes: looked at before the work, which takes minutes to hours."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pocketshelf.errors import UsageError

__all__ = ["require_file", "require_folder", "require_places"]

# Options that name what is written, where they are paths, and those of them that are always folders.
WRITTEN = ("out", "run", "store", "write", "fill", "cache", "worst")
FOLDERS = ("run", "store", "cache", "worst")
# And those that are always files.
FILES = ("write", "fill")


def require_places(args: argparse.Namespace) -> None:
    """See that what ``args`` name can be written there.

    Raises:
        UsageError: a folder of it is a file, a page of it a folder, or it may not be written to; says which
            option to change.
    """
    for name in WRITTEN:
        path = getattr(args, name, None)
        if not isinstance(path, Path) or (name == "cache" and path.is_dir()):
            continue
        if name in FOLDERS:
            require_folder(f"--{name}", path)
        if name in FILES:
            require_file(f"--{name}", path)
        there = path if path.is_dir() else path.parent
        while not (there.exists() or there == there.parent):
            there = there.parent
        if not there.is_dir():
            raise UsageError(f"--{name} {path}: {there} is a file, no folder; name another place")
        if not os.access(there, os.W_OK | os.X_OK):
            raise UsageError(f"--{name} {path}: nothing may be written to {there}; name another place")


def require_file(option: str, path: Path | None) -> None:
    """See that a file can have this name.

    Args:
        option: that names it.

    Raises:
        UsageError: a folder is there.
    """
    if path is not None and path.is_dir():
        raise UsageError(f"{option} {path}: a folder is there; name a file")


def require_folder(option: str, path: Path) -> None:
    """See that a folder is there, or can be made.

    Args:
        option: that names it.

    Raises:
        UsageError: a file is there.
    """
    if path.exists() and not path.is_dir():
        raise UsageError(f"{option} {path}: a file is there; name a folder")
