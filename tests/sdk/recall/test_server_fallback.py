"""Asking the server: what is sent, what is taken from the answer, and what happens when there is none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest

from loopback import running
from pocketshelf.errors import ServerError
from pocketshelf.recall import ServerFallback

VECTOR = np.array([0.6, 0.8], dtype=np.float32)
HIT = {"product_id": "7", "score": 0.9, "title": "Milk 1 l", "category": "Milk"}


class Server(ThreadingHTTPServer):
    """Answers every POST with ``status`` and ``body``, and keeps what it was sent."""

    status, body = 200, json.dumps({"hits": [HIT]}).encode()

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.seen.append((self.path, json.loads(self.rfile.read(length))))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as made:
        yield made


def test_the_vector_is_sent_and_nothing_of_the_photo(server):
    (hit,) = ServerFallback(server.url + "/").search(VECTOR, "space", ("Milk",), 5)
    assert (hit.product_id, hit.score, hit.title, hit.category, hit.source) == (
        "7",
        0.9,
        "Milk 1 l",
        "Milk",
        "server",
    )
    assert server.seen == [
        (
            "/v1/search",
            {"vector": [0.6, 0.8], "space": "space", "k": 5, "categories": ["Milk"], "full": True},
        )
    ]


def test_all_categories_are_asked_for_by_naming_none(server):
    ServerFallback(server.url).search(VECTOR, "space", (), 5)
    assert "categories" not in server.seen[0][1]


def test_no_more_hits_than_asked_for(server):
    server.body = json.dumps({"hits": [HIT] * 9}).encode()
    assert len(ServerFallback(server.url).search(VECTOR, "space", (), 3)) == 3


def test_a_hit_without_a_title(server):
    server.body = json.dumps({"hits": [{**HIT, "title": ""}]}).encode()
    assert ServerFallback(server.url).search(VECTOR, "space", (), 3)[0].title == ""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"hits": {}}',
        b'{"hits": [1]}',
        b'{"hits": [{"product_id": 7}]}',
        b'{"hits": [{"product_id": "7", "score": 1e9, "title": "x", "category": "y"}]}',
        b'{"hits": [{"product_id": "7", "score": NaN, "title": "x", "category": "y"}]}',
        b'{"hits": [{"product_id": "7", "score": 0.5, "title": 5, "category": "y"}]}',
    ],
)
def test_an_answer_that_is_none(server, body):
    server.body = body
    with pytest.raises(ServerError):
        ServerFallback(server.url).search(VECTOR, "space", (), 3)


def test_a_refusal_is_quoted_and_the_server_asked_again(server):
    server.status, server.body = 409, json.dumps({"detail": "the vector is of another space"}).encode()
    fallback = ServerFallback(server.url)
    for _ in range(2):
        with pytest.raises(ServerError, match=r"409 \(the vector is of another space\)"):
            fallback.search(VECTOR, "space", (), 3)
    assert len(server.seen) == 2


def test_a_server_that_is_away_is_left_alone_for_a_while(server):
    now = [0.0]
    fallback = ServerFallback(server.url, rest=30, clock=lambda: now[0])
    server.status = 503
    for _ in range(3):
        with pytest.raises(ServerError):
            fallback.search(VECTOR, "space", (), 3)
    assert len(server.seen) == 1
    server.status, now[0] = 200, 31.0
    assert len(fallback.search(VECTOR, "space", (), 3)) == 1


def test_nobody_there():
    with pytest.raises(ServerError, match="cannot be reached"):
        ServerFallback("http://127.0.0.1:9").search(VECTOR, "space", (), 3)
