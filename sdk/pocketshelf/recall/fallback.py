"""Ask the server's full catalogue, with the vector and never the photo."""

from __future__ import annotations

import itertools
import json
import math
import time
import urllib.error
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from pocketshelf.errors import ServerError, Unreachable, one_line
from pocketshelf.formats import strict_json
from pocketshelf.formats.fields import Fields
from pocketshelf.http import body_chunks, open_url
from pocketshelf.types import Hit

__all__ = ["Fallback", "ServerFallback"]

MAX_ANSWER_BYTES = 4_000_000


class Fallback(Protocol):
    """Searches the full catalogue. It is given the vector, never the photo."""

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        """The best ``k`` products for a float32 (D,) query of ``space``; hits of source "server".

        Args:
            categories: restrict the search to these; all if empty.

        Raises:
            ServerError: the server is away or refuses.
        """


class ServerFallback:
    """``POST /v1/search`` of a server; a `Fallback` that is safe to share between threads.

    A server that was away is left alone for a while, so that not every search waits for it in vain.

    Args:
        server_url: the address below which ``/v1/search`` lies.
        timeout: longest wait for the answer to begin, in seconds, and again for it to end.
        rest: seconds for which a server that was away is not asked again.
    """

    def __init__(
        self,
        server_url: str,
        timeout: float = 3.0,
        rest: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = server_url.rstrip("/") + "/v1/search"
        self._timeout = timeout
        self._rest = rest
        self._clock = clock
        self._away_until = -math.inf

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        """See `Fallback`; a server that was away a moment ago counts as away."""
        if self._clock() < self._away_until:
            raise ServerError(f"{self._url}: was away a moment ago; not asked")
        body: dict[str, Any] = {"vector": [round(float(x), 6) for x in vector], "space": space, "k": k}
        if categories:
            body["categories"] = list(categories)
        return _hits(self._post(json.dumps(body).encode()), self._url, k)

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        deadline = self._clock() + 2 * self._timeout
        answer = b""
        try:
            with open_url(self._url, headers, self._timeout, body) as response:
                for chunk in body_chunks(response, self._url):
                    answer += chunk
                    if len(answer) > MAX_ANSWER_BYTES or self._clock() > deadline:
                        raise Unreachable(f"{self._url}: the answer is too long or too slow")
        except urllib.error.HTTPError as error:
            if error.code >= 500 or error.code == 429:
                self._away_until = self._clock() + self._rest
            raise ServerError(f"{self._url}: {_problem(error)}") from error
        except Unreachable:
            self._away_until = self._clock() + self._rest
            raise
        return answer


def _problem(error: urllib.error.HTTPError) -> str:
    """The detail of a problem document (RFC 9457), or the status alone."""
    try:
        detail = json.loads(error.read(10_000))["detail"]
    except (OSError, ValueError, KeyError, TypeError):
        detail = error.reason
    finally:
        error.close()
    return f"the server answered {error.code} ({one_line(detail or error.reason, 200)})"


def _hits(answer: bytes, where: str, k: int) -> list[Hit]:
    """The hits of an answer, checked: it comes from outside."""
    try:
        document = Fields(strict_json.loads(answer), f"{where}: the answer", ServerError)
    except ValueError as error:
        raise ServerError(f"{where}: the answer is not JSON ({one_line(error)})") from error
    return [
        Hit(
            product_id=part.text("product_id"),
            score=part.number("score", low=-1.01, high=1.01),
            title=part.optional_text("title") or "",
            category=part.text("category"),
            source="server",
        )
        for part in itertools.islice(document.children("hits"), k)
    ]
