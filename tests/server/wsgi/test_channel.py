"""How long a connection may take: a server in this process, whose clock runs ahead."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from server_products import ColourPhotos

from patience import eventually
from pocketshelf.wsgi import WebServer, channel
from pocketshelf_server.http.lengths import Lengths
from pocketshelf_server.site import SiteConfig


def application(environ: dict, start_response: Callable) -> list[bytes]:
    """Answers with as many bytes as the path says."""
    size = int(environ["PATH_INFO"].strip("/") or 2)
    start_response("200 OK", [("Content-Length", str(size))])
    return [b"x" * size]


@contextmanager
def serving(monkeypatch: pytest.MonkeyPatch, seconds: float) -> Iterator[WebServer]:
    """One that gives each client ``seconds`` for whatever it does."""
    for name in ("HEAD_SECONDS", "IDLE_SECONDS", "PACE_SECONDS"):
        monkeypatch.setattr(channel, name, seconds)
    monkeypatch.setattr("pocketshelf.wsgi.server.LOOK_EVERY_SECONDS", 0.1)
    listener = socket.create_server(("127.0.0.1", 0))
    server = WebServer(
        application, listener, Lengths(SiteConfig(), ColourPhotos()), threads=2, connections=20
    )
    server.adj.asyncore_loop_timeout = 0.1
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield server
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)
    thread.join(5)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Closes what is late at once, for those who are closed."""
    with serving(monkeypatch, 0.6) as server:
        yield server


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Is late itself before it closes one that a busy machine held up."""
    with serving(monkeypatch, 3) as server:
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """Closes nobody for being late."""
    with serving(monkeypatch, 300) as server:
        yield server


def connect(server: WebServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(server.effective_port)), timeout=10)


def asked(connection: socket.socket) -> bool:
    """Whether a request is answered."""
    connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
    received = b""
    while not received.endswith(b"\r\n\r\nxx"):
        received += (chunk := connection.recv(1000))
        if not chunk:
            return False
    return received.startswith(b"HTTP/1.1 200")


def closed_after(connection: socket.socket, begun: float, drip: bytes = b"", most: float = 30.0) -> float:
    """Seconds since ``begun`` until the server closes it, ``most`` or more if it does not.

    ``drip`` is sent again and again.
    """
    connection.settimeout(0.1)
    while time.monotonic() < begun + most:
        try:
            if drip:
                connection.sendall(drip)
            if not connection.recv(1000):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    return time.monotonic() - begun


def test_a_connection_that_asks_nothing_is_closed(server: WebServer) -> None:
    begun = time.monotonic()
    with connect(server) as connection:
        assert 0.5 < closed_after(connection, begun) < 10


def test_a_head_in_drips_has_a_deadline(server: WebServer) -> None:
    begun = time.monotonic()
    with connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        assert 0.5 < closed_after(connection, begun, drip=b"x") < 10


def test_a_body_in_drips_is_closed(server: WebServer) -> None:
    begun = time.monotonic()
    with connect(server) as connection:
        connection.sendall(b"POST /v1/search HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
        assert 0.5 < closed_after(connection, begun, drip=b"x") < 10


def test_a_body_at_a_fair_pace_is_not(lenient: WebServer) -> None:
    begun = time.monotonic()
    with connect(lenient) as connection:
        connection.sendall(b"POST /v1/search HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        assert closed_after(connection, begun, drip=b"x" * 10_000, most=6.5) >= 6.5


def test_a_connection_is_kept_between_requests_for_a_while(lenient: WebServer) -> None:
    with connect(lenient) as connection:
        for _ in range(3):
            assert asked(connection)
            time.sleep(0.3)
        assert closed_after(connection, time.monotonic()) < 15


def test_clients_that_do_not_read_hold_no_thread(patient: WebServer) -> None:
    """Two threads, and three clients who ask for twice 30 MB and read none of it."""
    slow = [connect(patient) for _ in range(3)]
    for connection in slow:
        connection.sendall(b"GET /30000000 HTTP/1.1\r\n\r\n" * 2)
    time.sleep(0.3)
    with connect(patient) as connection:
        assert asked(connection)
    for connection in slow:
        connection.close()


def test_a_client_that_reads_slowly_is_not_cut_off(lenient: WebServer) -> None:
    """The system's buffer is small enough for its reading to be seen."""
    with connect(lenient) as connection:
        connection.sendall(b"GET /30000000 HTTP/1.1\r\n\r\n")
        received, until = 0, time.monotonic() + 6.5
        while time.monotonic() < until:
            received += len(connection.recv(100_000))
            time.sleep(0.1)
        assert 500_000 < received < 10_000_000
        while chunk := connection.recv(1_000_000):
            received += len(chunk)
            if received > 30_000_000:
                break
        assert received > 30_000_000
        (channel,) = lenient.active_channels.values()
        assert channel.socket.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 1_000_000


def test_at_the_limit_the_longest_idle_makes_room(patient: WebServer) -> None:
    first, *others = [connect(patient) for _ in range(20)]
    eventually(lambda: len(patient.active_channels) == 20)
    with connect(patient) as connection:
        assert asked(connection)
        assert first.recv(1) == b""
        with pytest.raises(TimeoutError):
            others[-1].settimeout(0.05)
            others[-1].recv(1)
    for connection in (first, *others):
        connection.close()


def test_half_requests_keep_no_new_client_out(patient: WebServer) -> None:
    """Those who come are newer than those who have sent a part of something and wait."""
    halves = [connect(patient) for _ in range(20)]
    for connection in halves:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
    eventually(lambda: sum(each.asked for each in list(patient.active_channels.values())) == 20)
    clients = [connect(patient) for _ in range(10)]
    assert all(asked(client) for client in clients)
    for connection in (*halves, *clients):
        connection.close()
