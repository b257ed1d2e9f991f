"""A hostile or broken server behind the fallback costs at most its deadline, and never the local hits."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_things import COLOURS, draw_thing
from loopback import Behaviour, answering, dripping, plain, silent, whole
from pocketshelf.catalogue import build_store
from pocketshelf.errors import ServerError, UsageError
from pocketshelf.formats import Bundle
from pocketshelf.recall import ServerFallback
from pocketshelf.retriever import Retriever

VECTOR = np.array([0.6, 0.8], dtype=np.float32)
HIT = {"product_id": "far", "score": 0.5, "title": "Far", "category": "Red things"}
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
DEADLINE = 0.4
# A busy machine may be slow to wake us; a deadline that is not kept costs 20 seconds here.
GRACE = 10.0


def hits(**changed: Any) -> bytes:
    return json.dumps({"hits": [{**HIT, **changed}]}).encode()


SLOW: dict[str, Behaviour] = {
    "never answers": silent,
    "a status line that drips": dripping(b"HTTP/1.1 2"),
    "a header that drips": dripping(b"HTTP/1.1 200 OK\r\nX: "),
    "endless 100 Continue": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body that drips": dripping(OK + b"Content-Length: 1000000\r\n\r\n", b" "),
    "an endless body that drips": dripping(OK + b"\r\n", b" "),
    "chunks that drip": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    "a chunk's length that drips": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "endless trailers": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    "an error's body that drips": dripping(b"HTTP/1.1 500 No\r\nContent-Length: 9000\r\n\r\n", b"{"),
    "a refusal's body that drips": dripping(b"HTTP/1.1 422 No\r\nContent-Length: 9000\r\n\r\n", b"{"),
    "a redirect's body that drips": dripping(
        b"HTTP/1.1 307 To\r\nLocation: /x\r\nContent-Length: 9000\r\n\r\n", b" "
    ),
}
BROKEN: dict[str, Behaviour] = {
    "no HTTP": plain(b"SSH-2.0-OpenSSH\r\n\r\n"),
    "nothing at all": plain(b""),
    "a chunk's length that is none": plain(OK + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk": plain(OK + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n{}\r\n0\r\n\r\n"),
    "an absurd chunk": plain(OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 60_000 + b"\r\n{}"),
    "a body that is cut off": plain(OK + b"Content-Length: 100\r\n\r\n{"),
    "an absurd length": plain(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"),
    "a status of 10**30": plain(b"HTTP/1.1 1" + b"0" * 30 + b" OK\r\n\r\n"),
    "a thousand headers": plain(OK + b"A: b\r\n" * 1000 + b"\r\n"),
    "an endless answer": dripping(OK + b"\r\n", b" " * 1_000_000, 0, 50),
    "nested 100,000 deep": whole(b'{"hits": ' + b"[" * 100_000),
    "nested 100,000 deep in an error": whole(b'{"detail": ' + b"[" * 9000, "500 No"),
    "no UTF-8": whole(b'{"hits": "\xff\xfe"}'),
    "another encoding": whole(json.dumps({"hits": [HIT]}).encode("utf-16")[:-3]),
    "a score of 1e999": whole(b'{"hits": [{"product_id": "7", "score": 1e999, "category": "y"}]}'),
    "a score of 10**400": whole(
        b'{"hits": [{"product_id": "7", "score": 1%s, "category": "y"}]}' % (b"0" * 400)
    ),
    "a score of 5,000 digits": whole(b'{"hits": [{"product_id": "7", "score": %s}]}' % (b"9" * 5000)),
    "a score that is no number": whole(b'{"hits": [{"product_id": "7", "score": NaN, "category": "y"}]}'),
    "a score above 1": whole(hits(score=7)),
    "a score as text": whole(hits(score="0.9")),
    "a score that is true": whole(hits(score=True)),
    "an id that is a number": whole(hits(product_id=7)),
    "an id that is empty": whole(hits(product_id="")),
    "an id of a megabyte": whole(hits(product_id="x" * 1_000_000)),
    "a title that is a list": whole(hits(title=["x"])),
    "a title of a megabyte": whole(hits(title="x" * 1_000_000)),
    "a category that is an object": whole(hits(category={})),
    "a lone surrogate": whole(hits(title="\ud800")),
    "hits that are an object": whole(b'{"hits": {}}'),
    "no hits": whole(b"{}"),
    "a list": whole(b"[]"),
    "null": whole(b"null"),
    "a redirect elsewhere": whole(b"", "302 Found", more="Location: http://127.0.0.1:9/\r\n"),
    "a redirect to itself": whole(b"", "307 Again", more="Location: /v1/search\r\n"),
    "a redirect to a file": whole(b"", "302 Found", more="Location: file:///etc/passwd\r\n"),
    "a redirect to nowhere": whole(b"", "302 Found"),
    "an error whose detail is a list": whole(b'{"detail": [1, 2]}', "500 No"),
    "an error that is a list": whole(b"[]", "500 No"),
}


@pytest.mark.parametrize("behaviour", SLOW.values(), ids=SLOW)
def test_a_slow_server_costs_its_deadline(behaviour: Behaviour) -> None:
    with answering(behaviour) as url:
        fallback = ServerFallback(url, timeout=DEADLINE)
        started = time.monotonic()
        with pytest.raises(ServerError):
            fallback.search(VECTOR, "space", (), 3)
        assert time.monotonic() - started < DEADLINE + GRACE


@pytest.mark.parametrize("behaviour", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_one_clear_line(behaviour: Behaviour) -> None:
    with answering(behaviour) as url:
        fallback = ServerFallback(url, timeout=5)
        with pytest.raises(ServerError) as caught:
            fallback.search(VECTOR, "space", (), 3)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500


def test_a_server_that_does_not_take_the_connection_costs_its_deadline() -> None:
    """Its queue is full: the connection neither fails nor is made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        started = time.monotonic()
        with pytest.raises(ServerError):
            ServerFallback(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=DEADLINE).search(
                VECTOR, "space", (), 3
            )
        assert time.monotonic() - started < DEADLINE + GRACE
        for filler in fillers:
            filler.close()


