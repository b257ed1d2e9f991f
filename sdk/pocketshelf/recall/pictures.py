"""Pictures of what the server's full catalogue found: a shelf holds none of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from urllib.parse import urlencode

from pocketshelf.errors import PhotoError, ServerError, Unreachable
from pocketshelf.network.address import server_address
from pocketshelf.recall.pause import Pause

__all__ = ["SIDES", "ServerPictures"]

# What a server makes, in pixels of the longer side.
SIDES = (96, 320, 480, 1200)
MAX_BYTES = 2_000_000
MISSING = (404, 422)
# It is there, and has too much to do this very moment.
BUSY, BUSY_S = 503, 1.0


class ServerPictures:
    """``GET /v1/pictures`` of a server; safe to share between threads.

    As `ServerFallback`, it leaves a server that was away alone for a while. What comes is from outside: it is
    a picture once it was decoded.

    Args:
        server_url: the address below which ``/v1/pictures`` lies.
        timeout: longest time for one, by the wall clock, in seconds.
        rest: seconds for which a server that was away is not asked again.
        at_once: so many are asked for at a time; more wait ``timeout`` for their turn.

    Raises:
        UsageError: ``server_url`` is no address.
    """

    def __init__(
        self,
        server_url: str,
        timeout: float = 3.0,
        rest: float = 30.0,
        at_once: int = 4,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = server_address(server_url) + "/v1/pictures"
        self._timeout, self._pause = timeout, Pause(rest, clock)
        self._turns = threading.BoundedSemaphore(at_once)

    def get(self, product_id: str, side: int) -> bytes | None:
        """A picture's file, as the server made it; None where it has none of this product.

        Args:
            side: pixels of the longer side that are enough; the server may send fewer, or more.

        Raises:
            ServerError: the server is away, busy, or refuses.
        """
        self._pause.require_over(self._url)
        if not self._turns.acquire(timeout=self._timeout):
            raise ServerError(f"{self._url}: too many pictures are asked for already")
        try:
            return self._got(product_id, next((each for each in SIDES if each >= side), SIDES[-1]))
        finally:
            self._turns.release()

    def _got(self, product_id: str, side: int) -> bytes | None:
        # A search without a server needs no HTTP.
        from pocketshelf.network.http import exchange, is_sign_in, sign_in

        query = f"?{urlencode({'product_id': product_id, 'side': side})}"
        try:
            reply = exchange(self._url + query, {"Accept": "image/jpeg"}, self._timeout, None, MAX_BYTES)
            if is_sign_in(reply.status, reply.content_type, reply.body[:64]):
                raise sign_in(self._url, reply.location)
        except ServerError as error:
            self._pause.begin()
            # Without the product's id: it is what a shopper looks for, and this may come into a log.
            raise Unreachable(str(error).replace(query, "")) from error
        if reply.status == 200:
            if not reply.content_type.startswith("image/"):
                raise PhotoError(f"{self._url}: the server sent no picture")
            return reply.body
        if reply.status in MISSING:
            return None
        if reply.status >= 500 or reply.status == 429:
            self._pause.begin(BUSY_S if reply.status == BUSY else None)
        raise ServerError(f"{self._url}: the server answered {reply.status}")
