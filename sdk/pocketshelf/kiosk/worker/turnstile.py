"""One at a time; a few may wait for their turn, in the order in which they came."""

from __future__ import annotations

import threading
import time
from collections import deque

__all__ = ["Turnstile"]


class Turnstile:
    """Threads pass one by one.

    Args:
        places: how many may wait.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._changed = threading.Condition()
        self._inside = False
        self._waiting: deque[object] = deque()

    @property
    def is_free(self) -> bool:
        """Whether nobody is inside, or waits."""
        return not self._inside and not self._waiting

    def enter(self, wait_s: float) -> bool:
        """Go in, after at most ``wait_s`` seconds; whether it was possible.

        Who does not wait never overtakes who does.
        """
        with self._changed:
            if not self._inside and not self._waiting:
                self._inside = True
                return True
            if wait_s <= 0 or len(self._waiting) >= self._places:
                return False
            return self._wait(time.monotonic() + wait_s)

    def _wait(self, until: float) -> bool:
        ticket = object()
        self._waiting.append(ticket)
        try:
            while self._inside or self._waiting[0] is not ticket:
                left = until - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(left)
            self._inside = True
            return True
        finally:
            self._waiting.remove(ticket)
            self._changed.notify_all()

    def leave(self) -> None:
        """Go out, and let the next one in."""
        with self._changed:
            self._inside = False
            self._changed.notify_all()
