"""A deadline by the wall clock over work that cannot be interrupted: names looked up, others' code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

__all__ = ["Late", "within"]

T = TypeVar("T")


class Late(Exception):
    """The work was not done in time. It may still be going on, unheard."""


def within(seconds: float, work: Callable[[], T]) -> T:
    """What ``work`` returns, or raises, if it does so within ``seconds``.

    It runs in a thread of its own, which the end of the process does not wait for.

    Raises:
        Late: it does not.
    """
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:
            future.set_exception(error)

    if seconds > 0:
        threading.Thread(target=run, name="pocketshelf-deadline", daemon=True).start()
        wait([future], min(seconds, threading.TIMEOUT_MAX))
    if not future.done():
        raise Late
    return future.result()
