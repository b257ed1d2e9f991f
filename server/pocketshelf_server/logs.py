"""Logs that nobody outside can fill; that nobody can forge them is `pocketshelf.cli.logs`'s part."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

__all__ = ["Bounded", "install"]

MAX_MESSAGE = 2000
BURST, EVERY_SECONDS = 20, 3.0


class Bounded(logging.Filter):
    """From each place in the code ``burst`` records at once, then one every so many seconds.

    What was left out is counted in the next one that is not.

    Args:
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        burst: int = BURST,
        every: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._burst, self._every, self._clock = burst, every, clock
        self._guard = threading.Lock()
        self._places: dict[tuple[str, int], tuple[float, float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        place, now = (record.pathname, record.lineno), self._clock()
        with self._guard:
            left, then, dropped = self._places.get(place, (float(self._burst), now, 0))
            left = min(float(self._burst), left + (now - then) / self._every)
            allowed = left >= 1
            self._places[place] = (left - 1, now, 0) if allowed else (left, now, dropped + 1)
        if allowed:
            _shorten(record, f" ({dropped} more like it were left out)" if dropped else "")
        return allowed


def _shorten(record: logging.LogRecord, more: str) -> None:
    message = record.getMessage()
    if len(message) > MAX_MESSAGE:
        message = f"{message[:MAX_MESSAGE]}…"
    record.msg, record.args = message + more, ()


def install() -> None:
    """Bound what the handlers of all logs write."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(Bounded())
