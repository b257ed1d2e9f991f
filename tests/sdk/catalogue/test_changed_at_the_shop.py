"""A shop that puts another picture in the place of one: asked by its tags, once a day, never at a loss."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pocketshelf.catalogue.download import PictureCache

OLD = (Path(__file__).parent / "cases" / "pics" / "a.jpg").read_bytes()
NEW = OLD[:-2] + b"\xff\xfe\x00\x04no" + OLD[-2:]
HOUR = 3600.0


class Shop:
    """One picture, with a tag if ``tells``; what was asked for by which tag, and how it was answered."""

    def __init__(self) -> None:
        self.picture, self.status, self.tells = OLD, 200, True
        self.asked: list[tuple[str | None, str | None, int]] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tag, known = f'"{hash(shop.picture)}"', self.headers["If-None-Match"]
                status = 304 if shop.status == 200 and known == tag else shop.status
                shop.asked.append((known, self.headers["If-Modified-Since"], status))
                body = shop.picture if status == 200 else b""
                self.send_response(status)
                if status != 304:
                    self.send_header("Content-Length", str(len(body)))
                if shop.tells:
                    self.send_header("ETag", tag)
                    self.send_header("Last-Modified", "Mon, 01 Jun 2026 10:00:00 GMT")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/a.jpg"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def statuses(self) -> list[int]:
        return [status for *_, status in self.asked]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def run(shop: Shop, tmp_path: Path) -> Callable[[float], bytes]:
    """A run so many hours after the first one: what it takes for the picture."""
    import time

    began = time.time()

    def get(hours: float) -> bytes:
        cache = PictureCache(tmp_path / "cache", sleep=lambda s: None, now=lambda: began + hours * HOUR)
        return cache(shop.url)

    return get


def test_another_picture_at_the_same_address_is_noticed_the_day_after(
    shop: Shop, run: Callable[[float], bytes]
) -> None:
    assert run(0) == OLD and run(1) == OLD and shop.statuses == [200]
    assert run(24) == OLD and shop.statuses == [200, 304]
    shop.picture = NEW
    assert run(30) == OLD and run(48) == NEW and run(49) == NEW and shop.statuses == [200, 304, 200]
    assert run(72) == NEW and shop.statuses[3:] == [304]
    assert shop.asked[1][:2] == (f'"{hash(OLD)}"', "Mon, 01 Jun 2026 10:00:00 GMT")


@pytest.mark.parametrize("status", [404, 410, 500, 503])
def test_a_server_that_errs_keeps_the_picture(status: int, shop: Shop, run: Callable[[float], bytes]) -> None:
    run(0)
    shop.status, shop.picture = status, NEW
    assert run(24) == OLD and shop.statuses == [200, status]
    shop.status = 200
    assert run(48) == NEW


def test_a_server_that_is_away_keeps_all_pictures_and_is_asked_once(shop: Shop, tmp_path: Path) -> None:
    PictureCache(tmp_path)(shop.url)
    PictureCache(tmp_path)(f"{shop.url}?2")
    shop.status = 503
    late = PictureCache(tmp_path, now=lambda: 1e12)
    assert late(shop.url) == OLD == late(f"{shop.url}?2") and shop.statuses == [200, 200, 503]


def test_a_page_in_its_place_keeps_the_picture(shop: Shop, run: Callable[[float], bytes]) -> None:
    run(0)
    shop.picture = b"<!doctype html><title>Back in an hour</title>"
    assert run(24) == OLD
    shop.picture = NEW
    assert run(48) == NEW


def test_a_server_without_tags_is_asked_once_a_week(shop: Shop, run: Callable[[float], bytes]) -> None:
    shop.tells = False
    run(0)
    shop.picture = NEW
    assert run(24) == OLD and run(8 * 24) == NEW and shop.statuses == [200, 200]


def test_what_was_kept_before_there_were_tags_is_asked_for_whole(shop: Shop, tmp_path: Path) -> None:
    """Nor are tags believed that are another picture's, as after two runs at once."""
    cache = PictureCache(tmp_path, now=lambda: 1e12)
    cache.path(shop.url).write_bytes(NEW)
    assert cache(shop.url) == OLD and shop.asked == [(None, None, 200)]
    cache.path(shop.url).write_bytes(NEW)
    assert PictureCache(tmp_path, now=lambda: 2e12)(shop.url) == OLD and shop.asked[1:] == [(None, None, 200)]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"sha256": 5, "etag": "", "modified": "", "asked": 0}', "\xff"]
)
def test_damaged_tags_are_none(text: str, shop: Shop, run: Callable[[float], bytes], tmp_path: Path) -> None:
    run(0)
    (tags,) = (tmp_path / "cache" / "tags").iterdir()
    tags.write_bytes(text.encode("latin-1"))
    shop.picture = NEW
    assert run(24) == NEW and shop.asked[1] == (None, None, 200)
