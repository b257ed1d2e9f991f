"""What the workers' desks know: facets, barcodes, shelves that cannot be used, and when nothing is alike."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.catalogue import build_store
from pocketshelf.errors import StoreError, UsageError
from pocketshelf.kiosk.desk.barcodes import is_code_name, keys_of, read_barcodes
from pocketshelf.kiosk.desk.clerk import SIDES, Clerk
from pocketshelf.kiosk.desk.facets import facets_of, read_facets
from pocketshelf.kiosk.desk.finder import Finder
from pocketshelf.kiosk.desk.lines import vector_of
from pocketshelf.kiosk.desk.opening import look_at, open_usable
from pocketshelf.kiosk.worker import NotFound
from pocketshelf.shipped import shipped
from pocketshelf.stages.where import fits, parse_where
from pocketshelf.store import Store, StoreFolder
from pocketshelf.types import Region

SAMPLES = shipped("samples")
EAN = "4006381333931"


@pytest.fixture(scope="module")
def coded_shelf(tmp_path_factory: pytest.TempPathFactory, trained_bundle: Path) -> Path:
    """Some of the drawn shop, with barcodes, prices, and titles that a page has to bear."""
    folder = tmp_path_factory.mktemp("coded")
    with (SAMPLES / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:8]
    titles = ["<script>alert(1)</script>", "x" * 300, "👗 dress", "שמלה", "", "a\tb", "\u202eevil", "plain"]
    with (folder / "catalogue.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            ["product_id", "title", "category", "image", "GTIN", "Variant Barcode", "price", "colour"]
        )
        for number, (row, title) in enumerate(zip(rows, titles, strict=True)):
            codes = (EAN, "0-36000-29145-2") if number == 0 else ("", f"X{number}")
            writer.writerow(
                [
                    row["product_id"],
                    title,
                    row["category"],
                    row["image"],
                    *codes,
                    9.99 + number,
                    "red" if number else "blue",
                ]
            )
    build_store(folder / "catalogue.csv", folder / "shelf", images=SAMPLES)
    return folder / "shelf"


@pytest.fixture(scope="module")
def finder(coded_shelf: Path) -> Finder:
    return Finder(str(coded_shelf))


def ask(finder: Finder, do: str, body: bytes = b"", **wishes: object) -> dict:
    return json.loads(finder.serve(do, wishes, body))


@pytest.mark.parametrize(
    ("name", "is_code"),
    [
        ("gtin", True),
        ("GTIN", True),
        ("ean13", True),
        ("Variant Barcode", True),
        ("isbn-10", True),
        ("upc_a", False),
        ("upc", True),
        ("ocean", False),
        ("barcode_label", False),
    ],
)
def test_attributes_that_hold_barcodes_are_known_by_name(name: str, is_code: bool) -> None:
    assert is_code_name(name) is is_code


def test_a_upc_is_an_ean_with_a_nought_before_it() -> None:
    assert (
        keys_of("036000291452")
        == keys_of("0036000291452")
        == keys_of("0-36000-29145-2")
        == keys_of(36000291452)
    )
    assert keys_of(["4006381333931", None]) == ["04006381333931"]
    assert keys_of("a|b") == ["a", "b"] and keys_of("SKU-1") == ["sku1"] and keys_of(True) == []


@pytest.mark.parametrize("text", [EAN, "036000291452", "0036000291452", "d0000"])
def test_a_barcode_leads_to_its_product(finder: Finder, text: str) -> None:
    assert ask(finder, "barcode", text=text) == {"product_id": "d0000", "title": "<script>alert(1)</script>"}
    with pytest.raises(NotFound):
        ask(finder, "barcode", text="4006381333948")


def test_a_barcode_in_a_frame_is_read(finder: Finder) -> None:
    import zxingcpp

    made = zxingcpp.create_barcode(EAN, zxingcpp.BarcodeFormat.EAN13).to_image(scale=3)
    frame = np.full((480, 640, 3), 255, np.uint8)
    bars = np.asarray(made)
    frame[100 : 100 + bars.shape[0], 100 : 100 + bars.shape[1]] = bars[:, :, None] if bars.ndim == 2 else bars
    assert [text for text, _ in read_barcodes(frame)] == [EAN]
    path = finder_file(frame)
    seen = ask(finder, "detect", path, barcodes=True)["barcodes"]
    assert seen[0]["product_id"] == "d0000" and seen[0]["format"] == "EAN13"
    assert ask(finder, "detect", path)["barcodes"] == []


def test_what_stands_before_a_films_camera_is_searched_once_and_named_where_that_is_sure(
    coded_shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finder = Finder(str(coded_shelf))
    photo = min((SAMPLES / "street").iterdir()).read_bytes()
    assert {
        region["seen"] for _ in range(4) for region in ask(finder, "detect", photo, film="x")["regions"]
    } == {None}
    answers: list[Region] = []
    real = finder._retriever.search_region

    def sure(*args: object, **wishes: object) -> Region:
        answers.append(replace(real(*args, **wishes), confident=True))  # type: ignore[arg-type]
        return answers[-1]

    monkeypatch.setattr(finder._retriever, "search_region", sure)
    views = [ask(finder, "detect", photo, film="y")["regions"] for _ in range(8)]
    assert views[0] == [] and len(answers) == len(views[-1]) > 0
    (first, *_), (answer, *_) = views[-1], answers
    assert answer.hits and first["seen"] == {
        "product_id": answer.hits[0].product_id,
        "title": answer.hits[0].title,
    }


def finder_file(pixels: np.ndarray) -> bytes:
    import io

    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def test_facets_are_what_narrows_a_search(coded_shelf: Path) -> None:
    with Store.open(coded_shelf) as store:
        found = read_facets(store.shard)
    names = [name for name, _ in found.facets]
    assert "colour" in names and "GTIN" not in names and "Variant Barcode" not in names
    assert dict(found.facets)["colour"] == [("red", 7), ("blue", 1)]
    assert found.codes["04006381333931"] == "d0000" and found.codes["x3"] == "d0003"


def test_facets_that_narrow_most_come_first_and_amounts_are_none() -> None:
    rows = [
        {
            "price": 1.5 + i,
            "size": 36 + i % 6,
            "eco": ["yes", "no"][i % 2],
            "width": f"{i % 5}.5 cm",
            "same": "x",
        }
        | ({"brand": f"b{i % 3}"} if i % 2 else {})
        for i in range(40)
    ]
    found = facets_of((f"p{i}", row) for i, row in enumerate(rows))
    assert [name for name, _ in found.facets] == ["size", "brand", "eco"]
    assert facets_of([]).facets == []


def test_values_that_a_text_lists_are_values_each() -> None:
    sizes = ["XS, S, M", "M, L", "S", "M", "XS, S, M", "1,5 L"]
    styles = ["Basic|Snug", "Basic", "Basic | Track Pants", "Snug", "Basic", "Basic"]
    rows = [{"size": size, "style": style} for size, style in zip(sizes, styles, strict=True)]
    found = facets_of((f"p{i}", row) for i, row in enumerate(rows))
    facets = {name: dict(values) for name, values in found.facets}
    assert facets["size"] == {"M": 4, "S": 3, "XS": 2, "L": 1, "1,5 L": 1}
    assert facets["style"] == {"Basic": 5, "Snug": 2, "Track Pants": 1}

    def fitting(**where: list[str]) -> list[int]:
        return [at for at, row in enumerate(rows) if fits(row, parse_where(where))]

    assert fitting(size=["M"]) == [0, 1, 3, 4]
    assert fitting(size=["l"], style=["Basic"]) == [1]
    assert fitting(size=["XS, S, M"]) == [0, 4] and fitting(size=["XXL"]) == [] and fitting(other=["x"]) == []


def test_texts_that_list_ever_other_values_are_no_facet() -> None:
    rows = [{"made of": f"{i}|{i % 7}", "brand": f"b{i % 2}"} for i in range(1500)]
    found = facets_of((f"p{i}", row) for i, row in enumerate(rows))
    assert [name for name, _ in found.facets] == ["brand"]


def test_a_size_finds_what_is_there_in_several(tmp_path: Path, trained_bundle: Path) -> None:
    with (SAMPLES / "catalogue.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))[:8]
    with (tmp_path / "catalogue.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["product_id", "title", "category", "image", "size"])
        for number, row in enumerate(rows):
            size = ["XS, S, M", "S", "M, L"][number % 3]
            writer.writerow([row["product_id"], row["title"], row["category"], row["image"], size])
    build_store(tmp_path / "catalogue.csv", tmp_path / "shelf", images=SAMPLES)
    desk = Finder(str(tmp_path / "shelf"))
    photo = (SAMPLES / rows[0]["image"]).read_bytes()
    wish = {"category": "all", "whole": True}
    found = ask(desk, "search", photo, where={"size": ["M"]}, **wish)["regions"][0]
    wanted = {row["product_id"] for number, row in enumerate(rows) if number % 3 != 1}
    assert {hit["product_id"] for hit in found["hits"]} == wanted
    again = ask(desk, "again", vector=found["vector"], category="all", where={"size": ["L"]})
    assert {hit["product_id"] for hit in again["hits"]} == {rows[n]["product_id"] for n in (2, 5)}


def test_titles_of_all_kinds_come_as_they_are(finder: Finder) -> None:
    assert ask(finder, "product", id="d0001")["title"] == "x" * 300
    assert ask(finder, "product", id="d0002")["title"] == "👗 dress"
    assert ask(finder, "product", id="d0000")["title"] == "<script>alert(1)</script>"
    assert ask(finder, "product", id="d0000")["pictures"] == []  # No folder of pictures was named.


@pytest.mark.parametrize("text", ["", "AAAA", "!!", 3, "AACAfw=="])
def test_what_is_no_vector_is_refused(text: object) -> None:
    with pytest.raises(UsageError, match="vector"):
        vector_of(text, 1 if text == "AACAfw==" else 256)


def test_generations_that_cannot_be_used_are_passed_over(own_shelf: Path) -> None:
    folder = StoreFolder(own_shelf)
    build_store(SAMPLES / "catalogue.csv", own_shelf, images=SAMPLES)
    newest, before = folder.require_current(), folder.previous()
    opened, why = open_usable(own_shelf, lambda store: store)
    assert (opened.generation, why) == (newest, None)
    opened, why = open_usable(own_shelf, lambda store: store, damaged={newest})
    assert opened.generation == before and why is not None and newest in why
    folder.pointer.write_bytes(b"\0" * 40)
    opened, why = open_usable(own_shelf, lambda store: store)
    assert opened.generation == newest
    folder.pointer.write_text("00000099")
    opened, why = open_usable(own_shelf, lambda store: store)
    assert opened.generation == newest and why is not None
    with pytest.raises(StoreError):
        open_usable(own_shelf, _refuse)


def _refuse(store: Store) -> Store:
    raise StoreError("of other models")


def test_damage_that_is_found_while_it_is_used_costs_no_answer(own_shelf: Path) -> None:
    """A large shard is compared with its digest in the background: the fault comes up while it is used."""
    build_store(SAMPLES / "catalogue.csv", own_shelf, images=SAMPLES)
    finder = Finder(str(own_shelf))
    before = finder.revision
    finder._retriever.store._check._fault = StoreError("not the bytes that were written")
    assert ask(finder, "product", id="d0000")["product_id"] == "d0000"
    assert finder.revision != before and ask(finder, "shelf")["damage"]


@pytest.mark.parametrize("sheet", ["uniform", "noise"])
def test_nothing_like_this_here(finder: Finder, sheet: str) -> None:
    rng = np.random.default_rng(0)
    pixels = {
        "uniform": np.full((480, 640, 3), 120, np.uint8),
        "noise": rng.integers(0, 255, (480, 640, 3), dtype=np.uint8),
    }[sheet]
    for region in ask(finder, "search", finder_file(pixels))["regions"]:
        assert region["confident"] is False and 0 <= region["confidence"] <= 1


@pytest.fixture(scope="module")
def half_shelf(real_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Finder, list[bytes]]:
    """Half of the real groceries (seed 0), and 80 photos of split test that show the other half."""
    groceries, folder, rng = (
        real_photos / "grocery",
        tmp_path_factory.mktemp("half"),
        np.random.default_rng(0),
    )
    with (groceries / "products.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    lacking = set(rng.permutation([row["product_id"] for row in rows])[:40])
    with (folder / "half.csv").open("w", encoding="utf-8", newline="") as stream:
        columns = ["product_id", "title", "category", "image"]
        writer = csv.DictWriter(stream, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(row for row in rows if row["product_id"] not in lacking)
    build_store(folder / "half.csv", folder / "shelf", images=groceries)
    with (groceries / "photos.csv").open(encoding="utf-8") as stream:
        photos = [p for p in csv.DictReader(stream) if p["split"] == "test" and p["product_id"] in lacking]
    chosen = rng.choice(len(photos), 80, replace=False)
    return Finder(str(folder / "shelf")), [(groceries / photos[i]["photo"]).read_bytes() for i in chosen]


def test_photos_of_what_the_shelf_lacks_are_seldom_taken_for_it(
    half_shelf: tuple[Finder, list[bytes]],
) -> None:
    finder, photos = half_shelf
    answers = [ask(finder, "search", photo)["regions"][0]["confident"] for photo in photos]
    assert sum(answers) / len(answers) <= 0.05


def test_a_picture_of_a_shelf_that_the_other_desk_has_taken_up_already(
    tmp_path: Path, trained_bundle: Path
) -> None:
    def publish(colours: list[str]) -> None:
        with (tmp_path / "catalogue.csv").open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["product_id", "title", "category", "image"])
            for colour in colours:
                Image.new("RGB", (64, 64), colour).save(tmp_path / f"{colour}.png")
                rows.writerow([colour, colour, "goods", f"{colour}.png"])
        assert build_store(tmp_path / "catalogue.csv", tmp_path / "shelf").problems == []

    publish(["red"])
    clerk = Clerk(str(tmp_path / "shelf"), images=str(tmp_path))
    before = clerk.revision
    publish(["red", "blue"])
    wishes = {"id": "blue", "number": 0, "side": min(SIDES)}
    assert clerk.serve("picture", wishes, b"").startswith(b"\xff\xd8")
    assert clerk.revision != before
    with pytest.raises(NotFound):
        clerk.serve("picture", {**wishes, "id": "green"}, b"")


def test_local_features_that_a_sync_brings_later_are_taken_up(own_shelf: Path, tmp_path: Path) -> None:
    pytest.importorskip("cv2")
    finder, before = Finder(str(own_shelf)), look_at(own_shelf)
    assert before is not None and before[::2] == ("00000001", 0) and finder._retriever._shelf.closely is None
    build_store(SAMPLES / "catalogue.csv", tmp_path / "other", images=SAMPLES, closely=True)
    index = Path("generations/00000001/index/shard.2.features")
    (own_shelf / index).write_bytes((tmp_path / "other" / index).read_bytes())
    assert look_at(own_shelf) != before
    assert ask(finder, "reload") == {"changed": False}, "the page shows the same shelf"
    assert finder._retriever._shelf.closely is not None
