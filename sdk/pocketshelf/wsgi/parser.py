"""A request as it comes in: refused by its head where it can be, and never longer than it may be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from waitress.adjustments import Adjustments
from waitress.parser import HTTPRequestParser

from pocketshelf.wsgi.refusal import Refused

__all__ = ["Admit", "BoundedParser"]

Admit = Callable[[str, str, int | None, Mapping[str, str]], int]
"""(method, path, length or None if that is not said, headers) to the most bytes; raises `Refused`."""
TooLong = Callable[[str, str, int], Refused]
"""(method, path, the most bytes) to what is said."""


class BoundedParser(HTTPRequestParser):
    """Waitress's parser, which also asks ``admit`` once it knows the head.

    Attributes:
        started: when its first byte came, monotonic seconds.
        coming: bytes that the body has or may have.
    """

    error: Any

    def __init__(self, adj: Adjustments, admit: Admit, too_long: TooLong) -> None:
        super().__init__(adj)
        self._admit, self._too_long = admit, too_long
        self._refusal: Refusal | None = None
        self.started = time.monotonic()
        self.coming = 0

    def parse_header(self, header_plus: bytes) -> None:
        """Take the head apart, and decide by it."""
        super().parse_header(header_plus)
        length = None if self.chunked else self.content_length
        try:
            most = self._admit(self.command, self.path, length, self.headers)
            self.coming = most if length is None else length
        except Refused as refused:
            self._refusal = Refusal(refused, self.path)

    def received(self, data: bytes) -> int:
        """Take bytes in; how many of them belong to this request."""
        taken = super().received(data)
        if self.chunked and self.body_bytes_received > self.coming and self._refusal is None:
            refused = self._too_long(self.command, self.path, self.coming)
            self._refusal = Refusal(refused, self.path)
        if self._refusal is not None and self.error is None:
            self.error = self._refusal
            self.expect_continue = False
            self.completed = True
        return taken


class Refusal:
    """What waitress answers instead of calling the application; with the interface of its own errors."""

    def __init__(self, refused: Refused, path: str) -> None:
        self._refused = refused
        self._path = path

    def to_response(self, _ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Status line, headers, body."""
        return self._refused.answer_at(self._path)
