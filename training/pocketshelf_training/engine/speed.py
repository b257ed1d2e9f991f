"""How fast an epoch went, and how much of its time the training waited for pictures."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

__all__ = ["Speed"]

Batch = TypeVar("Batch")


class Speed:
    """Counts while an epoch's batches are taken.

    On a GPU the host runs ahead of what is computed, so that a wait of the host need not be one of the GPU:
    ``waited`` is then an upper bound. Where the optimiser's steps are waited for (`benchmarks`), it is exact.

    Attributes:
        pictures: that the batches held.
        waited: seconds in which the next batch was not there yet.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began = clock()
        self.pictures = 0
        self.waited = 0.0

    def over(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches, as they come."""
        left = iter(batches)
        while True:
            asked = self._clock()
            try:
                batch = next(left)
            except StopIteration:
                return
            finally:
                self.waited += self._clock() - asked
            yield batch

    def figures(self) -> dict[str, float]:
        """For the log: ``seconds``, ``pictures_a_second`` where they are counted, ``waiting`` as a share."""
        seconds = max(self._clock() - self._began, 1e-9)
        rate = {"pictures_a_second": round(self.pictures / seconds, 1)} if self.pictures else {}
        return {"seconds": round(seconds, 2), **rate, "waiting": round(self.waited / seconds, 4)}
