"""A deadline by the wall clock over work that cannot be interrupted: names looked up, others' code."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import wait
from typing import TypeVar

from pocketshelf.background import begin

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
    if seconds <= 0:
        raise Late
    future = begin(work, "pocketshelf-deadline")
    wait([future], min(seconds, threading.TIMEOUT_MAX))
    if not future.done():
        raise Late
    return future.result()
