"""The network as the sync sees it: one request, one answer. Tests put a repository simulator here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Answer", "Fetcher"]


@dataclass(frozen=True)
class Answer:
    """A server's answer, its body not yet read.

    Attributes:
        status: the HTTP status: 200 the whole file, 206 the rest of it, 4xx a refusal.
        etag: the entity tag, to resume by.
        start: the body's first byte's offset in the file (from Content-Range; 0 with status 200).
        chunks: the body, in pieces of any length; may raise `Unreachable` midway.
        close: releases the connection; called once.
    """

    status: int
    chunks: Iterator[bytes]
    etag: str | None = None
    start: int = 0
    close: Callable[[], None] = lambda: None


class Fetcher(Protocol):
    """Gets files by URL."""

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        """Ask for ``url`` from ``offset`` on.

        Args:
            etag: with an offset, sent as If-Range: a file that changed comes whole, with status 200.
            seconds: longest wait for the answer's header and for each next byte.

        Raises:
            Unreachable: no connection, no answer in time, or status 5xx or 429, with its ``Retry-After``.
        """
