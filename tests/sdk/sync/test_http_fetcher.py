"""The real network side of the sync, against real sockets that answer well, badly, late or never."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from loopback import answering, plain, whole
from pocketshelf.sync import Unreachable
from pocketshelf.sync.http import HttpFetcher


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


@pytest.mark.parametrize(
    ("said", "seconds"), [("Retry-After: 120\r\n", 120.0), ("Retry-After: soon\r\n", None), ("", None)]
)
def test_what_an_overloaded_server_asks_for_comes_with_the_error(said, seconds):
    answer = f"HTTP/1.1 503 No\r\n{said}Content-Length: 0\r\n\r\n".encode()
    with answering(plain(answer)) as url, pytest.raises(Unreachable) as found:
        HttpFetcher().get(url, seconds=5)
    assert found.value.retry_after == seconds


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
    with answering(lambda connection, request: time.sleep(30)) as url, pytest.raises(Unreachable):
        HttpFetcher().get(url, seconds=0.3)
    assert time.monotonic() - started < 15


def test_a_header_that_drips_is_cut_off():
    """Each byte comes before the socket's time-out, and the header never ends."""

    def drip(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(600):
            connection.sendall(b"X")
            time.sleep(0.05)

    started = time.monotonic()
    with answering(drip) as url, pytest.raises(Unreachable):
        HttpFetcher().get(url, seconds=0.5)
    assert time.monotonic() - started < 15


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
        for _ in range(600):
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
    assert time.monotonic() - started < 15


def test_a_server_without_tls_is_told_from_one_that_is_away():
    with (
        answering(plain(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as url,
        pytest.raises(Unreachable, match=r"does not seem to speak TLS there; .* write http:// only"),
    ):
        HttpFetcher().get(url.replace("http:", "https:"), seconds=5)


@pytest.mark.parametrize("answer", [b"", b"\x15\x03\x01\x00\x02\x02\x46"])
def test_who_speaks_no_tls_to_one_that_does_is_told(answer):
    """Closed without a word, or with an alert (RFC 8446, 6)."""
    with (
        answering(plain(answer)) as url,
        pytest.raises(Unreachable, match="where it speaks TLS, the address begins with https://"),
    ):
        HttpFetcher().get(url, seconds=5)


def test_a_body_that_drips_comes_byte_by_byte():
    """So that the pace is checked while it drips, instead of after a whole buffer."""

    def drip(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        for _ in range(600):
            connection.sendall(b"x")
            time.sleep(0.05)

    with answering(drip) as url:
        answer = HttpFetcher().get(url, seconds=30)
        started = time.monotonic()
        assert next(answer.chunks).startswith(b"x")
        assert time.monotonic() - started < 15
        answer.close()


def test_a_body_that_stops():
    def stop(connection, request):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        time.sleep(30)

    with answering(stop) as url:
        answer = HttpFetcher().get(url, seconds=2)  # Within which the header is to come.
        with pytest.raises(Unreachable, match="connection broke"):
            for _ in answer.chunks:
                pass
        answer.close()


@pytest.mark.parametrize(
    "page",
    [
        whole(b"<html>Welcome to our hotel", kind="text/html"),
        whole(b"\xef\xbb\xbf <!DOCTYPE html>", kind="application/octet-stream"),
        whole(b"", "511 Network Authentication Required", "text/html"),
    ],
    ids=["a page", "a page that says it is a file", "status 511"],
)
def test_a_captive_portal_is_called_one(page):
    with answering(page) as url, pytest.raises(Unreachable, match="captive portal"):
        answer = HttpFetcher().get(url, seconds=5)
        b"".join(answer.chunks)


def test_a_redirect_to_a_sign_in_page_is_a_captive_portal():
    with answering(whole(b"<html>", kind="text/html")) as login:
        there = whole(b"", "302 Found", more=f"Location: {login}\r\n")
        with answering(there) as url, pytest.raises(Unreachable, match=f"at {login} .*captive portal"):
            b"".join(HttpFetcher().get(url, seconds=5).chunks)


def test_a_servers_own_error_page_is_no_captive_portal():
    with answering(whole(b"<html>", "404 Not Found", "text/html")) as url:
        assert HttpFetcher().get(url, seconds=5).status == 404


def test_credentials_do_not_follow_a_redirect():
    seen = []

    def keep(connection, request):
        seen.append(request)
        whole(b"{}")(connection, request)

    with answering(keep) as elsewhere:

        def there(connection, request):
            seen.append(request)
            whole(b"", "302 Found", more=f"Location: {elsewhere}\r\n")(connection, request)

        with answering(there) as url:
            answer = HttpFetcher().get(url.replace("://", "://user:hunter2@"), seconds=5)
            assert b"".join(answer.chunks) == b"{}"
    assert b"Authorization: Basic" in seen[0] and b"Authorization" not in seen[1]


def test_nobody_is_sent_from_tls_to_none(certificate, monkeypatch):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    there = whole(b"", "302 Found", more="Location: http://127.0.0.1:9/\r\n")
    with answering(there, tls=tls) as url, pytest.raises(Unreachable, match="from https to what is none"):
        HttpFetcher().get(url, seconds=5)


def test_a_tls_handshake_that_drips_is_cut_off():
    """Before the handshake is done there is no connection that TLS would show us."""

    def drip(connection, request):
        for _ in range(600):
            connection.sendall(b"\x16")
            time.sleep(0.05)

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def serve():
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError):
            drip(connection, b"")

    threading.Thread(target=serve, daemon=True).start()
    started = time.monotonic()
    with listener, pytest.raises(Unreachable):
        HttpFetcher().get(f"https://127.0.0.1:{port}/", seconds=0.5)
    assert time.monotonic() - started < 15


def test_a_name_that_is_looked_up_for_ever_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(30))
    started = time.monotonic()
    with pytest.raises(Unreachable, match="did not answer within"):
        HttpFetcher().get("http://shop.example/", seconds=0.3)
    assert time.monotonic() - started < 15
