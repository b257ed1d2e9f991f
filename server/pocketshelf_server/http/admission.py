"""Who may call, and how often."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import threading
import time
from collections.abc import Callable

from pocketshelf_server.http.problems import Problem

__all__ = ["RateLimit", "caller", "check_token"]

# Addresses remembered at once; beyond it those that have waited longest are forgotten.
MAX_CALLERS = 10_000


def caller(address: str | None) -> str:
    """Who counts as one caller: an IPv4 address, or the network of an IPv6 one (a household has one of /64).

    Args:
        address: as the socket or a trusted proxy says; with a port, by some proxies.
    """
    text = (address or "")[:100].strip()
    if text.startswith("[") or text.count(":") == 1:
        text = text.rpartition(":")[0] if not text.endswith("]") else text
    try:
        found = ipaddress.ip_address(text.strip("[]"))
    except ValueError:
        return text
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)))


def check_token(header: str | None, token_sha256: str | None) -> None:
    """Let through ``Authorization: Bearer <token>`` of the right token.

    Raises:
        Problem: 403 when there is no token to give, 401 when it is missing or wrong.
    """
    if token_sha256 is None:
        raise Problem(403, "changes over HTTP are closed: config.json has no token_sha256")
    scheme, _, token = (header or "").partition(" ")
    digest = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
    if scheme.lower() != "bearer" or not hmac.compare_digest(digest, token_sha256):
        raise Problem(
            401,
            "send 'Authorization: Bearer <token>' with the site's admin token",
            {"WWW-Authenticate": "Bearer"},
        )


class RateLimit:
    """A token bucket a caller: ``per_minute`` calls at once, refilled evenly.

    Args:
        clock: seconds, monotonic.
        burst: calls at once, if not ``per_minute``.
    """

    def __init__(
        self, per_minute: int, clock: Callable[[], float] = time.monotonic, burst: int | None = None
    ) -> None:
        self._size = float(per_minute if burst is None else burst)
        self._per_second = per_minute / 60
        self._clock = clock
        self._guard = threading.Lock()
        self._buckets: dict[str, tuple[float, float]] = {}

    def check(self, caller: str) -> None:
        """Count one call of ``caller``.

        Raises:
            Problem: 429, with ``Retry-After``.
        """
        with self._guard:
            now = self._clock()
            left, then = self._buckets.pop(caller, (self._size, now))
            left = min(self._size, left + (now - then) * self._per_second)
            allowed = left >= 1
            self._buckets[caller] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MAX_CALLERS:
                del self._buckets[next(iter(self._buckets))]
        if not allowed:
            wait = int((1 - left) / self._per_second) + 1
            raise Problem(429, f"too many calls; wait {wait} s", {"Retry-After": str(wait)})

    def forgive(self, caller: str) -> None:
        """Let ``caller`` begin anew."""
        with self._guard:
            self._buckets.pop(caller, None)
