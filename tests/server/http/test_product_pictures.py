"""``GET /v1/pictures``: what a search of the full catalogue found is shown, and nothing else is."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image
from server_products import SPACE, make_product

from pocketshelf.errors import PhotoError, PocketshelfError
from pocketshelf.recall.pictures import MAX_BYTES
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.console.folders import pictures_of
from pocketshelf_server.http import create_app
from pocketshelf_server.http.pictures import AT_ONCE
from pocketshelf_server.making import make_site
from pocketshelf_server.photos import PhotoLost, Pictures
from pocketshelf_server.photos import pictures as photos_pictures
from pocketshelf_server.site import Site, SiteConfig

Serving = Callable[..., FlaskClient]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Ten products, a picture of one; and a picture that no product has."""
    site = make_site(tmp_path / "site", SPACE)
    folder = site.folder / "pictures"
    folder.mkdir()
    Image.new("RGB", (400, 300), (200, 10, 10)).save(folder / "p0.jpg")
    Image.new("RGB", (400, 300), (10, 200, 10)).save(folder / "secret.jpg")
    catalogue = open_catalogue(site)
    catalogue.apply([Upsert(make_product(f"p{i}")) for i in range(10)])
    catalogue.close()
    return site


@pytest.fixture
def serving(site: Site) -> Iterator[Serving]:
    """A client of the site; its pictures are closed in the end."""
    made: list[Any] = []

    def serve(pictures: Pictures | None = None, **changed: Any) -> FlaskClient:
        config = SiteConfig(**changed)
        site.write_config(config)
        catalogue = open_catalogue(site)
        shown = pictures or pictures_of(site, config)
        made.extend((shown, catalogue))
        return create_app(site, catalogue, pictures=shown).test_client()

    yield serve
    for each in made:
        each.close()


def test_a_product_s_picture_is_made_small_and_may_be_kept(serving: Serving) -> None:
    client = serving()
    answer = client.get("/v1/pictures?product_id=p0&side=96")
    assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(answer.data)).size == (96, 72)
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    held = {"If-None-Match": answer.headers["ETag"]}
    assert client.get("/v1/pictures?product_id=p0&side=96", headers=held).status_code == 304
    assert Image.open(io.BytesIO(client.get("/v1/pictures?product_id=p0").data)).size == (320, 240)


def test_the_busiest_picture_is_made_as_small_as_a_device_takes(serving: Serving, site: Site) -> None:
    """Noise is the worst for a JPEG: the process that made it was ended for too long an answer."""
    noise = np.random.default_rng(0).integers(0, 2, (1200, 1200, 3), np.uint8) * 255
    Image.fromarray(noise).save(site.folder / "pictures/p0.jpg", quality=95)
    answer = serving().get("/v1/pictures?product_id=p0&side=1200")
    assert answer.status_code == 200 and 1_000_000 < len(answer.data) <= MAX_BYTES


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("product_id=p1&side=96", 404),  # Its picture is not there.
        ("product_id=secret&side=96", 404),
        ("product_id=secret.jpg&side=96", 404),
        ("product_id=../p0&side=96", 404),
        ("product_id=p0%00&side=96", 404),
        ("product_id=p0&side=97", 422),
        ("product_id=p0&side=x", 422),
        ("product_id=&side=96", 422),
        ("side=96", 422),
    ],
)
def test_nothing_else_is_shown(serving: Serving, query: str, status: int) -> None:
    answer = serving().get(f"/v1/pictures?{query}")
    assert answer.status_code == status and answer.mimetype == "application/problem+json"


def test_a_shop_can_turn_it_off(serving: Serving) -> None:
    answer = serving(product_pictures=False).get("/v1/pictures?product_id=p0")
    assert answer.status_code == 404 and "shows no pictures" in answer.json["detail"]


def test_pictures_are_counted_by_address(serving: Serving) -> None:
    client = serving(pictures_per_minute=2)
    codes = [client.get("/v1/pictures?product_id=p0&side=96").status_code for _ in range(3)]
    assert codes == [200, 200, 429]


class Slow:
    """Makes pictures small once it is let."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Semaphore(0), threading.Event()

    def smaller(self, photo: bytes, side: int) -> bytes:
        self.asked.release()
        assert self.go.wait(30)
        return b"small"

    def close(self) -> None:
        self.go.set()


def test_strangers_leave_places_for_the_shop_s_own_pages(serving: Serving, site: Site) -> None:
    slow = Slow()
    client = serving(Pictures(lambda: [site.folder / "pictures"], slow))
    asked = "/v1/pictures?product_id=p0&side=96"
    threads = [
        threading.Thread(target=lambda: client.application.test_client().get(asked)) for _ in range(AT_ONCE)
    ]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert slow.asked.acquire(timeout=30)
    refused = client.get(asked)
    assert refused.status_code == 503 and refused.headers["Retry-After"] == "1"
    slow.go.set()
    for thread in threads:
        thread.join(30)
    assert client.get(asked).status_code == 200


class Failing:
    """Makes no picture small; each try may take as long as a photo may."""

    def __init__(self, error: PocketshelfError) -> None:
        self.error, self.tries = error, 0

    def smaller(self, photo: bytes, side: int) -> bytes:
        self.tries += 1
        raise self.error

    def close(self) -> None:
        pass


@pytest.mark.parametrize("error", [PhotoError("photo: too long to read"), PhotoLost("the process ended")])
def test_a_picture_that_cannot_be_read_costs_its_seconds_once(error: PocketshelfError, site: Site) -> None:
    """By its path, size and time: another file in its place is tried, and after an hour the same one is."""
    failing, now = Failing(error), [0.0]
    pictures = Pictures(lambda: [site.folder / "pictures"], failing, clock=lambda: now[0])

    def tried(side: int) -> int:
        with pytest.raises(type(error), match=str(error)):
            pictures.get("p0.jpg", side)
        return failing.tries

    assert [tried(96), tried(96), tried(320)] == [1, 1, 1]
    (site.folder / "pictures/p0.jpg").write_bytes(b"another")
    assert [tried(96), tried(96)] == [2, 2]
    now[0] = photos_pictures.UNREAD_SECONDS
    assert tried(96) == 3


def test_what_cannot_be_read_fills_no_memory(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos_pictures, "MOST_UNREAD", 2)
    failing = Failing(PhotoError("photo: no picture"))
    pictures = Pictures(lambda: [site.folder / "pictures"], failing)
    for name in "abc":
        (site.folder / f"pictures/{name}.jpg").touch()
    for name in "abccba":
        with pytest.raises(PhotoError):
            pictures.get(f"{name}.jpg", 96)
    assert failing.tries == 4 and len(pictures._unread) == 2
