"""`Fetcher` over HTTP(S)."""

from __future__ import annotations

import http.client
import re
import urllib.error
from collections.abc import Iterator
from urllib.parse import urlsplit

from pocketshelf.errors import Unreachable
from pocketshelf.network.http import body_chunks, is_sign_in, open_url, sign_in
from pocketshelf.network.retry_after import seconds_asked_for
from pocketshelf.sync.fetcher import Answer

__all__ = ["HttpFetcher"]

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


class HttpFetcher:
    """Gets files over HTTP. Holds no connection between requests.

    Args:
        sequence: of the shelf that is here, told with every request (``Pocketshelf-Sequence``), so that a
            shop sees how fresh its devices are; None tells nothing. Many devices have the same.
    """

    def __init__(self, agent: str = "pocketshelf", sequence: int | None = None) -> None:
        self._agent, self._sequence = agent, sequence

    def telling(self, sequence: int) -> HttpFetcher:
        """The same, which tells ``sequence``."""
        return HttpFetcher(self._agent, sequence)

    def get(self, url: str, *, offset: int = 0, etag: str | None = None, seconds: float) -> Answer:
        try:
            response = open_url(url, self._headers(offset, etag), seconds)
        except urllib.error.HTTPError as error:
            error.close()
            if is_sign_in(error.code, ""):
                raise sign_in(url) from error
            if error.code >= 500 or error.code == 429:
                asked = seconds_asked_for(error.headers.get("Retry-After"))
                raise Unreachable(f"{url}: the server answered {error.code}", asked) from error
            return Answer(error.code, iter(()))
        return Answer(
            response.status,
            _files_chunks(response, url),
            response.headers.get("ETag"),
            _start(response),
            response.close,
        )

    def _headers(self, offset: int, etag: str | None) -> dict[str, str]:
        headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
        if self._sequence is not None:
            headers["Pocketshelf-Sequence"] = str(self._sequence)
        if offset:
            headers["Range"] = f"bytes={offset}-"
            if etag:
                headers["If-Range"] = etag
        return headers


def _files_chunks(response: http.client.HTTPResponse, url: str) -> Iterator[bytes]:
    """The body, unless it is the page of a network that wants a sign-in first."""
    chunks = body_chunks(response, url)
    start = next(chunks, b"")
    if is_sign_in(response.status, response.headers.get("Content-Type") or "", start):
        raise sign_in(url, response.url if urlsplit(response.url)[:3] != urlsplit(url)[:3] else None)
    yield start
    yield from chunks


def _start(response: http.client.HTTPResponse) -> int:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(match.group(1)) if response.status == 206 and match else 0
