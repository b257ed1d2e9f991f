"""Ask whatever stands in for the server, for no longer than there is time."""

from __future__ import annotations

import logging

import numpy as np

from pocketshelf.errors import ServerError
from pocketshelf.network.deadline import Late, within
from pocketshelf.recall.fallback import Fallback, ServerFallback, Telling
from pocketshelf.types import FALLBACK_UNAVAILABLE, FallbackState, Hit

__all__ = ["Asker"]

log = logging.getLogger(__name__)


def ask_within(
    seconds: float, fallback: Fallback, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int
) -> tuple[FallbackState, list[Hit]]:
    """The hits of ``fallback.search``; none when it is away, answers nonsense, or not in ``seconds``."""
    try:
        return True, within(seconds, lambda: fallback.search(vector, space, categories, k))
    except (ServerError, Late) as error:
        log.info("the server was asked in vain: %s", error or "no time was left")
    except Exception:  # What was found here must not be lost by others' code.
        log.exception("the server was asked in vain")
    return FALLBACK_UNAVAILABLE, []


class Asker:
    """Asks, and tells a server how many regions were answered here since it was last asked."""

    def __init__(self, fallback: Fallback | None) -> None:
        self._fallback = fallback
        self._unasked = 0

    @property
    def has_whom(self) -> bool:
        """Whether there is anybody to ask."""
        return self._fallback is not None

    def pass_by(self) -> None:
        """Nobody is asked about a region."""
        self._unasked += 1

    def ask(
        self,
        seconds: float,
        vector: np.ndarray,
        space: str,
        categories: tuple[str, ...],
        k: int,
        recall: float | None,
    ) -> tuple[FallbackState, list[Hit]]:
        """As `ask_within`; ``recall`` is the estimate of what was found here."""
        assert self._fallback is not None
        searches, fallback = self._unasked + 1, self._fallback
        if isinstance(fallback, ServerFallback):
            fallback = Telling(fallback, searches, recall)
        asked, found = ask_within(seconds, fallback, vector, space, categories, k)
        self._unasked = 0 if asked is True else searches
        return asked, found
