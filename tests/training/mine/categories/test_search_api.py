"""A search API over real HTTP: paged, at its pace, through its faults; its key reaches nobody else."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pocketshelf.errors import PhotoError, ServerError, Unreachable, UsageError
from pocketshelf.network import polite
from pocketshelf.network.polite import Polite
from pocketshelf_training.mine.categories.search.api import ApiSource, Description, read_description
from pocketshelf_training.mine.categories.search.source import Found
from search_server import SearchServer, reply, serving

Waits = list[float]
KEY = "geheim+/e"


@pytest.fixture
def web() -> Iterator[SearchServer]:
    with serving() as server:
        server.pictures["shoes"] = [f"{n}.jpg" for n in range(5)]
        server.files = {f"{n}.jpg": picture(n) for n in range(5)}
        yield server


def picture(number: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (40 * number, 90, 90)).save(stream, "JPEG")
    return stream.getvalue()


@pytest.fixture
def waits() -> list[float]:
    return []


def described(web: SearchServer, **more: Any) -> Description:
    url = web.url + "/search?q={query}&count={count}&page={page}"
    return Description(**{"url": url, "items": "results[]", "image": "urls.full", "text": "title", **more})


def source(web: SearchServer, folder: Path, waits: Waits, **more: Any) -> ApiSource:
    given = described(web, **({"page_size": 2} | more))
    environment = {"SOME_KEY": KEY}
    patient = Polite(rate=given.per_second, sleep=waits.append, clock=lambda: sum(waits))
    return ApiSource(
        given, folder, environment, patient, Polite(sleep=waits.append, clock=lambda: sum(waits))
    )


def test_pages_are_read_until_there_are_enough(web: SearchServer, tmp_path: Path, waits: Waits) -> None:
    api = source(web, tmp_path, waits)
    assert [each.text for each in api.search("shoes", 3)] == [f"{n}.jpg picture" for n in range(3)]
    assert len(web.asked) == 2
    found = list(api.search("shoes", 100))
    assert len(found) == 5 and web.asked["/search?q=shoes&count=2&page=4"] == 1, "an empty page is the last"
    assert api.fetch(found[4]).read_bytes() == picture(4) == api.fetch(found[4]).read_bytes()
    assert web.asked["/p/4.jpg"] == 1


def test_a_page_in_the_place_of_a_picture_is_no_picture(
    web: SearchServer, tmp_path: Path, waits: Waits
) -> None:
    web.files["0.jpg"] = b"<html>we are back soon</html>"
    api = source(web, tmp_path, waits)
    (found, *_) = api.search("shoes", 1)
    with pytest.raises(PhotoError, match="no picture"):
        api.fetch(found)
    web.files["0.jpg"] = picture(0)
    assert api.fetch(found).read_bytes() == picture(0), "another day it is there"


def test_questions_come_at_the_pace_of_the_api(web: SearchServer, tmp_path: Path, waits: Waits) -> None:
    list(source(web, tmp_path, waits, per_second=0.5).search("shoes", 5))
    assert waits == [2.0, 2.0]


def test_a_server_whose_every_page_is_the_same_ends(web: SearchServer, tmp_path: Path, waits: Waits) -> None:
    given = {"url": web.url + "/search?q={query}&count=2&offset={offset}"}
    assert len(list(source(web, tmp_path, waits, **given).search("shoes", 100))) == 2


def busy(handler: Any) -> bool:
    reply(handler, b"", "text/plain", 429, Retry_After="9")
    return True


def failing(handler: Any) -> bool:
    reply(handler, b"oops", "text/plain", 500)
    return True


def truncated(handler: Any) -> bool:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{"results": [')
    return True


def silent(handler: Any) -> bool:
    time.sleep(0.5)
    return True


def page(handler: Any) -> bool:
    reply(handler, b"<!doctype html><title>Sign in</title>", "application/json")
    return True


def endless(handler: Any) -> bool:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    try:
        while True:
            handler.wfile.write(b" " * 65536)
    except OSError:
        return True


def test_a_busy_flaky_slow_api_is_asked_again(
    web: SearchServer, tmp_path: Path, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polite, "SECONDS", 0.2)
    api = source(web, tmp_path, waits)
    for faults in ([busy, failing], [truncated], [silent]):
        web.faults = list(faults)
        assert len(list(api.search("shoes", 2))) == 2
    assert 9 in waits


@pytest.mark.parametrize(("fault", "said"), [(page, "answers a web page"), (endless, "larger than")])
def test_what_is_no_answer_is_said(
    web: SearchServer, tmp_path: Path, waits: Waits, fault: Any, said: str
) -> None:
    web.faults = [fault]
    with pytest.raises(ServerError, match=said):
        list(source(web, tmp_path, waits).search("shoes", 2))


def test_a_server_that_stays_away_is_unreachable(web: SearchServer, tmp_path: Path, waits: Waits) -> None:
    web.faults = [failing] * 3
    with pytest.raises(Unreachable, match="answers 500"):
        list(source(web, tmp_path, waits).search("shoes", 2))


@pytest.mark.parametrize(
    "items", [{"results": "none"}, {"results": [1, None, {"urls": 5}, {"urls": {"full": 7}}]}]
)
def test_odd_answers_give_no_pictures(web: SearchServer, tmp_path: Path, waits: Waits, items: dict) -> None:
    web.faults = [lambda handler: reply(handler, json.dumps(items).encode(), "text/html") or True]
    api = source(web, tmp_path, waits)
    try:
        assert list(api.search("shoes", 2)) == []
    except ServerError as error:
        assert "no list at items" in str(error)


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "javascript:alert(1)", "", "x" * 3000]
)
def test_an_address_that_is_none_is_left_out(
    web: SearchServer, tmp_path: Path, waits: Waits, address: str
) -> None:
    answer = json.dumps({"results": [{"urls": {"full": address}}]}).encode()
    web.faults = [lambda handler: reply(handler, answer, "application/json") or True]
    assert list(source(web, tmp_path, waits).search("shoes", 2)) == []


def test_the_key_goes_to_the_api_alone(web: SearchServer, tmp_path: Path, waits: Waits) -> None:
    heard: list[tuple[str, str | None]] = []
    web.key = KEY

    def listening(handler: Any) -> bool:
        heard.append((handler.path, handler.headers.get("X-Key")))
        return False

    web.faults = [listening] * 2
    api = source(web, tmp_path, waits, key="SOME_KEY", header="X-Key")
    (found,) = api.search("shoes", 1)
    api.fetch(found)
    assert heard == [("/search?q=shoes&count=2&page=1", KEY), ("/p/0.jpg", None)]
    assert KEY not in api.name + "".join(map(str, tmp_path.rglob("*")))


@pytest.mark.parametrize("status", [401, 404, 500])
def test_no_message_tells_the_key(web: SearchServer, tmp_path: Path, waits: Waits, status: int) -> None:
    web.faults = [lambda handler: reply(handler, b"", "text/plain", status) or True] * 3
    url = web.url + "/search?q={query}&key={key}"
    api = source(web, tmp_path, waits, url=url, key="SOME_KEY")
    with pytest.raises(ServerError) as caught:
        list(api.search("shoes", 1))
    assert caught.value.__cause__ is None and caught.value.__suppress_context__
    said = str(caught.value)
    assert KEY not in said and "geheim" not in said and str(status) in said
    assert ("is the key in SOME_KEY right?" in said) == (status == 401)


def test_a_picture_that_is_not_there_is_a_bad_one(web: SearchServer, tmp_path: Path, waits: Waits) -> None:
    with pytest.raises(PhotoError, match="answers 404"):
        source(web, tmp_path, waits).fetch(Found(f"{web.url}/p/none.jpg"))


def test_a_key_that_is_not_set_is_asked_for(web: SearchServer, tmp_path: Path) -> None:
    given = described(web, key="SOME_KEY", header="X-Key")
    with pytest.raises(UsageError, match="set the environment variable SOME_KEY"):
        ApiSource(given, tmp_path, {})
    with pytest.raises(UsageError, match="no line breaks"):
        ApiSource(given, tmp_path, {"SOME_KEY": "two\nlines"})


GOOD = 'url = "https://a.example/?q={query}"\nitems = "r"\nimage = "u"\n'


def test_a_description_is_read(tmp_path: Path) -> None:
    (tmp_path / "api.toml").write_text(GOOD + "per_second = 2\n")
    assert read_description(tmp_path / "api.toml").per_second == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("items = 'r'", "url is missing"),
        (GOOD.replace("{query}", "x"), "hold {query}"),
        (GOOD.replace("{query}", "{query}{x}"), "url may hold {count}, {key}"),
        (GOOD.replace("{query}", "{query}{key.__class__}"), "url may hold"),
        (GOOD.replace("{query}", "{query}{"), "url may hold"),
        (GOOD.replace("https", "file"), "must begin with https"),
        (GOOD + "colour = 'red'", "colour is none of url, items"),
        (GOOD + "page_size = '3'", "page_size must be a number"),
        (GOOD + "per_second = 0", "per_second 0.001 to 100"),
        (GOOD + "header = 'X'", "header needs key"),
        (GOOD + "key = 'K'", "a key needs a header"),
        (GOOD.replace('"r"', '"r["'), "is no JMESPath"),
        ("x", "cannot be read as TOML"),
    ],
)
def test_a_description_that_is_none_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "api.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        read_description(path)
    assert said in str(caught.value) and str(path) in str(caught.value)
