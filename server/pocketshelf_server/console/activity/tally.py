"""Counting in memory, written down every half minute."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from pocketshelf.errors import StoreError
from pocketshelf_server.console.activity.store import HOUR, ActivityStore, Amount, Key

__all__ = ["Tally"]

EVERY_SECONDS = 30.0
# Of one hour; what comes beyond it is counted under "other". Nobody may fill memory or disk with names.
MOST_KEYS = 64
MOST_WAITING = 5000
OTHER = "other"
log = logging.getLogger("pocketshelf.server")


class Tally:
    """Counts, and hands over to the store. Called from any thread.

    Args:
        now: seconds since 1970.
    """

    def __init__(self, store: ActivityStore, now: Callable[[], float] = time.time) -> None:
        self._store, self._now = store, now
        self._guard = threading.Lock()
        self._waiting: dict[Key, Amount] = {}
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def count(self, name: str, key: str = "", value: float = 0.0, times: int = 1) -> None:
        """Count something that happened now."""
        now = int(self._now())
        hour = now - now % HOUR
        with self._guard:
            place = (hour, name, key)
            if place not in self._waiting and self._is_full(hour, name):
                place = (hour, name, OTHER)
            count, total = self._waiting.get(place, (0, 0.0))
            self._waiting[place] = (count + times, total + value)

    def flush(self) -> None:
        """Write down what was counted; where that fails it waits, as far as there is room."""
        with self._guard:
            waiting, self._waiting = self._waiting, {}
        if not waiting:
            return
        try:
            self._store.add(waiting.items(), self._now())
        except StoreError as error:
            log.warning("%s", error)
            self._put_back(waiting)

    def start(self) -> None:
        """Write down every half minute, until `close`."""
        self._thread = threading.Thread(target=self._run, name="activity", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write down the rest."""
        self._end.set()
        if self._thread is not None:
            self._thread.join(5)
        self.flush()

    def _run(self) -> None:
        while not self._end.wait(EVERY_SECONDS):
            self.flush()

    def _is_full(self, hour: int, name: str) -> bool:
        if len(self._waiting) >= MOST_WAITING:
            return True
        return sum(place[:2] == (hour, name) for place in self._waiting) >= MOST_KEYS

    def _put_back(self, waiting: dict[Key, Amount]) -> None:
        with self._guard:
            for place, (count, total) in list(waiting.items())[:MOST_WAITING]:
                more, sum_ = self._waiting.get(place, (0, 0.0))
                self._waiting[place] = (more + count, sum_ + total)
