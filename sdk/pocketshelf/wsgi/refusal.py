"""What a request may bring, as the application decides it, and how it says no before the body is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["SMALL", "Bodies", "Refused", "WsgiAnswer"]

# What is longer is looked at closer: it takes memory, or room on the disk, while it comes.
SMALL = 64_000
WsgiAnswer = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers, body."""


class Refused(Exception):
    """A request that the application will not see."""

    def answer_at(self, path: str) -> WsgiAnswer:
        """What its client is told."""
        raise NotImplementedError


class Bodies(Protocol):
    """How much a request may bring."""

    def most(self, method: str, path: str) -> int:
        """The most bytes of its body."""
        ...

    def check_early(
        self, method: str, path: str, length: int, headers: Mapping[str, str], coming: int
    ) -> None:
        """Refuse it by its head.

        Args:
            headers: named as ``AUTHORIZATION``.
            coming: bytes of the other long bodies that are on their way.

        Raises:
            Refused: it is too long, or of no use.
        """
        ...

    def too_long(self, method: str, path: str, most: int) -> Refused:
        """What is said of a body that turned out to have more than ``most`` bytes."""
        ...
