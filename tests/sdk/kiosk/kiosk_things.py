"""What tests of the kiosk share: waiting for what happens in the background, and reading answers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 60.0


def eventually(holds: Callable[[], Any], patience_s: float = PATIENCE_S) -> Any:
    """What ``holds`` gives once that is true."""
    until = time.monotonic() + patience_s
    while not (found := holds()):
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)
    return found


def codes(state: dict[str, Any]) -> list[str]:
    """Of the warnings in a state."""
    return [warning["code"] for warning in state["warnings"]]
