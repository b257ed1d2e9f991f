"""``python -m pocketshelf``: the command line, also installed as ``pocketshelf``."""

from __future__ import annotations

import sys

from pocketshelf.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
