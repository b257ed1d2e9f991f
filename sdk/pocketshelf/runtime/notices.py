"""Keep a library's chatter off standard error."""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["without_notices"]

_lock = threading.Lock()


@contextmanager
def without_notices(prefix: bytes = b"INFO:") -> Iterator[None]:
    """Drop the lines that begin with ``prefix`` and reach descriptor 2 during the block; pass on all others.

    LiteRT announces its XNNPACK delegate from C++, and no setting turns that off, while the command line
    promises one clear line on standard error.
    """
    with _lock, tempfile.TemporaryFile() as caught:
        try:
            original = os.dup(2)
        except OSError:  # A process without standard error has nothing to keep clean.
            yield
            return
        try:
            os.dup2(caught.fileno(), 2)
            yield
        finally:
            os.dup2(original, 2)
            caught.seek(0)
            kept = b"".join(line for line in caught if not line.startswith(prefix))
            if kept:
                os.write(2, kept)
            os.close(original)
