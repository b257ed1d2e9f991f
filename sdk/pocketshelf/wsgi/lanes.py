"""Which request is answered next: what somebody waits for goes before what is fetched in the background."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from waitress.task import ThreadedTaskDispatcher

__all__ = ["lanes_dispatcher"]


def lanes_dispatcher(threads: int, waits: Callable[[str], bool]) -> ThreadedTaskDispatcher:
    """Waitress's dispatcher of ``threads`` threads, half of which alone answer requests that may wait.

    Args:
        waits: whether a request of this path may wait for others.
    """
    dispatcher: Any = ThreadedTaskDispatcher()
    dispatcher.queue = Lanes(waits, max(1, threads // 2), dispatcher.lock)
    dispatcher.set_thread_count(threads)
    return dispatcher


class Lanes:
    """In place of the dispatcher's queue, which is asked under the dispatcher's lock.

    It seems empty while only such as may wait are left and ``most`` of them are being answered; the thread
    that is done with one of those asks again.

    Args:
        lock: the dispatcher's.
    """

    def __init__(self, waits: Callable[[str], bool], most: int, lock: Any) -> None:
        self._waits, self._most, self._lock = waits, most, lock
        self._first: deque[Any] = deque()
        self._later: deque[Any] = deque()
        self._at_work = 0

    def __len__(self) -> int:
        return len(self._first) + len(self._later)

    def __bool__(self) -> bool:
        return bool(self._first) or (bool(self._later) and self._at_work < self._most)

    def append(self, channel: Any) -> None:
        """Take a channel, whose first request decides where it waits."""
        requests = channel.requests
        # One that could not be read has no path.
        later = bool(requests) and self._waits(getattr(requests[0], "path", ""))
        (self._later if later else self._first).append(channel)

    def popleft(self) -> Any:
        """What is to be answered next."""
        if self._first:
            return self._first.popleft()
        channel = self._later.popleft()
        self._at_work += 1
        return _Later(channel, self._done)

    def _done(self) -> None:
        with self._lock:
            self._at_work -= 1


class _Later:
    """A channel of the slower lane, as the dispatcher's thread has it."""

    def __init__(self, channel: Any, done: Callable[[], None]) -> None:
        self._channel, self._done = channel, done

    def service(self) -> None:
        """Answer its request."""
        try:
            self._channel.service()
        finally:
            self._done()

    def cancel(self) -> None:
        """The server ends."""
        self._channel.cancel()
