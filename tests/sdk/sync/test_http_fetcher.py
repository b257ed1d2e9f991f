"""The real network side of the sync, against real sockets that answer well, badly, late or never."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from pocketshelf.sync import Unreachable
from pocketshelf.sync.http import HttpFetcher


@contextmanager
def answering(
    *answers: Callable[[socket.socket, bytes], None], tls: ssl.SSLContext | None = None
) -> Iterator[str]:
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
                while b"\r\n\r\n" not in request:
                    request += connection.recv(4096)
                with contextlib.suppress(OSError):  # The client may hang up, as some tests want.
                    answer(connection, request)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}/file"
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


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1, signed by itself, with its key."""
    key, name = ed25519.Ed25519PrivateKey.generate(), x509.Name([])
    moment, address = datetime.now(UTC), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=True)
        .sign(key, None)
    )
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    path = tmp_path / "certificate.pem"
    secret = key.private_bytes(encoding, form, serialization.NoEncryption())
    path.write_bytes(secret + signed.public_bytes(encoding))
    return path


def test_tls_is_verified_and_watched(certificate, monkeypatch):
    def drip(connection, request):
        for _ in range(200):
            connection.sendall(b"X")
            time.sleep(0.05)

    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    good = plain(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    with answering(good, good, tls=tls) as url:  # The first is for who hangs up, not trusting us.
        with pytest.raises(Unreachable, match="certificate verify failed"):
            HttpFetcher().get(url, seconds=5)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        answer = HttpFetcher().get(url, seconds=5)
        assert b"".join(answer.chunks) == b"hello"
        answer.close()
    started = time.monotonic()
    with answering(drip, tls=tls) as url, pytest.raises(Unreachable):
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
