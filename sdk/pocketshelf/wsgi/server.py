"""Waitress's server with bounds: as many connections as fit the process; late ones go, new ones find room."""

from __future__ import annotations

import errno
import heapq
import logging
import socket
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from waitress.adjustments import Adjustments
from waitress.server import TcpWSGIServer

from pocketshelf.wsgi.access import AccessLog
from pocketshelf.wsgi.channel import RECEIVE, SEND_BUFFER, BoundedChannel
from pocketshelf.wsgi.descriptors import connections_for
from pocketshelf.wsgi.lanes import lanes_dispatcher
from pocketshelf.wsgi.refusal import SMALL, Bodies, Refused

__all__ = ["WebServer"]

LOOK_EVERY_SECONDS = 1
# Without descriptors no connection can be taken; without a pause the loop would try without end.
REST_SECONDS = 0.5
AT_ONCE = 32
A_FEW = 8  # Connections, whose descriptors the answers to others need as well.
MAX_HEAD = 32_768
log = logging.getLogger("pocketshelf.wsgi")


class WebServer(TcpWSGIServer):
    """Serves ``app`` on ``listener``.

    At the limit of its connections it makes room for a new one by closing that which has been idle longest,
    so that clients who hold connections and send nothing keep nobody out.

    Args:
        app: the WSGI application.
        lengths: what a body may have.
        threads: requests answered at once.
        access: writes down what was asked; None for no such log.
        trusts_proxies: leave X-Forwarded-For to the application.
        connections: the most at once; None for what the process's limit of open files allows.
        in_memory: no body and no answer is put on the disk on its way, however long.
        waits: which paths' requests may wait for others (`pocketshelf.wsgi.lanes`); None: in turn.

    Raises:
        ServerError: the process may open too few files.
    """

    channel_class: Any = BoundedChannel
    next_channel_cleanup: float

    def __init__(
        self,
        app: Any,
        listener: socket.socket,
        lengths: Bodies,
        threads: int,
        access: AccessLog | None = None,
        trusts_proxies: bool = False,
        connections: int | None = None,
        in_memory: bool = False,
        waits: Callable[[str], bool] | None = None,
    ) -> None:
        adjustments = Adjustments(
            sockets=[listener],
            threads=threads,
            connection_limit=connections_for(threads) if connections is None else connections,
            cleanup_interval=LOOK_EVERY_SECONDS,
            max_request_header_size=MAX_HEAD,
            recv_bytes=RECEIVE,
            ident=None,
            asyncore_use_poll=True,
            log_socket_errors=False,
            clear_untrusted_proxy_headers=not trusts_proxies,
        )
        if in_memory:
            adjustments.inbuf_overflow = adjustments.outbuf_overflow = sys.maxsize
        # Without it a buffer grows to megabytes, and a slow client seems to read nothing for minutes.
        buffer = (socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        adjustments.socket_options = [*adjustments.socket_options, buffer]
        self._lengths = lengths
        self.access = access
        self._resting_until = 0.0
        where = (listener.family, listener.type, listener.proto, listener.getsockname())
        dispatcher: Any = None if waits is None else lanes_dispatcher(threads, waits)
        super().__init__(app, {}, True, listener, dispatcher, adjustments, bind_socket=False, sockinfo=where)

    def admit(self, method: str, path: str, length: int | None, headers: Mapping[str, str]) -> int:
        """See `pocketshelf.wsgi.parser.Admit`."""
        most = self._lengths.most(method, path)
        expected = most if length is None else length
        coming = 0
        if expected > SMALL:
            coming = sum(channel.coming() for channel in self.active_channels.values())
        self._lengths.check_early(method, path, expected, headers, coming)
        return most

    def too_long(self, method: str, path: str, most: int) -> Refused:
        """See `Bodies`."""
        return self._lengths.too_long(method, path, most)

    def readable(self) -> bool:
        """Whether to take a new connection."""
        now = time.monotonic()
        if now >= self.next_channel_cleanup:
            self.next_channel_cleanup = now + LOOK_EVERY_SECONDS
            self.maintenance(now)
        return bool(self.accepting) and now >= self._resting_until

    def maintenance(self, now: float) -> None:
        """Close who is late. At once: who does not read would never be told to close."""
        for channel in list(self.active_channels.values()):
            if channel.is_late(now):
                channel.handle_close()

    def handle_accept(self) -> None:
        """Take the connections that wait, a few at a time."""
        for _ in range(AT_ONCE):
            if not self._take():
                return

    def _take(self) -> bool:
        """Take a connection, in place of an idle one at the limit; whether there was one to take."""
        if len(self.active_channels) >= self.adj.connection_limit and not self._idle():
            self._rest("every connection is at work")
            return False
        try:
            if (accepted := self.accept()) is None:
                return False
            self.set_socket_options(accepted[0])
            self.channel_class(self, *accepted, self.adj, map=self._map)
            self._close_idle(len(self.active_channels) - self.adj.connection_limit)
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
                log.warning("a connection could not be taken: %s", error.strerror)
                if not self._close_idle(A_FEW):
                    self._rest(error.strerror or str(error))
            return False
        return True

    def _idle(self) -> list[BoundedChannel]:
        """Those that wait for their client, and not it for us."""
        return [channel for channel in self.active_channels.values() if not channel.requests]

    def _close_idle(self, count: int) -> bool:
        """Close those that have been idle longest; whether there were any."""
        idle = heapq.nsmallest(count, self._idle(), key=lambda channel: channel.last_activity)
        for channel in idle:
            channel.handle_close()
        return bool(idle)

    def _rest(self, why: str) -> None:
        log.warning("no new connections for %g s: %s", REST_SECONDS, why)
        self._resting_until = time.monotonic() + REST_SECONDS
