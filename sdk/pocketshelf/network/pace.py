"""Questions spread evenly over time."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["TokenBucket"]


class TokenBucket:
    """``burst`` tokens, refilled evenly; who finds none waits for the next. Not for several threads.

    Args:
        rate: tokens a second.
        sleep, clock: seconds.
    """

    def __init__(
        self,
        rate: float,
        burst: int = 1,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst = rate, burst
        self._sleep, self._clock = sleep, clock
        self._left, self._then = float(burst), clock()

    def take(self) -> None:
        """Take a token, after waiting for it."""
        now = self._clock()
        self._left = min(self._left + (now - self._then) * self._rate, self._burst) - 1
        self._then = now
        if self._left < 0:
            self._sleep(-self._left / self._rate)
