"""Files of strangers' servers: bounded in bytes and seconds, asked for evenly, again only where that helps.

A server that says "later" is given its time; one that fails again and again is left alone.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.parse
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pocketshelf.errors import ServerError, Unreachable, one_line
from pocketshelf.network.http import body_chunks, open_url
from pocketshelf.network.pace import TokenBucket
from pocketshelf.network.retry_after import seconds_asked_for
from pocketshelf.shipped import version

__all__ = ["MOST_FAILURES", "TRIES", "Got", "Polite"]

# Until an answer begins, and until all of it is there.
SECONDS, LONGEST = 20.0, 120.0
TRIES = 3
# In a row, of one server.
MOST_FAILURES = 10
# What a server may ask us to wait.
LONGEST_WAIT = 60.0
LATER = (429, 500, 502, 503, 504)
UNCHANGED = 304
# Questions a second to one server.
RATE = 20.0


@dataclass(frozen=True)
class Got:
    """What a server gave.

    Attributes:
        data: None where it is what it was: the answer to a conditional question (RFC 9110, 13).
        etag, modified: by which it can be asked for once more, as the server wrote them; "" where it did not.
    """

    data: bytes | None
    etag: str = ""
    modified: str = ""


class Polite:
    """GETs files; may be called from several threads, which ask one server one after the other.

    Args:
        rate, burst: questions a second to one server, and how many may follow each other at once.
        sleep, clock: seconds.
    """

    def __init__(
        self,
        rate: float = RATE,
        burst: int = 1,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate, self._burst = rate, burst
        self._sleep, self._clock = sleep, clock
        self._locks: dict[str, threading.Lock] = {}
        self._buckets: dict[str, TokenBucket] = {}
        self._guard = threading.Lock()
        self._failures: Counter[str] = Counter()

    def get(
        self,
        address: str,
        most: int,
        accept: str = "*/*",
        private: Mapping[str, str] | None = None,
    ) -> bytes:
        """What lies at ``address``, of at most ``most`` bytes.

        Args:
            accept: the types wanted.
            private: headers that are not sent to where the server redirects, such as a key.

        Raises:
            Unreachable: the server is away or overloaded.
            ServerError: it answers that there is nothing, or more than ``most`` bytes.
            ValueError: it is no address.
        """
        data = self.ask(address, most, accept, private).data
        if data is None:
            raise ServerError(f"{_shown(address)}: the server answers 304")
        return data

    def ask(
        self,
        address: str,
        most: int,
        accept: str = "*/*",
        private: Mapping[str, str] | None = None,
        condition: Mapping[str, str] | None = None,
        tries: int = TRIES,
    ) -> Got:
        """The same with what it can be asked for by, or that it has not changed; raises as `get`.

        Args:
            condition: headers as ``If-None-Match``.
            tries: how often, in all.
        """
        host = urllib.parse.urlsplit(address).netloc.rpartition("@")[2]
        lock, bucket = self._of(host)
        headers = {"User-Agent": f"pocketshelf/{version()}", "Accept": accept, **(condition or {})}
        with lock:
            if self._failures[host] >= MOST_FAILURES:
                raise Unreachable(
                    f"{_shown(address)}: its server failed {MOST_FAILURES} times in a row, not asked again"
                )
            try:
                got = self._tried(bucket, address, lambda: self._get(address, most, headers, private), tries)
            except Unreachable:
                self._failures[host] += 1
                raise
            self._failures[host] = 0
            return got

    def _of(self, host: str) -> tuple[threading.Lock, TokenBucket]:
        with self._guard:
            bucket = TokenBucket(self._rate, self._burst, self._sleep, self._clock)
            return self._locks.setdefault(host, threading.Lock()), self._buckets.setdefault(host, bucket)

    def _tried(self, bucket: TokenBucket, address: str, get: Callable[[], Got], tries: int) -> Got:
        """As often as is polite."""
        for attempt in range(1, tries + 1):
            bucket.take()
            wait = 2.0**attempt
            try:
                return get()
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == UNCHANGED:
                        return Got(None)
                    kind = Unreachable if error.code in LATER else ServerError
                    problem = kind(f"{_shown(address)}: the server answers {error.code}")
                    if error.code not in LATER or attempt == tries:
                        raise problem from error
                    asked = seconds_asked_for(error.headers.get("Retry-After"))
                    wait = wait if asked is None else min(asked, LONGEST_WAIT)
            except Unreachable as error:
                if attempt == tries:
                    raise Unreachable(one_line(error).replace(address, _shown(address))) from error
            self._sleep(wait)
        raise AssertionError("not reached: the last attempt returns or raises")

    def _get(
        self, address: str, most: int, headers: dict[str, str], private: Mapping[str, str] | None
    ) -> Got:
        deadline = self._clock() + LONGEST
        gathered = bytearray()
        with open_url(_quoted(address), headers, SECONDS, private=private) as response:
            expected = response.headers.get("Content-Length")
            etag, modified = (response.headers.get(name) or "" for name in ("ETag", "Last-Modified"))
            for chunk in body_chunks(response, address):
                gathered += chunk
                if len(gathered) > most:
                    raise ServerError(f"{_shown(address)}: larger than {_size(most)}")
                if self._clock() > deadline:
                    raise Unreachable(f"{_shown(address)}: took longer than {LONGEST:g} s")
        if expected is not None and expected.isdigit() and int(expected) != len(gathered):
            raise Unreachable(f"{_shown(address)}: {len(gathered)} of {expected} bytes came")
        return Got(bytes(gathered), etag, modified)


def _size(count: int) -> str:
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count} bytes"


def _quoted(address: str) -> str:
    """``address`` with what must not stand in one, as blanks and umlauts, quoted; what is quoted stays."""
    parts = urllib.parse.urlsplit(address)
    path = urllib.parse.quote(parts.path, safe="/%:@!$&'()*+,;=~-._")
    query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _shown(address: str) -> str:
    """``address`` without a password."""
    parts = urllib.parse.urlsplit(address)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))[:300]
