"""One connection: how long it takes, how much it asks for at once, how a refusal reaches its client."""

from __future__ import annotations

import contextlib
import socket
import time
from functools import partial
from typing import Any

from waitress.channel import HTTPChannel

from pocketshelf.wsgi.access import LoggedErrorTask, LoggedTask
from pocketshelf.wsgi.parser import BoundedParser

__all__ = ["RECEIVE", "SEND_BUFFER", "BoundedChannel"]

# The first byte of a request and the last of its head.
HEAD_SECONDS = 15.0
# Between requests: longer than a proxy keeps its connections, so that the proxy closes them (nginx: 60 s).
IDLE_SECONDS = 75.0
# What a body, or an answer, must move: half a kilobyte a second. For an answer it is rather three, since the
# system takes more of it only when a third of its buffer is free.
PACE_SECONDS, PACE_BYTES = 60.0, 30_000
SEND_BUFFER = 262_144
# For a refused client to read why, while it still sends.
LINGER_SECONDS = 2.0
# Nobody sends more requests ahead than this, but to fill memory with their answers.
MAX_AHEAD = 8
RECEIVE = 65_536


class BoundedChannel(HTTPChannel):
    """Waitress's channel; its server calls `is_late` now and then, on the loop's thread."""

    close_when_flushed: bool

    def __init__(self, server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> None:
        super().__init__(server, sock, addr, adj, map)
        self.parser_class = partial(BoundedParser, admit=server.admit, too_long=server.too_long)
        if server.access is not None:
            self.task_class, self.error_task_class = LoggedTask, LoggedErrorTask
        self._opened = self._since = time.monotonic()
        self._moved = 0
        self._refused = False
        self._linger_until: float | None = None
        self._writing = False
        self.asked = False

    def is_late(self, now: float) -> bool:
        """Whether the client has had the time that it may have (``now``: monotonic seconds)."""
        if self._linger_until is not None:
            return now > self._linger_until
        if self.total_outbufs_len or (self.request is not None and self.request.headers_finished):
            return self._is_slow(now)
        self._since, self._moved = now, 0
        if self.requests:
            return False  # It waits for us.
        if self.request is not None:
            return now > self.request.started + HEAD_SECONDS
        if not self.asked:
            return now > self._opened + HEAD_SECONDS
        return time.time() > self.last_activity + IDLE_SECONDS

    def coming(self) -> int:
        """Bytes of bodies that it holds or is sending."""
        held = [*self.requests, *([self.request] if self.request is not None else [])]
        return sum(request.coming for request in held)

    def _is_slow(self, now: float) -> bool:
        if now < self._since + PACE_SECONDS:
            return False
        slow = self._moved < PACE_BYTES
        self._since, self._moved = now, 0
        return slow

    def received(self, data: bytes) -> bool:
        """Take bytes in."""
        self._moved += len(data)
        self.asked = True
        done = super().received(data)
        if len(self.requests) > MAX_AHEAD:
            self.handle_close()
        return done

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send what the socket takes."""
        sent = super().send(data, do_close)
        self._moved += sent
        return sent

    def service(self) -> None:
        """Answer one request, on a thread of the server's."""
        self._refused = self.requests[0].error is not None
        super().service()

    def write_soon(self, data: Any) -> int:
        """Take a piece of an answer, on a thread of the server's."""
        self._writing = True
        try:
            return int(super().write_soon(data))
        finally:
            self._writing = False

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait until the client has read the most of a long answer; never before what it asked ahead.

        A thread would wait there for as long as the client likes. What was asked ahead of a long answer's end
        is not answered instead: the connection is closed behind that answer, and its client asks again.
        """
        if self._writing or self.total_outbufs_len <= self.adj.outbuf_high_watermark:
            super()._flush_outbufs_below_high_watermark()
            return
        with self.requests_lock:
            del self.requests[1:]
        self.close_when_flushed = True

    def readable(self) -> bool:
        """Whether to wait for bytes."""
        return self._linger_until is not None or super().readable()

    def writable(self) -> bool:
        """Whether to wait until bytes can be sent; not while a thread sends, or the loop would only turn."""
        if self._linger_until is not None or not super().writable():
            return False
        if not self.outbuf_lock.acquire(blocking=False):
            return False  # The thread wakes the loop when it is done.
        self.outbuf_lock.release()
        return True

    def handle_read(self) -> None:
        """Read; after a refusal only to throw away, since closing with unread bytes would lose the answer."""
        if self._linger_until is None:
            super().handle_read()
        elif not self.recv(RECEIVE):
            self.connected = False

    def handle_write(self) -> None:
        """Send; when a refusal is sent, wait for the client to see it."""
        if not (self._refused and self.close_when_flushed):
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif self.connected and not self.total_outbufs_len:
            self.close_when_flushed = False
            self._linger_until = time.monotonic() + LINGER_SECONDS
            with contextlib.suppress(OSError):  # The client may have gone.
                self.socket.shutdown(socket.SHUT_WR)
