"""What a client sees of the queue, and of photos that end their worker: one clear problem each."""

from __future__ import annotations

import io
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import photo_faults
import pytest
from flask.testing import FlaskClient
from server_products import DIMENSION, SPACE

from pocketshelf.wsgi import WebServer
from pocketshelf_server.catalogue import open_catalogue
from pocketshelf_server.http import create_app
from pocketshelf_server.http.lengths import Lengths
from pocketshelf_server.photos import Limits, PhotoPool
from pocketshelf_server.site import Site


@pytest.fixture
def pool() -> Iterator[PhotoPool]:
    limits = Limits(cpu_seconds=1, wall_seconds=20)
    with closing(PhotoPool("", waiting=0, limits=limits, opener=photo_faults.OPENER)) as pool:
        yield pool


@pytest.fixture
def shop(filled_site: Site, pool: PhotoPool) -> Iterator[FlaskClient]:
    with closing(open_catalogue(filled_site)) as catalogue:
        yield create_app(filled_site, catalogue, pool).test_client()


@pytest.mark.parametrize(
    ("photo", "status", "says"),
    [
        (b"crash", 500, "another"),
        (b"spin", 422, "too long"),
        (b"bad", 422, "not an image"),
        (b"bug", 500, "log"),
    ],
)
def test_a_hostile_photo_gets_one_clear_answer(
    shop: FlaskClient, photo: bytes, status: int, says: str
) -> None:
    answer = shop.post("/v1/search/photo", data={"photo": (io.BytesIO(photo), "p")})
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert says in answer.get_json()["detail"]
    search = shop.post("/v1/search", json={"vector": [1.0] * DIMENSION, "space": SPACE.name})
    assert search.status_code == 200


def test_a_full_queue_is_503_with_the_time_to_come_again(shop: FlaskClient, pool: PhotoPool) -> None:
    with pool.place():
        answer = shop.post("/v1/search/photo", data={"photo": (io.BytesIO(b"x"), "p")})
    assert answer.status_code == 503 and int(answer.headers["Retry-After"]) >= 1
    assert "by vector" in answer.get_json()["detail"]


def test_at_a_full_queue_a_long_photo_is_not_even_received(filled_site: Site, pool: PhotoPool) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = WebServer(lambda *_: [], listener, Lengths(filled_site.config(), pool), threads=1, connections=9)
    threading.Thread(target=server.run, daemon=True).start()
    head = b"POST /v1/search/photo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n"
    with pool.place(), socket.create_connection(listener.getsockname(), timeout=20) as client:
        client.sendall(head)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
    lines, _, body = received.partition(b"\r\n\r\n")
    assert lines.startswith(b"HTTP/1.1 503") and b"\r\nRetry-After: " in lines
    assert json.loads(body)["status"] == 503
    server.task_dispatcher.shutdown()
    server.asyncore.close_all(server._map)
