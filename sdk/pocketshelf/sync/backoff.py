"""When to try again: exponential back-off with jitter, and no sooner than the server asks for.

Jitter keeps the devices of a chain of shops from coming back all at once: "equal jitter", half of a wait is
certain, half is drawn ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015). What it does for a
million devices after an outage: `benchmarks/outage.py`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

__all__ = ["LONGEST", "LONGEST_ASKED", "PATIENCE", "delays", "next_attempt_after"]

_FIRST = 60.0
# Seconds between two attempts of a background sync, at the most.
LONGEST = 6 * 3600.0
# Of what a server may ask for: up to half of it is drawn on top, and nobody waits longer than LONGEST.
LONGEST_ASKED = LONGEST / 1.5
# Seconds that one sync waits between two of its attempts, at the most; who asks for more is left alone.
PATIENCE = 8.0


def delays(
    attempts: int, first: float = 0.5, longest: float = PATIENCE, jitter: Callable[[], float] = random.random
) -> Iterator[float]:
    """Seconds to wait between the attempts of one sync: ``attempts - 1`` of them.

    Args:
        jitter: gives a number in [0, 1).
    """
    for n in range(attempts - 1):
        yield min(longest, first * 2**n) * (0.5 + 0.5 * jitter())


def next_attempt_after(
    failures: int, jitter: Callable[[], float] = random.random, asked: float | None = None
) -> float:
    """Seconds until a background sync is due again after ``failures`` in a row: a minute, up to six hours.

    Args:
        jitter: gives a number in [0, 1).
        asked: seconds for which the server wants to be left alone. Never less than that, at most half as much
            again: devices that were told the same do not come back together.
    """
    drawn = jitter()
    own = min(LONGEST, _FIRST * 2 ** min(failures - 1, 20)) * (0.5 + 0.5 * drawn)
    return max(own, min(asked or 0.0, LONGEST_ASKED) * (1.0 + 0.5 * drawn))
