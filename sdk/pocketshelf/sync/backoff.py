"""When to try again: exponential back-off with full jitter.

Jitter keeps the devices of a chain of shops from coming back all at once; see "Exponential Backoff And
Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

__all__ = ["LONGEST", "delays", "next_attempt_after"]

_FIRST = 60.0
# Seconds between two attempts of a background sync, at the most.
LONGEST = 6 * 3600.0


def delays(
    attempts: int, first: float = 0.5, longest: float = 8.0, jitter: Callable[[], float] = random.random
) -> Iterator[float]:
    """Seconds to wait between the attempts of one sync: ``attempts - 1`` of them.

    Args:
        jitter: gives a number in [0, 1).
    """
    for n in range(attempts - 1):
        yield min(longest, first * 2**n) * (0.5 + 0.5 * jitter())


def next_attempt_after(failures: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds until a background sync is due again after ``failures`` in a row: a minute, up to six hours."""
    return min(LONGEST, _FIRST * 2 ** min(failures - 1, 20)) * (0.5 + 0.5 * jitter())
