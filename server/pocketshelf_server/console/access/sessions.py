"""Who is signed in: kept in memory alone, so that a restart signs everybody out."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pocketshelf_server.console.access.tokens import ConsoleToken

__all__ = ["Session", "Sessions"]

IDLE_SECONDS = 1800.0
LONGEST_SECONDS = 12 * 3600.0
MOST = 500


@dataclass
class Session:
    """One browser that is signed in.

    Attributes:
        token: which signed it in.
        csrf: what each of its forms must bring.
        opened, seen: monotonic seconds.
    """

    token: ConsoleToken
    opened: float
    seen: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24))


class Sessions:
    """The sessions, by the digest of what the cookie holds. Called from any thread.

    Args:
        idle: seconds after which a session ends that asks for nothing.
        longest: seconds after which it ends in any case.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        idle: float = IDLE_SECONDS,
        longest: float = LONGEST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle, self._longest, self._clock = idle, longest, clock
        self._guard = threading.Lock()
        self._open: dict[str, Session] = {}

    def open(self, token: ConsoleToken) -> str:
        """Begin a session; what its cookie holds."""
        secret, now = secrets.token_urlsafe(32), self._clock()
        with self._guard:
            self._drop_ended(now)
            if len(self._open) >= MOST:
                del self._open[min(self._open, key=lambda key: self._open[key].seen)]
            self._open[_digest(secret)] = Session(token, now, now)
        return secret

    def find(self, secret: str | None, touch: bool = True) -> Session | None:
        """The session of a cookie; None if there is none, or it has ended.

        Args:
            touch: count this as a sign of its person.
        """
        if not secret:
            return None
        key, now = _digest(secret), self._clock()
        with self._guard:
            session = self._open.get(key)
            if session is None or self._ended(session, now):
                self._open.pop(key, None)
                return None
            if touch:
                session.seen = now
            return session

    def close(self, secret: str | None) -> None:
        """End a session."""
        if secret:
            with self._guard:
                self._open.pop(_digest(secret), None)

    def _ended(self, session: Session, now: float) -> bool:
        return now - session.seen > self._idle or now - session.opened > self._longest

    def _drop_ended(self, now: float) -> None:
        for key in [key for key, session in self._open.items() if self._ended(session, now)]:
            del self._open[key]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
