"""What the commands here share: how a failure becomes one line and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Callable

from converters.errors import UsageError
from pocketshelf.errors import PocketshelfError

__all__ = ["exit_code"]


def exit_code(work: Callable[[], None]) -> int:
    """Run ``work``; its failure is one line on standard error.

    Returns:
        0 done · 1 the input is bad or the output cannot be written · 2 wrong usage.
    """
    try:
        work()
    except UsageError as error:
        return _failed(str(error), 2)
    except PocketshelfError as error:
        return _failed(str(error), 1)
    except OSError as error:  # a full disk or a lost file, wherever it strikes
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror or error}", 1)
    return 0


def _failed(message: str, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code
