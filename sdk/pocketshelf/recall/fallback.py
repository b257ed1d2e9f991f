"""Ask the server's full catalogue, with the vector and never the photo."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from pocketshelf.errors import ServerError, Unreachable, one_line
from pocketshelf.formats import strict_json
from pocketshelf.formats.fields import Fields
from pocketshelf.formats.product_rules import MAX_TEXT, check_names
from pocketshelf.network.address import server_address
from pocketshelf.recall.neighbourhood import LEAST_SPREAD, CatalogueSpread
from pocketshelf.recall.pause import Pause
from pocketshelf.types import Hit

if TYPE_CHECKING:
    from pocketshelf.network.http import Reply

__all__ = ["Fallback", "Found", "ServerFallback", "Telling"]

MAX_ANSWER_BYTES = 4_000_000


class Found(list[Hit]):
    """A server's hits, best first.

    Attributes:
        catalogue: how near its products are to each other and to the query; None where it does not tell.
    """

    catalogue: CatalogueSpread | None = None


class Fallback(Protocol):
    """Searches the full catalogue. It is given the vector, never the photo."""

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        """The best ``k`` products for a float32 (D,) query of ``space``; hits of source "server".

        What they are judged by is the shelf's own, unless they are `Found` with a ``catalogue``.

        It is called in a thread of its own and no longer waited for once the search's time is over.

        Args:
            categories: restrict the search to these; all if empty.

        Raises:
            ServerError: the server is away or refuses.
        """


class ServerFallback:
    """``POST /v1/search`` of a server; a `Fallback` that is safe to share between threads.

    A server that was away, or whose answer was none, is left alone for a while, so that not every search
    waits for it in vain.

    Args:
        server_url: the address below which ``/v1/search`` lies.
        timeout: longest time, by the wall clock, from looking up its name to the answer's last byte, in
            seconds.
        rest: seconds for which a server that was away is not asked again.
        full: ask for each hit's image and attributes, too: by them colours are compared, as the shelf's are.

    Raises:
        UsageError: ``server_url`` is no address.
    """

    def __init__(
        self,
        server_url: str,
        timeout: float = 3.0,
        rest: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        full: bool = True,
    ) -> None:
        self._full = full
        self._url = server_address(server_url) + "/v1/search"
        self._timeout = timeout
        self._pause = Pause(rest, clock)

    def search(
        self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int, told: str = ""
    ) -> list[Hit]:
        """See `Fallback`; a server that was away a moment ago counts as away.

        Args:
            told: the header ``Pocketshelf-Local``, see `Telling`; "" sends none.
        """
        self._pause.require_over(self._url)
        body: dict[str, Any] = {"vector": [round(float(x), 6) for x in vector], "space": space, "k": k}
        if categories:
            body["categories"] = list(categories)
        if self._full:
            body["full"] = True
        try:
            reply = self._post(json.dumps(body).encode(), told)
            if reply.status == 200:
                return _hits(reply.body, self._url, k)
        except ServerError:
            self._pause.begin()
            raise
        if reply.status >= 500 or reply.status == 429:
            self._pause.begin()
        raise ServerError(f"{self._url}: {_problem(reply)}")

    def _post(self, body: bytes, told: str) -> Reply:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if told:
            headers["Pocketshelf-Local"] = told
        # A search without a server needs no HTTP.
        from pocketshelf.network.http import exchange, is_sign_in, sign_in

        reply = exchange(self._url, headers, self._timeout, body, MAX_ANSWER_BYTES)
        if is_sign_in(reply.status, reply.content_type, reply.body[:64]):
            raise sign_in(self._url, reply.location)
        if 300 <= reply.status < 400:
            raise Unreachable(
                f"{self._url}: the server sends us on to {one_line(reply.location or 'nowhere', 100)}; "
                "check the address, or sign in to this network"
            )
        return reply


class Telling:
    """A `ServerFallback` that also tells why it is asked, so that a shop sees what its shelf lacks.

    Args:
        searches: regions searched since the server was last asked, this one among them.
        recall: the estimate of this one's local answer; None where there is none.
    """

    def __init__(self, server: ServerFallback, searches: int, recall: float | None) -> None:
        self._server = server
        self._told = f"searches={searches}" + ("" if recall is None else f" recall={recall:.3f}")

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        """See `ServerFallback.search`."""
        return self._server.search(vector, space, categories, k, self._told)


def _problem(reply: Reply) -> str:
    """The detail of a problem document (RFC 9457), or the status alone."""
    try:
        detail = strict_json.loads(reply.body)["detail"]
    except (ValueError, KeyError, TypeError, IndexError):
        detail = None
    return f"the server answered {reply.status} ({one_line(detail or reply.reason, 200)})"


def _hits(answer: bytes, where: str, k: int) -> Found:
    """The hits of an answer, checked: it comes from outside."""
    try:
        document = Fields(strict_json.loads(answer), f"{where}: the answer", ServerError)
        found = Found(_hit(part) for part in itertools.islice(document.children("hits"), k))
        if document.has("catalogue"):
            found.catalogue = _told(document.child("catalogue"), found)
        return found
    except ValueError as error:
        raise ServerError(f"{where}: the answer is not one ({one_line(error)})") from error


def _told(part: Fields, hits: Sequence[Hit]) -> CatalogueSpread:
    """What the server tells of its catalogue, and of the first of the hits, in their order."""
    of_hits = [_spread(each) for each in part.children("hits")] if part.has("hits") else []
    named = {hit.product_id: each for hit, each in zip(hits, of_hits, strict=False)}
    return CatalogueSpread(_spread(part.child("nearest")), _spread(part.child("background")), named)


def _spread(part: Fields) -> tuple[float, float]:
    """A mean of cosines and their standard deviation, which has the least that a shelf's own has."""
    return part.number("mean", low=-1.01, high=1.01), max(LEAST_SPREAD, part.number("spread", low=0, high=2))


def _hit(part: Fields) -> Hit:
    hit = Hit(
        product_id=part.text("product_id"),
        score=part.number("score", low=-1.01, high=1.01),
        title=part.optional_text("title") or "",
        category=part.text("category"),
        source="server",
        image=part.optional_text("image"),
        attributes=part.mapping("attributes") if part.has("attributes") else {},
    )
    check_names(hit.product_id, hit.category)
    if len(hit.title) > MAX_TEXT or len(hit.image or "") > MAX_TEXT:
        raise ValueError(f"a title or an image of more than {MAX_TEXT} characters")
    return hit
