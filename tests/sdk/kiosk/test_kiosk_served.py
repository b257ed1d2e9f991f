"""Pictures of the server's full range: where they are to be had, and what a lying server can do with them."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from pocketshelf.errors import PhotoError, ServerError
from pocketshelf.kiosk.desk.lines import Lines, served_key
from pocketshelf.kiosk.kiosk import Kiosk, KioskConfig
from pocketshelf.kiosk.names import Names
from pocketshelf.kiosk.pictures import Pictures
from pocketshelf.kiosk.web.app import create_app
from pocketshelf.types import Hit


def jpeg(side: int = 1200) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(np.full((side // 2, side, 3), 90, np.uint8)).save(stream, "JPEG")
    return stream.getvalue()


class Shop:
    """In the place of `ServerPictures`: gives, or raises, what it is told to."""

    def __init__(self, *answers: bytes | Exception | None) -> None:
        self.answers, self.asked = list(answers), []

    def get(self, product_id: str, side: int) -> bytes | None:
        self.asked.append((product_id, side))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(scope="module")
def served(drawn_shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kiosk]:
    """A kiosk with a server, and no folder of pictures."""
    made = Kiosk(KioskConfig(drawn_shelf, tmp_path_factory.mktemp("state"), server="http://127.0.0.1:9"))
    made.start()
    yield made
    made.close()


def test_only_what_a_server_found_has_its_picture_there() -> None:
    found = Hit("a/b ?", 0.9, "A", "B", source="server", image="a.jpg")
    lines = Lines(False, served="secret")
    assert lines.hit(found)["picture"] == f"/served/a%2Fb%20%3F?key={served_key('secret', 'a/b ?')}"
    dots = Hit("..", 0.9, "A", "B", source="server", image="a.jpg")
    assert lines.hit(dots)["picture"] == f"/served/?id=..&key={served_key('secret', '..')}"
    assert Lines(True).hit(found)["picture"] is None
    assert lines.hit(Hit("a", 0.9, "A", "B", source="server"))["picture"] is None
    local = Hit("a", 0.9, "A", "B", source="local", image="a.jpg")
    assert Lines(True, served="secret").hit(local)["picture"] == "/picture/0/a"
    assert lines.hit(local)["picture"] is None


def test_a_served_picture_is_made_small_and_kept(served: Kiosk, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop(jpeg())
    monkeypatch.setattr(served, "_pictures", Pictures(served.clerk, shop))
    client: FlaskClient = create_app(served, Names(["127.0.0.1"])).test_client()
    for _ in range(2):
        answer = client.get(f"/served/a%2Fb?side=160&key={served_key(served._served, 'a/b')}")
        assert answer.status_code == 200 and answer.mimetype == "image/jpeg"
        assert Image.open(io.BytesIO(answer.data)).size == (160, 80)
    assert shop.asked == [("a/b", 160)]
    assert client.get("/served/a?side=161").status_code == 400


def test_a_server_is_asked_for_pictures_of_what_it_found_alone(
    served: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A phone in the shop that asks for all kinds of ids spends nothing of what the kiosk may ask."""
    shop = Shop()
    monkeypatch.setattr(served, "_pictures", Pictures(served.clerk, shop))
    client: FlaskClient = create_app(served, Names(["127.0.0.1"])).test_client()
    other = served_key(served._served, "other")
    for query in ("", "&key=", "&key=%F0%9F%91%9F", f"&key={other}", "&key=" + "0" * 32):
        assert client.get(f"/served/a?side=160{query}").status_code == 404
    assert shop.asked == []


def test_what_a_server_sends_is_no_picture_until_it_was_decoded(
    served: Kiosk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page, a bomb's head, half a picture, nothing: none reaches the page, and none ends the worker."""
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    lies = [b"<script>", b"\xff\xd8\xff", bomb.getvalue(), b"", PhotoError("no picture"), None]
    pictures = Pictures(served.clerk, Shop(*lies))
    assert [pictures.served(str(number), 160) for number, _ in enumerate(lies)] == [None] * len(lies)
    assert served.clerk is not None and served.clerk.restarted is None


def test_a_server_that_was_away_is_asked_again(served: Kiosk) -> None:
    pictures = Pictures(served.clerk, Shop(ServerError("away"), jpeg(), jpeg()))
    assert pictures.served("a", 160) is None
    assert pictures.served("a", 160) is not None
    pictures.forget()
    assert pictures.served("a", 160) is not None


@pytest.mark.parametrize("letter", ["a", "\U0001f45f"])
def test_names_without_end_fill_no_memory(served: Kiosk, letter: str) -> None:
    """Nothing is there by any of them, which is known of as many as there is room for."""
    shop = Shop(*[None] * 300)
    pictures = Pictures(served.clerk, shop, kept_bytes=1_000_000)
    for number in range(300):
        assert pictures.served(f"{number:04}{letter * 4092}", 160) is None
    assert sum(sys.getsizeof(name) for name, _, _ in pictures._kept) < 1_000_000
    assert pictures.served(letter * 4097, 160) is None and len(shop.asked) == 300


def test_without_a_server_there_are_none(client: FlaskClient) -> None:
    assert client.get("/served/a?side=160").status_code == 404
