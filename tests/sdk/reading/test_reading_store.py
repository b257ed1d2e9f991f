"""Cartons that look alike and say what they are: read by RapidOCR itself, through a store that was built."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from palettes import listed
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.errors import RuntimeUnavailable
from pocketshelf.formats import Bundle
from pocketshelf.reading import is_available, reader
from pocketshelf.store import Store
from pocketshelf.types import Hit

TITLES = {"a": "Bravo Juice", "b": "Valio Juice"}
reads = pytest.mark.skipif(not is_available(), reason="pip install 'pocketshelf[read]'")


def carton(*lines: str, shade: int = 200) -> Image.Image:
    picture = Image.new("RGB", (480, 480), (shade, shade, 120))
    drawn, font = ImageDraw.Draw(picture), ImageFont.load_default(size=64)
    for place, line in enumerate(lines):
        drawn.text((60, 90 + 120 * place), line, fill=(20, 20, 20), font=font)
    return picture


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Two cartons of one look, of which the pictures say nothing."""
    path = tmp_path / "catalogue.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["product_id", "title", "category", "image"])
        for place, (product_id, title) in enumerate(TITLES.items()):
            carton(shade=200 + place).save(tmp_path / f"{product_id}.png")
            writer.writerow([product_id, title, "Other things", f"{product_id}.png"])
    return path


def found(store: Path, bundle: Bundle, photo: Image.Image, **options: bool) -> list[Hit]:
    with Retriever.open(store, bundle, closely=False, **options) as retriever:
        return list(retriever.search(photo, whole=True, category="all").regions[0].hits or ())


@reads
def test_the_word_on_the_carton_decides_between_two_that_look_alike(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    for product_id, title in TITLES.items():
        hits = found(tmp_path / "store", fake_bundle, carton(*title.upper().split()), read=True)
        assert hits[0].product_id == product_id and hits[0].read == (title.split()[0].lower(),)
        assert {hit.product_id for hit in hits} == set(TITLES)
    firsts = [found(tmp_path / "store", fake_bundle, carton(title))[0] for title in TITLES.values()]
    assert {hit.read for hit in firsts} == {()}, "nothing is read unless it is wished for"


@reads
def test_the_words_on_a_products_picture_are_kept_and_decide_where_its_title_says_nothing(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    carton("GRADDFIL").save(tmp_path / "b.png")
    carton("MELLAN").save(tmp_path / "a.png")
    store = tmp_path / "store"
    build_store(catalogue, store, bundle=fake_bundle, read=True)
    with Store.open(store) as opened:
        kept = {product_id: opened.product(product_id) for product_id in TITLES}
    assert {key: product and listed(product) for key, product in kept.items()} == {
        "a": {"words": "mellan"},
        "b": {"words": "graddfil"},
    }
    hits = found(store, fake_bundle, carton("GRADDFIL"), read=True)
    assert hits[0].product_id == "b" and hits[0].read == ("graddfil",)


@reads
def test_a_catalogues_own_words_are_kept_as_they_are(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    carton("MELLAN").save(tmp_path / "a.png")
    lines = catalogue.read_text().splitlines()
    catalogue.write_text("\n".join([lines[0] + ",words", lines[1] + ",mine", lines[2] + ",", ""]))
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle, read=True)
    with Store.open(tmp_path / "store") as opened:
        product = opened.product("a")
    assert product and listed(product) == {"words": "mine"}


@reads
def test_a_servers_hits_are_settled_by_the_same_words(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    class Server:
        def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
            return [Hit("s", 0.99, "Garant Juice", "Other things", source="server")]

    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    with Retriever.open(
        tmp_path / "store", fake_bundle, fallback=Server(), closely=False, read=True
    ) as retriever:
        photo = carton("GARANT", "JUICE")
        region = retriever.search(photo, whole=True, category="all", fallback=True).regions[0]
    assert region.hits and region.hits[0].product_id == "s" and region.hits[0].read == ("garant",)


@reads
@pytest.mark.parametrize("shape", [(1, 1, 3), (480, 480, 3)])
def test_a_picture_without_print_has_no_lines(shape: tuple[int, int, int]) -> None:
    assert reader.open_reader().read(np.full(shape, 128, np.uint8)) == []


@pytest.mark.parametrize("shape", [(3, 900, 3), (900, 3, 3)])
def test_a_sliver_is_not_read_for_it_would_be_enlarged_to_gigabytes(shape: tuple[int, int, int]) -> None:
    """RapidOCR makes 162 million pixels of 3 x 900: nothing is even loaded."""
    fresh = reader.Reader()
    assert fresh.read(np.full(shape, 128, np.uint8)) == []
    assert fresh._recognise is None


def test_without_the_extra_one_line_names_it_and_the_store_is_not_held(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    monkeypatch.setattr(reader, "is_available", lambda: False)
    with pytest.raises(RuntimeUnavailable, match=r"pip install 'pocketshelf\[read\]'"):
        Retriever.open(tmp_path / "store", fake_bundle, read=True)
    with pytest.raises(RuntimeUnavailable, match=r"pip install 'pocketshelf\[read\]'"):
        build_store(catalogue, tmp_path / "other", bundle=fake_bundle, read=True)
    assert not (tmp_path / "other" / "current").exists()
    assert found(tmp_path / "store", fake_bundle, carton())[0].product_id in TITLES


def test_the_answers_line_with_words_fits_the_schema() -> None:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(
        (Path(__file__).resolve().parents[3] / "contract/schemas/answer.schema.json").read_text("utf-8")
    )
    validator = jsonschema.Draft202012Validator({**schema["$defs"]["hit"], "$defs": schema["$defs"]})
    line = Hit("a", 0.5, "Bravo", "Other things", read=("bravo",)).to_json()
    assert line["read"] == ["bravo"] and validator.is_valid(line)
    assert not validator.is_valid({**line, "read": []})
