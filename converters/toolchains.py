"""Calling the toolchains: whether they are there, and their chatter kept off the terminal until they fail.

They write to the file descriptors from C++, so that Python's ``redirect_stdout`` does not catch it.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from typing import IO

from converters.errors import ConversionError, ToolchainMissing, one_line
from pocketshelf.cli.output import say_lines
from pocketshelf.errors import PocketshelfError

__all__ = ["need", "quiet", "swallow"]

_LAST_LINES = 12


def need(module: str, target: str, extra: str = "export") -> None:
    """Import a toolchain's module, or say what to install.

    Raises:
        ToolchainMissing: it is not there, or does not import.
    """
    try:
        with swallow():
            importlib.import_module(module)
    except Exception as error:  # a broken binary raises OSError, a protobuf conflict TypeError
        what = f"target {target} needs {module.split('.')[0]}: pip install 'pocketshelf[{extra}]'"
        raise ToolchainMissing(f"{what} ({one_line(error)})") from error


@contextlib.contextmanager
def quiet(what: str) -> Iterator[None]:
    """Swallow all output of the block; an exception in it becomes one line.

    Args:
        what: names the step in the error's message.

    Raises:
        ConversionError: the block failed; the toolchain's last lines are printed to standard error first.
    """
    with tempfile.TemporaryFile() as log:
        try:
            with swallow(log):
                yield
        except PocketshelfError:
            raise
        except OSError as error:  # a full disk; what the toolchain said before is beside the point
            raise ConversionError(f"{what} failed: {error.strerror or error}") from error
        except Exception as error:  # toolchains raise anything, RuntimeError to KeyError
            log.seek(0)
            tail = log.read().decode(errors="replace").splitlines()[-_LAST_LINES:]
            if tail:
                say_lines("\n".join(tail))
            raise ConversionError(f"{what} failed: {one_line(error)}") from error


@contextlib.contextmanager
def swallow(log: IO[bytes] | None = None) -> Iterator[None]:
    """Write the block's output and warnings to ``log``, or nowhere."""
    with contextlib.ExitStack() as stack:
        file = log or stack.enter_context(tempfile.TemporaryFile())
        stack.enter_context(_descriptors_to(file.fileno()))
        stack.enter_context(_no_warnings())
        yield


@contextlib.contextmanager
def _descriptors_to(target: int) -> Iterator[None]:
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(descriptor) for descriptor in (1, 2)]
    try:
        for descriptor in (1, 2):
            os.dup2(target, descriptor)
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for descriptor, copy in zip((1, 2), saved, strict=True):
            os.dup2(copy, descriptor)
            os.close(copy)


@contextlib.contextmanager
def _no_warnings() -> Iterator[None]:
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
