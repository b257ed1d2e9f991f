"""Ask whatever stands in for the server, for no longer than there is time."""

from __future__ import annotations

import logging

import numpy as np

from pocketshelf.errors import ServerError
from pocketshelf.network.deadline import Late, within
from pocketshelf.recall.fallback import Fallback
from pocketshelf.types import FALLBACK_UNAVAILABLE, FallbackState, Hit

__all__ = ["ask_within"]

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
