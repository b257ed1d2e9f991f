"""A proxy on loopback before a shop's real server, over which a network breaks as tests want it to."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

__all__ = ["Cut", "Fault", "FaultyProxy", "fetched", "honest", "truncating"]

# Given (path, body), yields what is sent of it; raises `Cut` to break the connection.
Fault = Callable[[str, bytes], Iterator[bytes]]


class Cut(Exception):
    """The connection breaks here."""


def honest(path: str, body: bytes) -> Iterator[bytes]:
    """Everything arrives."""
    yield body


def truncating(every: int, keep: float) -> Fault:
    """Of each ``every``-th answer only the share ``keep`` arrives."""
    count = 0

    def fault(path: str, body: bytes) -> Iterator[bytes]:
        nonlocal count
        count += 1
        if count % every:
            yield body
            return
        yield body[: int(len(body) * keep)]
        raise Cut

    return fault


def fetched(most: int, then: Callable[[], None]) -> Fault:
    """After ``most`` bytes of files, ``then`` is called, and nothing more arrives."""
    left = most

    def fault(path: str, body: bytes) -> Iterator[bytes]:
        nonlocal left
        if "/v1/targets/" not in path:
            yield body
            return
        part, left = body[: max(left, 0)], left - len(body)
        yield part
        if left < 0:
            then()
            raise Cut

    return fault


class FaultyProxy(ThreadingHTTPServer):
    """See the module's description.

    Attributes:
        fault: what happens to each answer's body.
        away: no connection is answered at all.
        requests: how many there were.
    """

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.fault: Fault = honest
        self.away = False
        self.requests = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed hangs up: that is what is staged here."""

    @classmethod
    @contextmanager
    def before(cls, upstream: str) -> Iterator[FaultyProxy]:
        """A running one."""
        proxy = cls(upstream)
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            proxy.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: FaultyProxy
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.close_connection = True
        self.server.requests += 1
        if self.server.away:
            return
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=30)
        with contextlib.closing(upstream):
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
            upstream.request("GET", self.path, headers=headers)
            answer = upstream.getresponse()
            body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(Cut):
            for part in self.server.fault(self.path, body):
                self.wfile.write(part)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""
