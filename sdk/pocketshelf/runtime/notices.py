"""Keep a library's chatter off standard error, in processes that are ours to the end."""

from __future__ import annotations

import functools
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, ParamSpec, TypeVar

__all__ = ["owns_process", "without_notices"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

# What LiteRT says from C++ when a model is loaded, which no setting turns off.
_NOTICE = re.compile(rb"INFO: (Created|Initialized|Applying \d+) TensorFlow Lite|INFO: Replacing \d+ out of")
_lock = threading.Lock()
_commands = 0


def owns_process(main: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """For the main function of a command: its process is ours while it runs.

    The command line promises one clear line on standard error; an application that imports us is
    promised that nothing of its process is touched, and hears what LiteRT says.
    """

    @functools.wraps(main)
    def run(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        global _commands
        _commands += 1
        try:
            return main(*args, **kwargs)
        finally:
            _commands -= 1

    return run


@contextmanager
def without_notices() -> Iterator[None]:
    """In a command of ours, drop LiteRT's notices that reach descriptor 2 during the block; pass on all else.

    In a process that is not ours, and where there is nowhere to keep what is said meanwhile, do nothing.
    """
    caught = _somewhere() if _commands else None
    if caught is None:
        yield
        return
    with _lock, caught:
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
            kept = b"".join(line for line in caught if not _NOTICE.match(line))
            if kept:
                os.write(2, kept)
            os.close(original)


def _somewhere() -> BinaryIO | None:
    try:
        if hasattr(os, "memfd_create"):
            return os.fdopen(os.memfd_create("pocketshelf-notices"), "r+b")
        return tempfile.TemporaryFile()  # type: ignore[return-value]
    except OSError:  # No folder for temporary files, or no room there.
        return None
