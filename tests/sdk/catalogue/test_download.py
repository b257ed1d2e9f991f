"""Pictures by address: fetched once, bounded, politely; over real HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pocketshelf.catalogue import build_store, download
from pocketshelf.catalogue.download import PictureCache
from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError, PhotoError
from pocketshelf.formats import Bundle
from pocketshelf.network import polite

PICTURE = (Path(__file__).parent / "cases" / "pics" / "a.jpg").read_bytes()


class Shop:
    """A server that answers each path by ``answers``: (status, headers, body), the last one always."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, dict[str, str], bytes]]] = {}
        self.asked: list[str] = []
        self.agents: set[str] = set()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append(self.path)
                shop.agents.add(self.headers["User-Agent"])
                answers = shop.answers.get(self.path, [(404, {}, b"")])
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


@pytest.fixture
def web() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.server.shutdown()
    shop.server.server_close()


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def cache(tmp_path: Path, waits: list[float]) -> PictureCache:
    return PictureCache(tmp_path / "cache", sleep=waits.append)


def test_a_picture_is_fetched_once(web: Shop, cache: PictureCache, tmp_path: Path) -> None:
    web.answers["/a%20b.jpg?v=1"] = [(200, {}, PICTURE)]
    assert cache(f"{web.url}/a b.jpg?v=1") == PICTURE
    web.server.shutdown()
    assert cache(f"{web.url}/a b.jpg?v=1") == PICTURE
    assert PictureCache(tmp_path / "cache")(f"{web.url}/a b.jpg?v=1") == PICTURE
    assert web.asked == ["/a%20b.jpg?v=1"] and next(iter(web.agents)).startswith("pocketshelf/")


def test_a_page_in_the_place_of_a_picture_is_not_kept(web: Shop, cache: PictureCache) -> None:
    page = b"<!doctype html><title>We are back in an hour</title>"
    web.answers["/a.jpg"] = [(200, {"Content-Type": "image/jpeg"}, page), (200, {}, PICTURE)]
    assert cache(f"{web.url}/a.jpg") == page
    assert cache(f"{web.url}/a.jpg") == PICTURE
    cache.path(f"{web.url}/a.jpg").write_bytes(page)  # As versions before kept it.
    assert cache(f"{web.url}/a.jpg") == PICTURE


def test_what_was_fetched_is_found_in_its_folder_by_its_address(
    web: Shop, cache: PictureCache, tmp_path: Path
) -> None:
    web.answers["/i.php?id=1"] = web.answers["/i.php?id=2"] = [(200, {}, PICTURE)]
    cache(f"{web.url}/i.php?id=1")
    assert PictureFolder(tmp_path / "cache").read(f"{web.url}/i.php?id=1") == PICTURE
    with pytest.raises(PhotoError):
        PictureFolder(tmp_path / "cache").read(f"{web.url}/i.php?id=2")


def test_a_server_that_says_later_is_given_its_time(
    web: Shop, cache: PictureCache, waits: list[float]
) -> None:
    web.answers["/a.jpg"] = [
        (503, {"Retry-After": "7"}, b""),
        (429, {"Retry-After": "86400"}, b""),
        (200, {}, PICTURE),
    ]
    assert cache(f"{web.url}/a.jpg") == PICTURE
    assert [wait for wait in waits if wait > 1] == [7.0, 60.0]


def test_a_picture_that_is_not_there_costs_one_question(web: Shop, cache: PictureCache) -> None:
    with pytest.raises(PhotoError, match="the server answers 404"):
        cache(f"{web.url}/gone.jpg")
    assert web.asked == ["/gone.jpg"]


def test_a_server_that_fails_again_and_again_is_left_alone(web: Shop, cache: PictureCache) -> None:
    for i in range(polite.MOST_FAILURES + 3):
        web.answers[f"/{i}.jpg"] = [(500, {}, b"")]
        with pytest.raises(PhotoError):
            cache(f"{web.url}/{i}.jpg")
    assert len(web.asked) == polite.MOST_FAILURES * polite.TRIES


def test_too_many_bytes_are_not_read(
    web: Shop, cache: PictureCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MAX_PICTURE_BYTES", 1000)
    web.answers["/a.jpg"] = [(200, {}, PICTURE)]
    with pytest.raises(PhotoError, match="larger than"):
        cache(f"{web.url}/a.jpg")
    assert list((tmp_path / "cache").iterdir()) == []


def test_half_a_picture_is_none_and_is_asked_for_again(web: Shop, cache: PictureCache) -> None:
    web.answers["/a.jpg"] = [(200, {"Content-Length": "99999"}, PICTURE[:10]), (200, {}, PICTURE)]
    assert cache(f"{web.url}/a.jpg") == PICTURE


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/a.jpg", "gopher://127.0.0.1/"])
def test_a_redirect_to_another_scheme_is_not_followed(web: Shop, cache: PictureCache, target: str) -> None:
    web.answers["/a.jpg"] = [(302, {"Location": target}, b"")]
    with pytest.raises(PhotoError):
        cache(f"{web.url}/a.jpg")


def test_an_address_that_is_none_is_a_bad_picture(cache: PictureCache) -> None:
    for address in (
        "http://",
        "http://[::1/a.jpg",
        "http://user:geheim@127.0.0.1:1/a.jpg",
        "http://127.0.0.1:x/",
    ):
        with pytest.raises(PhotoError) as caught:
            cache(address)
        assert "geheim" not in str(caught.value)


def test_a_cache_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CatalogueError, match="cannot be kept there"):
        PictureCache(tmp_path / "file" / "cache")


def test_a_build_fetches_only_what_it_is_asked_to(
    web: Shop, cache: PictureCache, tmp_path: Path, fake_bundle: Bundle
) -> None:
    """And only what does not lie in the folder of pictures by its path."""
    web.answers["/x/a.jpg"] = web.answers["/x/other.jpg"] = [(200, {}, PICTURE)]
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "other.jpg").write_bytes(PICTURE)
    (tmp_path / "c.csv").write_text(
        f"product_id,title,category,image\n1,T,C,{web.url}/x/a.jpg?v=2\n2,T,C,{web.url}/x/other.jpg\n"
    )
    encoder = Encoder.open(fake_bundle)
    report = build_store(tmp_path / "c.csv", tmp_path / "store", encoder=encoder)
    assert (report.products, web.asked) == (1, [])
    assert [str(p) for p in report.problems] == [
        f"line 2: {web.url}/x/a.jpg?v=2: image '{web.url}/x/a.jpg?v=2' is a URL; --download fetches it"
    ]
    web.answers["/x/a.jpg?v=2"] = web.answers["/x/a.jpg"]
    report = build_store(tmp_path / "c.csv", tmp_path / "store", encoder=encoder, fetch=cache)
    assert (report.products, web.asked) == (2, ["/x/a.jpg?v=2"])
