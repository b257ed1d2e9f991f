"""Servers on loopback: asked evenly, bounded, again where it helps, and a key that stays where it belongs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from loopback import answering, dripping, plain, whole
from pocketshelf.errors import ServerError, Unreachable
from pocketshelf.network import polite
from pocketshelf.network.pace import TokenBucket
from pocketshelf.network.polite import Polite


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, []

    def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.now += seconds

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def asker(clock: Clock) -> Polite:
    return Polite(sleep=clock.sleep, clock=clock)


def test_a_bucket_gives_its_burst_and_then_evenly(clock: Clock) -> None:
    bucket = TokenBucket(2.0, 3, clock.sleep, clock)
    for _ in range(5):
        bucket.take()
    assert clock.waits == [0.5, 0.5]
    clock.now += 100
    for _ in range(4):
        bucket.take()
    assert clock.waits == [0.5, 0.5, 0.5], "no more than the burst was saved up"


def test_a_busy_server_is_asked_again_when_it_says(clock: Clock, asker: Polite) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    answers = (
        whole(b"", "429 Too Many Requests", more="Retry-After: 7\r\n"),
        whole(b"", "503 Service Unavailable", more=f"Retry-After: {later}\r\n"),
        whole(b"there"),
    )
    with answering(*answers) as url:
        assert asker.get(url, 100) == b"there"
    seven, date = (wait for wait in clock.waits if wait > 1)
    assert seven == 7 and 25 < date <= 30


@pytest.mark.parametrize("said", ["soon", "-5", "Thu, 99 Foo 2099 00:00:00 GMT", ""])
def test_a_time_that_is_none_is_a_growing_wait(clock: Clock, asker: Polite, said: str) -> None:
    busy = whole(b"", "500 Internal Server Error", more=f"Retry-After: {said}\r\n")
    with answering(busy, busy, busy) as url, pytest.raises(Unreachable, match="answers 500"):
        asker.get(url, 100)
    assert [wait for wait in clock.waits if wait > 1] == [2, 4]


def test_what_is_not_there_is_asked_once(asker: Polite) -> None:
    with answering(whole(b"", "404 Not Found")) as url, pytest.raises(ServerError, match="answers 404"):
        asker.get(url, 100)


def test_a_body_without_end_is_not_read_to_it(asker: Polite) -> None:
    endless = dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 4096, 0.0)
    with answering(endless) as url, pytest.raises(ServerError, match="larger than 10000 bytes"):
        asker.get(url, 10_000)


def test_half_an_answer_is_asked_for_again(asker: Polite) -> None:
    half = plain(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf")
    with answering(half, whole(b"all of it")) as url:
        assert asker.get(url, 100) == b"all of it"


def test_a_silent_server_costs_its_time(asker: Polite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polite, "SECONDS", 0.1)
    slow = dripping(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.02, 60)
    with answering(slow, slow, slow) as url, pytest.raises(Unreachable, match="did not answer within"):
        asker.get(url, 100)


def test_a_key_is_not_sent_to_where_it_redirects(asker: Polite) -> None:
    heard: list[bytes] = []

    def listening(connection, request: bytes) -> None:
        heard.append(request)
        whole(b"moved")(connection, request)

    with answering(listening) as other:
        moved = whole(b"", "302 Found", more=f"Location: {other}\r\n")

        def first(connection, request: bytes) -> None:
            heard.append(request)
            moved(connection, request)

        with answering(first) as url:
            assert asker.get(url, 100, private={"X-Key": "geheim"}) == b"moved"
    assert b"geheim" in heard[0] and b"geheim" not in heard[1] and b"pocketshelf/" in heard[1]
