"""What tests of the kiosk share: waiting for what happens in the background, and reading answers."""

from __future__ import annotations

from typing import Any

from patience import PATIENCE_S, eventually

__all__ = ["PATIENCE_S", "codes", "eventually"]


def codes(state: dict[str, Any]) -> list[str]:
    """Of the warnings in a state."""
    return [warning["code"] for warning in state["warnings"]]
