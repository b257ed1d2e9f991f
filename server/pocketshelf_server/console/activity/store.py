"""``activity.sqlite``: what was counted, by hour for five weeks and by day for four hundred days.

A row says how often something named ``name`` (of the kind ``key``) happened in the hour or day that starts at
``start`` (seconds since 1970), and what its values add up to. There are no addresses and no times of single
requests in it. Several servers of one site add to the same rows.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from pocketshelf.errors import StoreError
from pocketshelf.formats.sqlite_file import transaction
from pocketshelf_server.owner import RUN_AS_ITS_USER, is_not_let

__all__ = ["DAY", "HOUR", "ActivityStore", "Amount", "Key"]

HOUR, DAY = 3600, 86400
KEPT = {HOUR: 35 * DAY, DAY: 400 * DAY}
SCHEMA = """
CREATE TABLE IF NOT EXISTS amounts(width INTEGER NOT NULL, start INTEGER NOT NULL, name TEXT NOT NULL,
    key TEXT NOT NULL, count INTEGER NOT NULL, total REAL NOT NULL,
    PRIMARY KEY(width, start, name, key)) WITHOUT ROWID;
"""
ADD = (
    "INSERT INTO amounts VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "count = count + excluded.count, total = total + excluded.total"
)
Key = tuple[int, str, str]
"""(start of the hour, name, key)"""
Amount = tuple[int, float]
"""(how often, sum of the values)"""


class ActivityStore:
    """Adds to the file, and reads it. A connection each time: it is seldom."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()

    def add(self, amounts: Iterable[tuple[Key, Amount]], now: float) -> None:
        """Add what was counted, and forget what is too old.

        Raises:
            StoreError: the file cannot be written; then nothing was added.
        """
        rows = [
            (width, start - start % width, name, key, count, total)
            for (start, name, key), (count, total) in amounts
            for width in KEPT
        ]
        try:
            with self._guard, closing(self._open()) as connection, transaction(connection):
                connection.executemany(ADD, rows)
                for width, kept in KEPT.items():
                    old = "DELETE FROM amounts WHERE width = ? AND start < ?"
                    connection.execute(old, (width, int(now) - kept))
        except sqlite3.Error as error:
            raise StoreError(f"{self._path}: {error}; the console's figures wait in memory") from error

    def amounts(self, width: int, since: float) -> list[tuple[int, str, str, int, float]]:
        """(start, name, key, count, total) from ``since`` on, oldest first.

        Raises:
            StoreError: the file is damaged.
        """
        query = (
            "SELECT start, name, key, count, total FROM amounts "
            "WHERE width = ? AND start >= ? ORDER BY 1, 2, 3"
        )
        if not self._path.is_file():
            return []
        try:
            with closing(self._open()) as connection:
                return connection.execute(query, (width, int(since) - int(since) % width)).fetchall()
        except sqlite3.Error as error:
            let = not is_not_let(error, self._path)
            remedy = "remove it, and counting begins anew" if let else RUN_AS_ITS_USER
            raise StoreError(f"{self._path}: {error}; {remedy}") from error

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=5, isolation_level=None)
        # Figures of a minute may be lost in a power cut; the file itself may not.
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(SCHEMA)
        return connection
