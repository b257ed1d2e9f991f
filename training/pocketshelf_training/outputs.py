"""Where a command writes: looked at before the work, which takes minutes to hours."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pocketshelf.errors import UsageError

__all__ = ["require_places"]

# Options that name what is written, where they are paths, and those of them that are always folders.
WRITTEN = ("out", "run", "store", "write", "fill", "cache")
FOLDERS = ("run", "store", "cache")


def require_places(args: argparse.Namespace) -> None:
    """See that what ``args`` name can be written there.

    Raises:
        UsageError: a folder of it is a file, or may not be written to; says which option to change.
    """
    for name in WRITTEN:
        path = getattr(args, name, None)
        if not isinstance(path, Path) or (name == "cache" and path.is_dir()):
            continue
        if name in FOLDERS and path.exists() and not path.is_dir():
            raise UsageError(f"--{name} {path}: a file is there; name a folder")
        there = path if path.is_dir() else path.parent
        while not (there.exists() or there == there.parent):
            there = there.parent
        if not there.is_dir():
            raise UsageError(f"--{name} {path}: {there} is a file, no folder; name another place")
        if not os.access(there, os.W_OK | os.X_OK):
            raise UsageError(f"--{name} {path}: nothing may be written to {there}; name another place")
