"""The shop's pictures, and a server's, scaled by a worker of their own and kept for a while, bounded."""

from __future__ import annotations

import logging
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import partial

from pocketshelf.errors import PhotoError, ServerError
from pocketshelf.formats.product_rules import MAX_TEXT
from pocketshelf.kiosk.worker import Engine, Order, Refused, Waits
from pocketshelf.recall import ServerPictures

__all__ = ["Pictures"]

KEPT_BYTES = 32_000_000
# What is known not to be there counts as so much and its name, so that it cannot fill memory either: anybody
# may ask for names without end.
NOTHING_BYTES = 200
WAITS = Waits(turn_s=15.0, answer_s=15.0)
# In the place of a picture's number.
SERVED = -1
log = logging.getLogger("pocketshelf.kiosk")
_Key = tuple[str, int | None, int]


class Pictures:
    """Pictures of products.

    Args:
        engine: its desk is a `Clerk`; None: there are no pictures.
        server: has those of products that the shelf lacks; None: there is no server.
        kept_bytes: how many bytes of them are kept.
    """

    def __init__(
        self, engine: Engine | None, server: ServerPictures | None = None, kept_bytes: int = KEPT_BYTES
    ) -> None:
        self._engine, self._server, self._kept_bytes = engine, server, kept_bytes
        self._guard = threading.Lock()
        self._kept: OrderedDict[_Key, bytes | None] = OrderedDict()
        self._bytes = 0

    def get(self, name: str, number: int | None, side: int) -> bytes | None:
        """A JPEG, its longer side at most ``side`` pixels; None where there is no such picture.

        Args:
            name: a product's id, and which of its pictures; or a look's photo, ``number`` being None.

        Raises:
            Busy, Stuck: not now.
        """
        return self._made((name, number, side), _asked)

    def served(self, product_id: str, side: int) -> bytes | None:
        """The same of a product that the server found; None, too, where the server is away.

        Raises:
            Busy, Stuck: not now.
        """
        server = self._server
        if server is None:
            return None
        try:
            return self._made((product_id, SERVED, side), partial(_fetched, server))
        except ServerError as error:
            log.info("no picture: %s", error)
            return None

    def forget(self) -> None:
        """There is a new shelf: what was known of the old one counts no more."""
        with self._guard:
            self._kept.clear()
            self._bytes = 0

    def _made(self, key: _Key, make: Callable[[Engine, _Key], bytes | None]) -> bytes | None:
        if len(key[0]) > MAX_TEXT:
            return None
        with self._guard:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if self._engine is None:
            return None
        content = make(self._engine, key)
        self._keep(key, content)
        return content

    def _keep(self, key: _Key, content: bytes | None) -> None:
        with self._guard:
            self._drop(key)
            self._kept[key] = content
            self._bytes += _size(key, content)
            while self._bytes > self._kept_bytes:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: _Key) -> None:
        if key in self._kept:
            self._bytes -= _size(key, self._kept.pop(key))


def _asked(engine: Engine, key: _Key) -> bytes | None:
    name, number, side = key
    order = Order("picture", {"id": name, "number": number, "side": side})
    if number is None:
        order = Order("look", {"image": name, "side": side})
    return _body(engine, order)


def _fetched(server: ServerPictures, engine: Engine, key: _Key) -> bytes | None:
    """What the server has is decoded by the worker, as any picture is: it comes from outside."""
    product_id, _, side = key
    try:
        sent = server.get(product_id, side)
    except PhotoError:
        return None
    return None if sent is None else _body(engine, Order("shrink", {"side": side}), sent)


def _body(engine: Engine, order: Order, picture: bytes = b"") -> bytes | None:
    try:
        return engine.ask(order, picture, WAITS).body
    except Refused as error:
        if error.code != "not_found":
            raise
        return None


def _size(key: _Key, content: bytes | None) -> int:
    return NOTHING_BYTES + sys.getsizeof(key[0]) + len(content or b"")
