"""Where a server may send whoever asks it: not from the internet into a private network."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from loopback import Behaviour, answering, whole
from pocketshelf.errors import Unreachable
from pocketshelf.network import http
from pocketshelf.network.polite import Polite
from pocketshelf.recall import ServerPictures
from pocketshelf.sync.http import HttpFetcher

ASKED: dict[str, Callable[[str], object]] = {
    "a sync": lambda url: b"".join(HttpFetcher().get(url, seconds=5).chunks),
    "a server's picture": lambda url: ServerPictures(url, timeout=5).get("a", 480),
    "a catalogue's picture": lambda url: Polite(sleep=lambda seconds: None).get(url, 1000),
}


@pytest.fixture
def inside() -> Iterator[tuple[str, list[bytes]]]:
    """What only this machine can reach, and what it was asked."""
    asked: list[bytes] = []

    def keep(connection: socket.socket, request: bytes) -> None:
        asked.append(request)
        whole(b"\xff\xd8\xff", kind="image/jpeg")(connection, request)

    with answering(*[keep] * 3) as url:
        yield url, asked


def sending_on(to: str) -> Behaviour:
    return whole(b"", "302 Found", more=f"Location: {to}\r\n")


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
def test_a_server_of_the_internet_sends_nobody_into_a_private_network(
    ask: Callable[[str], object], inside: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name may look public: who is reached at last counts, and is told nothing."""
    reached = iter([True, False] * 3)
    monkeypatch.setattr(http, "is_public", lambda address: next(reached))
    url, asked = inside
    with answering(*[sending_on(url)] * 3) as server, pytest.raises(Unreachable, match="private network"):
        ask(server)
    assert asked == []


@pytest.mark.parametrize("public", [(False, False), (True, True), (False, True)])
def test_other_redirects_are_followed(
    public: tuple[bool, bool], inside: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shop whose server is in its own network may have its files there, too."""
    reached = iter(public)
    monkeypatch.setattr(http, "is_public", lambda address: next(reached))
    url, asked = inside
    with answering(sending_on(url)) as server:
        assert Polite().get(server, 1000) == b"\xff\xd8\xff"
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("address", "is_public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("fe80::1%lo", False),
        ("fd00::1", False),
    ],
)
def test_which_addresses_are_the_internets(address: str, is_public: bool) -> None:
    assert http.is_public(address) is is_public
