"""Pictures of a shelf's products: all that are lacking come, what others put there stays, nothing leaks."""

from __future__ import annotations

import errno
import io
import json
import shutil
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image

from loopback import running
from pocketshelf.catalogue.pictures import PictureFolder, fetched_name
from pocketshelf.errors import StoreError
from pocketshelf.formats import Product, ShardMeta
from pocketshelf.network.polite import Polite
from pocketshelf.store import Store
from pocketshelf.sync import PicturesReport, bring_pictures
from pocketshelf.sync.pictures import LEFT_FREE, PATIENCE_S, RECORD

MakeStore = Callable[..., Store]


def jpeg(grey: int = 90) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), (grey, grey, grey)).save(stream, "JPEG")
    return stream.getvalue()


class Shop(ThreadingHTTPServer):
    """Has ``pictures`` by product's id, and keeps which were asked for."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pictures: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.addresses: list[str] = []
        self.down = False
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        (product_id,) = query["product_id"]
        self.server.asked.append(product_id)
        self.server.addresses.append(self.path)
        body = self.server.pictures.get(product_id)
        self.send_response(503 if self.server.down else 404 if body is None else 200)
        self.end_headers()
        self.wfile.write(b"" if self.server.down else body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def shop() -> Iterator[Shop]:
    with running(Shop()) as made:
        yield made


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[MakeStore]:
    """Makes a store: id → (what its vectors are made of, the picture's name), all as of one change."""
    opened: list[Store] = []

    def make(products: dict[str, tuple[int, str | None]], change: int = 1) -> Store:
        row = np.eye(1, 8, dtype=np.int8) * 100
        made = [
            Product(key, change, "A", key, image, row + np.int8(of), {"price": change})
            for key, (of, image) in products.items()
        ]
        meta = ShardMeta("s", "0" * 64, "b", 100, 8)
        opened.append(Store.create(tmp_path / "shelf", meta, made))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


def bring(store: Store, shop: Shop, folder: Path, **options: object) -> PicturesReport:
    polite = Polite(rate=1e6, sleep=lambda seconds: None)
    return bring_pictures(store, shop.url, folder, polite=polite, **options)  # type: ignore[arg-type]


def test_what_is_lacking_comes_once(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    shop.pictures = {"a": jpeg(), "b/ü &?": jpeg(50), "c": jpeg()}
    store = shelf(
        {
            "a": (1, "a.jpg"),
            "b/ü &?": (2, "deep/er/b.png"),
            "c": (3, "https://cdn.example/x/c.jpg?v=1"),
            "d": (4, None),
        }
    )
    told: list[tuple[int, int]] = []
    report = bring(store, shop, folder, progress=lambda done, total: told.append((done, total)))
    assert (report.brought, report.had, report.lacking, report.why) == (3, 0, 0, None)
    assert told[-1] == (3, 3)
    assert (folder / "a.jpg").read_bytes() == jpeg()
    assert (folder / "deep/er/b.png").read_bytes() == jpeg(50)
    assert (folder / fetched_name("https://cdn.example/x/c.jpg?v=1")).is_file()
    assert bring(store, shop, folder).had == 3
    assert sorted(shop.asked) == ["a", "b/ü &?", "c"]
    assert not list(folder.rglob("*.new"))


def test_what_changed_comes_anew_and_what_is_gone_goes(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    shop.pictures = {"a": jpeg(), "b": jpeg()}
    bring(shelf({"a": (1, "a.jpg"), "b": (2, "b.jpg")}), shop, tmp_path / "p")
    shop.pictures = {"a": jpeg(7)}
    report = bring(shelf({"a": (3, "a.jpg")}), shop, tmp_path / "p")
    assert (report.brought, report.removed) == (1, 1)
    assert (tmp_path / "p/a.jpg").read_bytes() == jpeg(7) and not (tmp_path / "p/b.jpg").exists()


def test_a_new_price_brings_no_picture_anew(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    shop.pictures = {"a": jpeg()}
    bring(shelf({"a": (1, "a.jpg")}), shop, tmp_path / "p")
    report = bring(shelf({"a": (1, "a.jpg")}, change=7), shop, tmp_path / "p")
    assert (report.brought, report.had, shop.asked) == (0, 1, ["a"])


def test_a_changed_picture_is_another_address_to_what_keeps_answers_on_the_way(
    shelf: MakeStore, shop: Shop, tmp_path: Path
) -> None:
    shop.pictures = {"a": jpeg()}
    for of in (1, 2):
        bring(shelf({"a": (of, "a.jpg")}), shop, tmp_path / "p")
    assert len(set(shop.addresses)) == 2
    bring(shelf({"a": (2, "a.jpg")}), shop, tmp_path / "other device")
    assert len(set(shop.addresses)) == 2


@pytest.mark.parametrize(
    "names",
    [
        ("https://x.test/img.php?id=1", "https://x.test/img.php?id=2"),
        ("https://one.test/1.jpg", "https://two.test/a/1.jpg"),
        ("IMG_1.JPG", "img_1.jpg"),
    ],
)
def test_names_that_are_nearly_the_same_are_two_pictures(
    shelf: MakeStore, shop: Shop, tmp_path: Path, names: tuple[str, str]
) -> None:
    shop.pictures = {"a": jpeg(10)}
    store, folder = shelf({"a": (1, names[0]), "b": (2, names[1])}), tmp_path / "p"
    assert bring(store, shop, folder).lacking == 1
    shop.pictures = {"b": jpeg(200)}
    bring(store, shop, folder, now=lambda: 1e10)
    found = [PictureFolder(folder).path(name).read_bytes() for name in names]
    assert found == [jpeg(10), jpeg(200)]


def test_what_a_record_of_before_says_is_brought_anew(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "a.jpg").write_bytes(jpeg(1))
    document = {"format": "pocketshelf-pictures", "version": 1, "pictures": {"a.jpg": 3}, "missed": {}}
    (folder / RECORD).write_text(json.dumps(document))
    shop.pictures = {"a": jpeg(2)}
    assert bring(shelf({"a": (1, "a.jpg")}), shop, folder).brought == 1
    assert (folder / "a.jpg").read_bytes() == jpeg(2)


def test_what_others_put_there_stays(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "A.JPG").write_bytes(b"the shop's own")
    (folder / "notes.txt").write_text("mine")
    shop.pictures = {"a": jpeg()}
    assert bring(shelf({"a": (9, "a.jpg")}), shop, folder).had == 1
    assert bring(shelf({"z": (10, None)}), shop, folder).removed == 0
    assert shop.asked == [] and (folder / "A.JPG").read_bytes() == b"the shop's own"
    assert (folder / "notes.txt").exists()


@pytest.mark.parametrize(
    "name",
    ["../out.jpg", "a/../../out.jpg", "/../out.jpg", ".profile", ".ssh/x.jpg", RECORD, "..", "."],
)
def test_no_name_leads_out_of_the_folder_or_to_a_hidden_file(
    shelf: MakeStore, shop: Shop, tmp_path: Path, name: str
) -> None:
    shop.pictures = {"a": jpeg()}
    report = bring(shelf({"a": (1, name)}), shop, tmp_path / "in/pictures")
    assert (report.brought, report.lacking, shop.asked) == (0, 1, [])
    found = [path.name for path in (tmp_path / "in").rglob("*") if path.is_file()]
    assert found == [RECORD]


def test_what_the_server_has_not_is_asked_for_again_a_day_later_or_once_it_changed(
    shelf: MakeStore, shop: Shop, tmp_path: Path
) -> None:
    store, now = shelf({"a": (1, "a.jpg")}), 1e9
    for _ in range(3):
        assert bring(store, shop, tmp_path / "p", now=lambda: now).lacking == 1
    assert shop.asked == ["a"]
    bring(store, shop, tmp_path / "p", now=lambda: now + PATIENCE_S + 1)
    assert shop.asked == ["a", "a"]
    shop.pictures = {"a": jpeg()}
    assert bring(shelf({"a": (2, "a.jpg")}), shop, tmp_path / "p", now=lambda: now).brought == 1


@pytest.mark.parametrize("body", [b"", b"\x89PNG\r\n", b"\xff\xd8\xff" + bytes(2_000_000)])
def test_what_is_no_small_jpeg_is_left_out(shelf: MakeStore, shop: Shop, tmp_path: Path, body: bytes) -> None:
    shop.pictures = {"a": body}
    assert bring(shelf({"a": (1, "a.jpg")}), shop, tmp_path / "p").lacking == 1
    assert not (tmp_path / "p/a.jpg").exists()


def test_a_server_that_goes_away_ends_it_and_the_next_time_goes_on(
    shelf: MakeStore, shop: Shop, tmp_path: Path
) -> None:
    shop.pictures = {"a": jpeg(), "b": jpeg()}
    store = shelf({"a": (1, "a.jpg"), "b": (2, "b.jpg")})

    def progress(done: int, total: int) -> None:
        shop.down = done == 1

    report = bring(store, shop, tmp_path / "p", progress=progress)
    assert report.brought == 1 and report.why is not None and "503" in report.why
    shop.down = False
    report = bring(store, shop, tmp_path / "p")
    assert (report.brought, report.had, report.why) == (1, 1, None)


def test_a_captive_portal_is_the_server_s_absence(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    shop.pictures = {"a": b"<html>sign in</html>"}
    store = shelf({"a": (1, "a.jpg")})
    report = bring(store, shop, tmp_path / "p")
    assert report.why is not None and "captive portal" in report.why
    shop.pictures = {"a": jpeg()}
    assert bring(store, shop, tmp_path / "p").brought == 1


def test_it_makes_way(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    report = bring(shelf({"a": (1, "a.jpg")}), shop, tmp_path / "p", stop=lambda: True)
    assert report.why == "stopped" and shop.asked == []


def test_a_full_disk_is_one_clear_line_and_what_came_counts(
    shelf: MakeStore, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.pictures = {"a": jpeg(), "b": jpeg(1)}
    store, write = shelf({"a": (1, "a.jpg"), "b": (2, "b.jpg")}), Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if data == jpeg(1):
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StoreError, match="free some space"):
        bring(store, shop, tmp_path / "p")
    monkeypatch.undo()
    assert bring(store, shop, tmp_path / "p").had == 1


def test_room_is_left_for_the_shelf(
    shelf: MakeStore, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server may give two megabytes a product: a full disk would end the shelf's own syncs."""
    shop.pictures = {"a": jpeg(), "b": jpeg()}
    left = iter([LEFT_FREE, LEFT_FREE - 1])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=next(left)))
    store = shelf({"a": (1, "a.jpg"), "b": (1, "b.jpg")})
    with pytest.raises(StoreError, match="free some space"):
        bring(store, shop, tmp_path / "pictures")
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {"a.jpg", RECORD}


def test_a_folder_in_a_picture_s_place_stays(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    shop.pictures = {"a": jpeg()}
    bring(shelf({"a": (1, "a.jpg")}), shop, folder)
    (folder / "a.jpg").unlink()
    (folder / "a.jpg").mkdir()
    (tmp_path / "shelf").rename(tmp_path / "old")
    assert bring(shelf({"b": (1, None)}), shop, folder).why is None
    assert (folder / "a.jpg").is_dir()


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        "{}",
        '{"format": "pocketshelf-pictures", "version": 1, "pictures": {"own.jpg": "?"}, "missed": {}}',
    ],
)
def test_a_record_that_is_none_costs_no_file(
    shelf: MakeStore, shop: Shop, tmp_path: Path, record: str
) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (tmp_path / "x").write_text("mine")
    (folder / "own.jpg").write_text("mine")
    (folder / RECORD).write_text(record)
    assert bring(shelf({"a": (1, None)}), shop, folder).removed == 0
    assert (tmp_path / "x").exists() and (folder / "own.jpg").exists()


def test_a_record_names_nothing_outside(shelf: MakeStore, shop: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (tmp_path / "x").write_text("mine")
    document = {"format": "pocketshelf-pictures", "version": 1, "pictures": {"../x": 1}, "missed": {}}
    (folder / RECORD).write_text(json.dumps(document))
    bring(shelf({"a": (1, None)}), shop, folder)
    assert (tmp_path / "x").read_text() == "mine"
