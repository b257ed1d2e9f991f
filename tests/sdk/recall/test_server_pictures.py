"""Pictures of what the server found: what is asked, what is taken, and what a server that is away costs."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from loopback import running
from pocketshelf.errors import PhotoError, ServerError, UsageError
from pocketshelf.recall import ServerPictures

JPEG = b"\xff\xd8\xff\xe0 a picture"


class Server(ThreadingHTTPServer):
    """Answers every GET with ``status``, ``kind`` and ``body``, and keeps what it was asked."""

    status, kind, body = 200, "image/jpeg", JPEG

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.seen.append(self.path)
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with running(Server()) as made:
        yield made


def test_a_product_is_asked_for_by_its_id_and_at_a_size_that_suffices(server: Server) -> None:
    pictures = ServerPictures(server.url + "/")
    assert pictures.get("a/b &?#%", 160) == JPEG
    assert pictures.get("7", 4000) == JPEG
    assert server.seen == [
        "/v1/pictures?product_id=a%2Fb+%26%3F%23%25&side=320",
        "/v1/pictures?product_id=7&side=1200",
    ]


@pytest.mark.parametrize("user", ["", "user:hunter2@"])
def test_no_error_tells_what_was_looked_for(user: str) -> None:
    """It is logged, and the id is that of what a shopper's photo shows."""
    with pytest.raises(ServerError) as caught:
        ServerPictures(f"http://{user}127.0.0.1:9").get("a shopper's", 480)
    assert "shopper" not in str(caught.value) and "hunter2" not in str(caught.value)
    assert str(caught.value).startswith(f"http://{'user:***@' if user else ''}127.0.0.1:9/v1/pictures: ")


@pytest.mark.parametrize("status", [404, 422])
def test_a_server_that_has_none_is_asked_again_for_the_next(server: Server, status: int) -> None:
    server.status = status
    pictures = ServerPictures(server.url)
    assert pictures.get("7", 480) is None and pictures.get("8", 480) is None
    assert len(server.seen) == 2


@pytest.mark.parametrize(("status", "seconds"), [(500, 30.0), (429, 30.0), (503, 1.0)])
def test_a_server_in_trouble_is_left_alone_for_a_while(server: Server, status: int, seconds: float) -> None:
    now = 100.0
    pictures = ServerPictures(server.url, clock=lambda: now)
    server.status = status
    with pytest.raises(ServerError, match=str(status)):
        pictures.get("7", 480)
    server.status = 200
    now += seconds - 0.5
    with pytest.raises(ServerError, match="a moment ago"):
        pictures.get("7", 480)
    now += 1.0
    assert pictures.get("7", 480) == JPEG
    assert len(server.seen) == 2


def test_what_is_no_picture_is_none(server: Server) -> None:
    server.kind = "application/json"
    with pytest.raises(PhotoError, match="no picture"):
        ServerPictures(server.url).get("7", 480)


@pytest.mark.parametrize(
    ("kind", "body"), [("text/html", b"<html>sign in</html>"), ("image/jpeg", b"<html>")]
)
def test_a_captive_portal_is_no_picture(server: Server, kind: str, body: bytes) -> None:
    server.kind, server.body = kind, body
    with pytest.raises(ServerError, match="captive portal"):
        ServerPictures(server.url).get("7", 480)


def test_a_picture_without_end_is_refused(server: Server) -> None:
    server.body = b"\xff\xd8" + bytes(2_000_001)
    with pytest.raises(ServerError):
        ServerPictures(server.url).get("7", 480)


def test_nobody_listens() -> None:
    with pytest.raises(ServerError):
        ServerPictures("http://127.0.0.1:9", timeout=1.0).get("7", 480)
    with pytest.raises(UsageError):
        ServerPictures("shop")


def test_a_picture_waits_for_its_turn(server: Server) -> None:
    pictures = ServerPictures(server.url, timeout=0.2, at_once=1)
    assert pictures._turns.acquire(timeout=1)
    with pytest.raises(ServerError, match="already"):
        pictures.get("7", 480)
    pictures._turns.release()
    assert pictures.get("7", 480) == JPEG
