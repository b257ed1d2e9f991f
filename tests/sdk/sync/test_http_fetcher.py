"""The real network side of the sync, against real sockets that answer well, badly, late or never."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sdk.sync import Unreachable
from sdk.sync.http import HttpFetcher


@contextmanager
def answering(*answers: Callable[[socket.socket, bytes], None]) -> Iterator[str]:
    """A server that gives each connection to the next of ``answers``, with the request's bytes."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(4096)
                with contextlib.suppress(OSError):  # The client may hang up, as some tests want.
                    answer(connection, request)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/file"
    finally:
        listener.close()


def plain(text: bytes) -> Callable[[socket.socket, bytes], None]:
    return lambda connection, request: connection.sendall(text)


def test_a_whole_file():
    with answering(plain(b'HTTP/1.1 200 OK\r\nETag: "a"\r\nContent-Length: 5\r\n\r\nhello')) as url:
        answer = HttpFetcher().get(url, seconds=5)
        assert (answer.status, answer.etag, answer.start, b"".join(answer.chunks)) == (
            200,
            '"a"',
            0,
            b"hello",
        )
        answer.close()


def test_the_rest_of_a_file_is_asked_for_by_range_and_tag():
    seen = []

    def answer(connection, request):
        seen.append(request.decode())
        connection.sendall(
            b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-4/5\r\nContent-Length: 2\r\n\r\nlo"
        )

    with answering(answer) as url:
        got = HttpFetcher().get(url, offset=3, etag='"a"', seconds=5)
        assert (got.status, got.start, b"".join(got.chunks)) == (206, 3, b"lo")
    assert "Range: bytes=3-\r\n" in seen[0] and 'If-Range: "a"\r\n' in seen[0]
    assert "Accept-Encoding: identity\r\n" in seen[0]


@pytest.mark.parametrize("status", [403, 404, 416])
def test_refusals_are_answers(status):
    with answering(plain(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())) as url:
        assert HttpFetcher().get(url, seconds=5).status == status


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_server_is_away(status):
    with (
        answering(plain(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())) as url,
        pytest.raises(Unreachable, match=str(status)),
    ):
        HttpFetcher().get(url, seconds=5)


def test_nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(Unreachable, match="cannot be reached"):
        HttpFetcher().get(f"http://127.0.0.1:{port}/", seconds=5)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense", "http://"])
def test_only_http(url):
    with pytest.raises(Unreachable):
        HttpFetcher().get(url, seconds=1)


def test_no_redirect_to_a_file():
    with (
        answering(
            plain(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
        ) as url,
        pytest.raises(Unreachable),
    ):
        answer = HttpFetcher().get(url, seconds=2)
        assert answer.status != 200
        raise Unreachable("refused with a status")


def test_not_http():
    with answering(plain(b"SSH-2.0-OpenSSH\r\n\r\n")) as url, pytest.raises(Unreachable):
        HttpFetcher().get(url, seconds=5)


def test_silence_is_not_waited_for():
    started = time.monotonic()
    with answering(lambda connection, request: time.sleep(3)) as url, pytest.raises(Unreachable):
        HttpFetcher().get(url, seconds=0.3)
    assert time.monotonic() - started < 2.5


def test_a_header_that_drips_is_cut_off():
    """Each byte comes before the socket's time-out, and the header never ends."""

    def drip(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(200):
            connection.sendall(b"X")
            time.sleep(0.05)

    started = time.monotonic()
    with answering(drip) as url, pytest.raises(Unreachable):
        HttpFetcher().get(url, seconds=0.5)
    assert time.monotonic() - started < 5


def test_a_body_that_drips_comes_byte_by_byte():
    """So that the pace is checked while it drips, instead of after a whole buffer."""

    def drip(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"x")
            time.sleep(0.05)

    with answering(drip) as url:
        answer = HttpFetcher().get(url, seconds=1)
        started = time.monotonic()
        assert next(answer.chunks).startswith(b"x")
        assert time.monotonic() - started < 0.9
        answer.close()


def test_a_body_that_stops():
    def stop(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        time.sleep(2)

    with answering(stop) as url:
        answer = HttpFetcher().get(url, seconds=0.3)
        with pytest.raises(Unreachable, match="connection broke"):
            for _ in answer.chunks:
                pass
        answer.close()
