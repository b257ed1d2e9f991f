"""How much a server may cost a device: bytes, seconds and the slowest rate that still counts as one.

Signed metadata bounds every length, but only once it is verified, and the server holds some of the
keys. These bounds hold whatever the server says.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pocketshelf.errors import SyncError
from pocketshelf.sync.manifest import MANIFEST_BYTES

__all__ = ["Clock", "Limits", "Pace"]

Clock = Callable[[], float]


@dataclass(frozen=True)
class Limits:
    """Bounds of one sync.

    Attributes:
        manifest_bytes: longest manifest.
        download_bytes: longest compressed snapshot or delta.
        unpacked_bytes: longest unpacked one (the zip-bomb guard's ceiling; the signed length is the rule).
        gap_seconds: longest wait for a connection, an answer's header, or the next byte.
        rate: slowest download in bytes a second, averaged over ``window_seconds``.
        window_seconds: how long a download may be slower than ``rate``.
        total_seconds: longest sync from the first request to the last byte.
        database_seconds: longest check of one database file.
        chunk: bytes written at a time.
    """

    manifest_bytes: int = MANIFEST_BYTES
    download_bytes: int = 2_000_000_000
    unpacked_bytes: int = 8_000_000_000
    gap_seconds: float = 20.0
    rate: float = 1_000.0
    window_seconds: float = 30.0
    total_seconds: float = 3_600.0
    database_seconds: float = 120.0
    chunk: int = 1 << 18


class Pace:
    """The deadline and the slowest rate of a sync, checked with every chunk that arrives.

    A server that drips one byte before each time-out would otherwise hold a device for ever (TUF's
    "slow retrieval" and "endless data" attacks).
    """

    def __init__(self, limits: Limits, clock: Clock = time.monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._deadline = clock() + limits.total_seconds
        self._window_start = clock()
        self._window_bytes = 0

    @property
    def remaining(self) -> float:
        """Seconds left of the whole sync."""
        return self._deadline - self._clock()

    def start(self) -> None:
        """Begin a download: its rate is measured from here."""
        self._window_start = self._clock()
        self._window_bytes = 0

    def received(self, count: int) -> None:
        """Account for ``count`` bytes.

        Raises:
            SyncError: the sync's time is spent, or the download is slower than allowed.
        """
        now = self._clock()
        self._window_bytes += count
        if now > self._deadline:
            raise SyncError(
                f"the sync took longer than {self._limits.total_seconds:g} s and was stopped; "
                "the next one goes on where it ended"
            )
        elapsed = now - self._window_start
        if elapsed < self._limits.window_seconds:
            return
        if self._window_bytes < self._limits.rate * elapsed:
            raise SyncError(
                f"the server sends too slowly ({self._window_bytes / elapsed:.0f} bytes/s, at least "
                f"{self._limits.rate:g} are asked for); the next sync goes on where this one ended"
            )
        self._window_start, self._window_bytes = now, 0
