"""Servers on loopback that answer with whatever bytes a test gives them, well, badly, late or never."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any, TypeVar

Behaviour = Callable[[socket.socket, bytes], None]
Server = TypeVar("Server", bound=ThreadingHTTPServer)


@contextmanager
def answering(*answers: Behaviour, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that gives each connection to the next of ``answers``, with the request's bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
                if tls:
                    connection = tls.wrap_socket(connection, server_side=True)
            except ssl.SSLError:  # The client does not trust us.
                continue
            except OSError:
                return
            with connection:
                request = b""
                # A greeting of TLS (RFC 8446, 5.1) is no request, and has no such end.
                while b"\r\n\r\n" not in request and not request.startswith(b"\x16"):
                    piece = connection.recv(4096)
                    if not piece:
                        break
                    request += piece
                else:
                    with contextlib.suppress(OSError):  # The client may hang up, as some tests want.
                        answer(connection, request)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}/file"
    finally:
        listener.close()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """``server``, on a thread of its own."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def plain(text: bytes) -> Behaviour:
    return lambda connection, request: connection.sendall(text)


def dripping(start: bytes, drop: bytes = b"x", seconds: float = 0.05, drops: int = 400) -> Behaviour:
    """``start`` at once, then ``drop`` again and again, each before any socket's time-out."""

    def answer(connection: socket.socket, request: bytes) -> None:
        connection.sendall(start)
        for _ in range(drops):
            connection.sendall(drop)
            time.sleep(seconds)

    return answer


def silent(connection: socket.socket, request: bytes) -> None:
    """Accepts, reads, and never answers."""
    time.sleep(20)


def whole(body: bytes, status: str = "200 OK", kind: str = "application/json", more: str = "") -> Behaviour:
    """A well-formed answer."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return plain(head.encode() + body)


@contextmanager
def serving_app(app: Callable[..., Any]) -> Iterator[str]:
    """A WSGI application behind a real waitress; its address."""
    import waitress

    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(5)


class Door:
    """Before a server on a socket: a network that stalls, as without a word, and goes on.

    Args:
        connect: makes a connection to the server.

    Attributes:
        port: on 127.0.0.1, to come in by.
        open: while it is not set, nothing passes in either direction.
    """

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.open = threading.Event()
        self.open.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Let nobody in any more."""
        self.open.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = self._connect()
                for ways in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ways, daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with source, target, contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.open.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
