"""Database connections, one a thread: neither SQLite's nor PostgreSQL's serve several at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

__all__ = ["ThreadConnections"]


class ThreadConnections:
    """Opens a DB-API connection for each thread that asks, and opens it again once it is closed.

    Args:
        open: makes one that another thread may close.
    """

    def __init__(self, open: Callable[[], Any]) -> None:
        self._open = open
        self._local = threading.local()
        self._guard = threading.Lock()
        self._all: list[Any] = []

    def get(self) -> Any:
        """This thread's own connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None or getattr(connection, "closed", False):
            connection = self._local.connection = self._open()
            with self._guard:
                self._all = [known for known in self._all if not getattr(known, "closed", False)]
                self._all.append(connection)
        return connection

    def close(self) -> None:
        """Close every thread's connection; none of them may be in use: SQLite's would end the process."""
        with self._guard:
            for connection in self._all:
                connection.close()
            self._all.clear()
        self._local = threading.local()
