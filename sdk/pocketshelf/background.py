"""Work in a thread of its own, which the end of the process does not wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

__all__ = ["begin"]

T = TypeVar("T")


def begin(work: Callable[[], T], name: str) -> Future[T]:
    """Begin ``work`` in a thread called ``name``; the future holds what it returns, or raises."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future