def test_a_name_that_is_looked_up_for_ever_costs_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(30))
    started = time.monotonic()
    with pytest.raises(ServerError, match="did not answer within"):
        ServerFallback("http://shop.example", timeout=DEADLINE).search(VECTOR, "space", (), 3)
    assert time.monotonic() - started < DEADLINE + GRACE


@pytest.mark.parametrize(
    "behaviour",
    [
        whole(b"<html><title>Welcome to our hotel</title>", kind="text/html; charset=utf-8"),
        whole(b"\r\n<!DOCTYPE html>", kind="application/json"),
        whole(b"", "302 Found", "text/html", "Location: http://login.hotel.example/\r\n"),
        whole(b"", "511 Network Authentication Required", "text/html"),
    ],
    ids=["a page", "a page that says JSON", "a redirect to a page", "status 511"],
)
def test_a_captive_portal_is_called_one(behaviour: Behaviour) -> None:
    with answering(behaviour) as url, pytest.raises(ServerError, match="captive portal"):
        ServerFallback(url).search(VECTOR, "space", (), 3)


def test_an_answer_that_is_none_is_not_waited_for_again() -> None:
    with answering(whole(b"[]")) as url:  # Another request would find nobody.
        fallback = ServerFallback(url)
        with pytest.raises(ServerError, match="JSON object"):
            fallback.search(VECTOR, "space", (), 3)
        with pytest.raises(ServerError, match="a moment ago"):
            fallback.search(VECTOR, "space", (), 3)


def test_credentials_are_sent_and_never_told() -> None:
    seen: list[bytes] = []

    def answer(connection: socket.socket, request: bytes) -> None:
        seen.append(request)
        plain(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")(connection, request)

    with answering(answer) as url:
        address = url.replace("http://", "http://user:hunter2@")
        with pytest.raises(ServerError) as caught:
            ServerFallback(address).search(VECTOR, "space", (), 3)
    assert b"Authorization: Basic dXNlcjpodW50ZXIy\r\n" in seen[0]
    assert b"hunter2" not in seen[0] and "hunter2" not in str(caught.value)


@pytest.mark.parametrize("address", ["nonsense", "shop.example", "http://shop.example:port"])
def test_a_malformed_address_is_wrong_usage(address: str) -> None:
    with pytest.raises(UsageError):
        ServerFallback(address)


@pytest.fixture
def shelf(shop: Path, fake_bundle: Bundle) -> Iterator[Path]:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    draw_thing(COLOURS["red"][0]).save(shop / "photo.png")
    yield shop


@pytest.mark.parametrize("behaviour", [*SLOW.values(), *BROKEN.values()], ids=[*SLOW, *BROKEN])
def test_the_local_hits_are_the_answer_within_the_searchs_time(
    behaviour: Behaviour, shelf: Path, fake_bundle: Bundle
) -> None:
    with (
        answering(behaviour) as url,
        Retriever.open(shelf / "store", fake_bundle, server=url, timeout_s=DEADLINE) as retriever,
    ):
        started = time.monotonic()
        result = retriever.search(shelf / "photo.png", fallback=True)
        assert time.monotonic() - started < DEADLINE + GRACE
    assert result.fallback == "unavailable" and result.regions[0].hits
    assert result.regions[0].hits[0].product_id == "red"


class Stuck:
    """Stands in for a server, and hangs in code that knows of no deadline."""

    def search(self, *_: Any) -> list[Any]:
        time.sleep(30)
        return []


class Faulty:
    def search(self, *_: Any) -> list[Any]:
        raise ZeroDivisionError


@pytest.mark.parametrize("fallback", [Stuck(), Faulty()])
def test_whatever_stands_in_for_the_server_costs_no_local_hit(
    fallback: Any, shelf: Path, fake_bundle: Bundle
) -> None:
    with Retriever.open(shelf / "store", fake_bundle, fallback=fallback, timeout_s=DEADLINE) as retriever:
        started = time.monotonic()
        result = retriever.search(shelf / "photo.png", fallback=True)
    assert time.monotonic() - started < DEADLINE + GRACE
    assert result.fallback == "unavailable" and result.regions[0].hits


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), True])
def test_the_searchs_time_is_a_number_of_seconds(seconds: float, shelf: Path, fake_bundle: Bundle) -> None:
    with pytest.raises(ValueError, match="timeout_s"):
        Retriever.open(shelf / "store", fake_bundle, timeout_s=seconds)
