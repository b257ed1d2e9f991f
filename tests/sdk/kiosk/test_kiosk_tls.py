"""TLS for phones: a certificate of the kiosk's own, a front before the plain port, an invitation."""

from __future__ import annotations

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kiosk_things import eventually

from pocketshelf.kiosk.kiosk import Kiosk
from pocketshelf.kiosk.serving import Address, KioskServer, Phones
from pocketshelf.kiosk.tls.certificate import certificate_for
from pocketshelf.kiosk.tls.front import TlsFront

NAMES = ["localhost", "127.0.0.1"]


@pytest.fixture
def server(kiosk: Kiosk, tmp_path: Path) -> Iterator[KioskServer]:
    phones = Phones(Address("127.0.0.1", 0), tmp_path / "tls")
    made = KioskServer(kiosk, Address("127.0.0.1", 0), phones=phones)
    made.start()
    yield made
    made.close()


def pinned(folder: Path) -> ssl.SSLContext:
    """Trusts the kiosk's certificate, and no other."""
    return ssl.create_default_context(cafile=str(folder / "certificate.pem"))


def test_a_phone_that_trusts_the_certificate_searches(
    server: KioskServer, tmp_path: Path, street_photo: bytes
) -> None:
    assert server.invitation is not None
    trusting = pinned(tmp_path / "tls")
    address = server.invitation.address
    assert address.startswith("https://127.0.0.1:")
    with urllib.request.urlopen(f"{address}api/connect", context=trusting) as answer:
        assert json.load(answer) == server.invitation.to_json()
    request = urllib.request.Request(f"{address}api/search", street_photo, {"Origin": address.rstrip("/")})
    with urllib.request.urlopen(request, context=trusting) as answer:
        assert json.load(answer)["regions"][0]["hits"]
    with urllib.request.urlopen(f"{address}connect.svg", context=trusting) as answer:
        assert answer.headers["Content-Type"].startswith("image/svg+xml") and b"<svg" in answer.read()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/api/state") as answer:
        assert json.load(answer)["features"]["phones"] is True


def test_who_does_not_trust_it_is_not_connected(server: KioskServer) -> None:
    assert server.invitation is not None
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(server.invitation.address)


def test_many_requests_go_through_one_connection_and_large_bodies_too(
    server: KioskServer, tmp_path: Path
) -> None:
    import http.client

    assert server.invitation is not None
    connection = http.client.HTTPSConnection(
        "127.0.0.1", server.invitation.port, context=pinned(tmp_path / "tls"), timeout=60
    )
    for _ in range(3):
        connection.request("POST", "/api/search", b"x" * 3_000_000)
        answer = connection.getresponse()
        assert answer.status == 400 and json.load(answer)["error"]["code"] == "photo_unreadable"


def test_connections_that_say_nothing_keep_nobody_out(server: KioskServer, tmp_path: Path) -> None:
    front = server._front
    assert front is not None and server.invitation is not None
    front._most = 4
    silent = [socket.create_connection(("127.0.0.1", server.invitation.port)) for _ in range(12)]
    with urllib.request.urlopen(
        f"{server.invitation.address}api/state", context=pinned(tmp_path / "tls")
    ) as answer:
        assert answer.status == 200
    assert front.connections <= 4
    for each in silent:
        each.close()


def test_a_front_ends_with_its_connections(tmp_path: Path) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    front = TlsFront(listener, certificate_for(tmp_path, NAMES).context(), 9)
    front.start()
    client = socket.create_connection(listener.getsockname())
    eventually(lambda: front.connections == 1)
    began = time.monotonic()
    front.close()
    assert time.monotonic() - began < 5 and client.recv(1) == b""


def test_a_certificate_is_kept_until_it_is_old_or_lacks_a_name(tmp_path: Path) -> None:
    first = certificate_for(tmp_path, NAMES)
    assert certificate_for(tmp_path, NAMES[:1]).fingerprint == first.fingerprint
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0
    assert first.expires - datetime.now(UTC) < timedelta(days=398)
    named = certificate_for(tmp_path, [*NAMES, "kiosk.local", "192.168.1.5"])
    assert named.fingerprint != first.fingerprint and named.names >= {"kiosk.local", "192.168.1.5"}
    later = certificate_for(tmp_path, NAMES, now=named.expires - timedelta(days=10))
    assert later.fingerprint != named.fingerprint


def test_a_certificate_made_while_the_clock_was_ahead_is_made_again(tmp_path: Path) -> None:
    ahead = certificate_for(tmp_path, NAMES, now=datetime.now(UTC) + timedelta(days=90))
    made = certificate_for(tmp_path, NAMES)
    assert made.fingerprint != ahead.fingerprint and made.begins < datetime.now(UTC)


@pytest.mark.parametrize("file", ["certificate.pem", "key.pem"])
def test_a_damaged_certificate_or_key_is_made_again(tmp_path: Path, file: str) -> None:
    first = certificate_for(tmp_path, NAMES)
    (tmp_path / file).write_text("nothing")
    again = certificate_for(tmp_path, NAMES)
    assert again.fingerprint != first.fingerprint
    again.context()
