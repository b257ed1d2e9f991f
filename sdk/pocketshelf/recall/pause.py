"""A server that was away is left alone for a while, so that not every question waits for it in vain."""

from __future__ import annotations

import math
from collections.abc import Callable

from pocketshelf.errors import ServerError

__all__ = ["Pause"]


class Pause:
    """When a server may be asked again.

    Args:
        seconds: how long it is left alone.
        clock: seconds, monotonic.
    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._until = -math.inf

    def require_over(self, url: str) -> None:
        """Refuse a question that comes too soon.

        Raises:
            ServerError: the server counts as away.
        """
        if self._clock() < self._until:
            raise ServerError(f"{url}: was away a moment ago; not asked")

    def begin(self, seconds: float | None = None) -> None:
        """It was away, or in trouble; for so many ``seconds``, where these are other than usual."""
        self._until = self._clock() + (self._seconds if seconds is None else seconds)
