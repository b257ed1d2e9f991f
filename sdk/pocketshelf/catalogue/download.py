"""Pictures that a catalogue names by address: fetched once, kept, one after the other.

For whoever builds a store or imports a catalogue, where it is asked for; a device never fetches pictures.
Each is bounded in bytes and seconds, and kept under the digest of its address, so that a run that was cut off
goes on where it was. A server that says "later" is given its time; one that fails again and again is left
alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
import urllib.error
import urllib.parse
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pocketshelf.catalogue.pictures import MAX_PICTURE_BYTES
from pocketshelf.errors import CatalogueError, PhotoError, Unreachable, one_line
from pocketshelf.network.http import body_chunks, open_url
from pocketshelf.shipped import version

__all__ = ["PictureCache", "default_cache"]

SECONDS = 20.0
# For one picture, all its bytes.
LONGEST = 120.0
# Between two questions to the same server, at least.
PAUSE = 0.05
TRIES = 3
# In a row, of one server.
MOST_FAILURES = 10
# What a server may ask us to wait.
LONGEST_WAIT = 60.0
LATER = (429, 500, 502, 503, 504)


def default_cache() -> Path:
    """The folder where fetched pictures are kept between runs."""
    from platformdirs import user_cache_path

    return user_cache_path("pocketshelf", appauthor=False, opinion=False) / "pictures"


class PictureCache:
    """Fetches pictures into a folder; may be called from several threads.

    Args:
        folder: made if it is not there.
        sleep, clock: seconds.

    Raises:
        CatalogueError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder or default_cache()
        self._sleep = sleep
        self._clock = clock
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()
        self._failures: Counter[str] = Counter()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(
                f"{self._folder}: pictures cannot be kept there ({error.strerror})"
            ) from error

    def __call__(self, address: str) -> bytes:
        """The picture at ``address``, from the folder if it was fetched before.

        Raises:
            PhotoError: it cannot be had.
        """
        address = f"https:{address}" if address.startswith("//") else address
        path = self._folder / hashlib.sha256(address.encode(errors="replace")).hexdigest()
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        try:
            host = urllib.parse.urlsplit(address).netloc.rpartition("@")[2]
            with self._lock(host):
                data = self._fetch(address, host)
        except ValueError as error:
            raise PhotoError(f"{address.rpartition('@')[2]}: is no address ({error})") from error
        try:
            unfinished = path.with_suffix(f".{threading.get_ident()}.part")
            unfinished.write_bytes(data)
            os.replace(unfinished, path)  # noqa: PTH105 - a pair of strangers may both have fetched it
        except OSError as error:
            raise PhotoError(f"{address}: cannot be kept ({error.strerror})") from error
        return data

    def _lock(self, host: str) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(host, threading.Lock())

    def _fetch(self, address: str, host: str) -> bytes:
        """As often as is polite."""
        if self._failures[host] >= MOST_FAILURES:
            raise PhotoError(
                f"{_shown(address)}: its server failed {MOST_FAILURES} times in a row, not asked again"
            )
        for attempt in range(1, TRIES + 1):
            self._sleep(PAUSE)
            try:
                data = self._get(address)
                self._failures[host] = 0
                return data
            except urllib.error.HTTPError as error:
                with error:
                    if error.code not in LATER or attempt == TRIES:
                        self._failures[host] += error.code in LATER
                        raise PhotoError(f"{_shown(address)}: the server answers {error.code}") from error
                    wait = _seconds(error.headers.get("Retry-After"), 2.0**attempt)
            except Unreachable as error:
                if attempt == TRIES:
                    self._failures[host] += 1
                    raise PhotoError(one_line(error).replace(address, _shown(address))) from error
                wait = 2.0**attempt
            self._sleep(wait)
        raise AssertionError("not reached: the last attempt returns or raises")

    def _get(self, address: str) -> bytes:
        headers = {"User-Agent": f"pocketshelf/{version()}", "Accept": "image/*"}
        deadline = self._clock() + LONGEST
        chunks, size = [], 0
        with open_url(_quoted(address), headers, SECONDS) as response:
            expected = response.headers.get("Content-Length")
            for chunk in body_chunks(response, address):
                size += len(chunk)
                if size > MAX_PICTURE_BYTES:
                    raise PhotoError(f"{_shown(address)}: larger than {MAX_PICTURE_BYTES // 1_000_000} MB")
                if self._clock() > deadline:
                    raise Unreachable(f"{_shown(address)}: took longer than {LONGEST:g} s")
                chunks.append(chunk)
        if expected is not None and expected.isdigit() and int(expected) != size:
            raise Unreachable(f"{_shown(address)}: {size} of {expected} bytes came")
        return b"".join(chunks)


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


def _seconds(text: str | None, otherwise: float) -> float:
    given = float(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else otherwise
    return min(given, LONGEST_WAIT)
