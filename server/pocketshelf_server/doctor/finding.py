"""What an examination says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "State", "advice", "good", "wrong"]

State = Literal["good", "advice", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        topic: what was looked at, in a word.
        state: "wrong" needs doing, "advice" may.
        text: what was found.
        remedy: what to do; "" if nothing.
    """

    topic: str
    state: State
    text: str
    remedy: str = ""


def good(topic: str, text: str) -> Finding:
    """Nothing to do."""
    return Finding(topic, "good", text)


def advice(topic: str, text: str, remedy: str) -> Finding:
    """Nothing is broken by it today."""
    return Finding(topic, "advice", text, remedy)


def wrong(topic: str, text: str, remedy: str) -> Finding:
    """Something does not work, or will not for long."""
    return Finding(topic, "wrong", text, remedy)
