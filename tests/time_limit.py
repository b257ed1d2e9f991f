"""A test that hangs fails with its name, so that it costs a CI minutes and not a day.

Each part of a test (set-up, call, tear-down) has ``SECONDS``, many times what the slowest takes on a busy
machine. Past it the part fails, with where every thread stood, and the tests after it are run; again and
again, if its end hangs as well. A part that no signal reaches, as in a library's own lock, has ``LAST``
seconds more: then its process ends with where it stood; xdist names the test, and goes on in another process.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

# POCKETSHELF_TEST_SECONDS: for machines that are slower still.
SECONDS = float(os.environ.get("POCKETSHELF_TEST_SECONDS", "1200"))
LAST = SECONDS / 4
_ERRORS = pytest.StashKey[int]()


def pytest_configure(config: pytest.Config) -> None:
    # Nothing is captured yet: what the last stop says is seen.
    config.stash[_ERRORS] = os.dup(2)


def pytest_unconfigure(config: pytest.Config) -> None:
    os.close(config.stash[_ERRORS])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _limited(item, "set-up"):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _limited(item, "call"):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    with _limited(item, "tear-down"):
        return (yield)


@contextmanager
def _limited(item: pytest.Item, part: str) -> Iterator[None]:
    debugged = item.config.getoption("usepdb") or item.config.getoption("trace")
    if (
        debugged
        or not hasattr(signal, "SIGALRM")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def hangs(number: int, frame: FrameType | None) -> None:
        faulthandler.dump_traceback(2)  # To what was captured of the test.
        pytest.fail(f"{item.nodeid}: its {part} did not end within {SECONDS:g} s")

    before = signal.signal(signal.SIGALRM, hangs)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, LAST / 4)
    faulthandler.dump_traceback_later(SECONDS + LAST, exit=True, file=item.config.stash[_ERRORS])
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)
