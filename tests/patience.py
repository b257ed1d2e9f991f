"""Waiting for what happens in the background: for the thing itself, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

# A busy machine is no finding.
PATIENCE_S = 60.0


def eventually(holds: Callable[[], Any], patience_s: float = PATIENCE_S, every_s: float = 0.05) -> Any:
    """What ``holds`` gives once that is true; it is asked each ``every_s``."""
    until = time.monotonic() + patience_s
    while not (found := holds()):
        assert time.monotonic() < until, "it never came to that"
        time.sleep(every_s)
    return found
