"""``pocketshelf outfit``: its lines pass their schema, its faults are one line."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from fake_models import DIMENSION
from outfit_things import blank, make_looks, make_outfit_bundle, make_shop, photo_of
from pocketshelf import Retriever
from pocketshelf.cli import main

ROOT = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((ROOT / "contract/schemas/outfit.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command on a small shop; its photos are in the folder."""
    bundle = make_outfit_bundle(tmp_path / "bundle")
    monkeypatch.setenv("POCKETSHELF_BUNDLE", str(bundle.folder))
    make_shop(tmp_path / "shop", bundle)
    photo_of("green", tmp_path / "green.png")
    blank(tmp_path / "blank.png")
    worn = np.random.default_rng(0).normal(size=(4, DIMENSION)).astype(np.float32)
    library = {f"look{n}": {"upper": worn[n], "lower": worn[3 - n]} for n in range(4)}
    make_looks(tmp_path / "library", bundle, library)

    def run(*words: object) -> tuple[int, str, str]:
        try:
            code = main(["outfit", *map(str, words), "--store", str(tmp_path / "shop/store")])
        except SystemExit as stop:
            code = int(stop.code or 0)
        return code, *capsys.readouterr()

    return run


def test_every_line_passes_the_schema(tmp_path: Path, call: Any) -> None:
    Draft202012Validator.check_schema(SCHEMA)
    names = [tmp_path / name for name in ("green.png", "blank.png", "gone.png")]
    code, out, err = call(*names, "--json", "--looks", tmp_path / "library")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 1 and len(lines) == 3 and err.count("\n") == 2
    for line in lines:
        VALIDATOR.validate(line)
    assert [sorted(line) for line in lines[1:]] == [["error", "photo"]] * 2
    answer = lines[0]
    assert answer["garment"]["role"] == "upper" and answer["looks"] == 4
    lower = answer["partners"][0]
    assert lower["role"] == "lower" and lower["hits"][0]["looks"][0]["image"].startswith("look")


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("garment", "role"), "sock"),
        (("partners", 0, "hits", 0, "product_id"), ""),
        (("partners", 0, "hits", 0, "compatibility"), None),
        (("partners", 0, "hits", 0, "looks", 0, "garment"), 2),
        (("looks",), -1),
        (("ms", "outfit"), None),
    ],
)
def test_what_is_no_answer_does_not_pass(tmp_path: Path, call: Any, where: tuple, value: Any) -> None:
    _, out, _ = call(tmp_path / "green.png", "--json", "--looks", tmp_path / "library")
    line = copy.deepcopy(json.loads(out))
    part = line
    for step in where[:-1]:
        part = part[step]
    part[where[-1]] = value
    assert not VALIDATOR.is_valid(line)


def test_people_read_the_roles_and_the_reasons(tmp_path: Path, call: Any) -> None:
    code, out, _ = call(tmp_path / "green.png", "--looks", tmp_path / "library", "--top-k", "2")
    assert code == 0 and "with the upper at" in out and "4 looks asked" in out
    assert "seen together in look" in out and "footwear" in out


def test_looks_beside_the_store_are_taken_by_themselves(tmp_path: Path, call: Any) -> None:
    assert json.loads(call(tmp_path / "green.png", "--json")[1])["looks"] == 0
    (tmp_path / "library").rename(tmp_path / "shop/store-looks")
    assert json.loads(call(tmp_path / "green.png", "--json")[1])["looks"] == 4


def test_only_what_is_asked_for_comes(tmp_path: Path, call: Any) -> None:
    _, out, _ = call(tmp_path / "green.png", "--json", "--with", "footwear", "--top-k", "1")
    (partners,) = json.loads(out)["partners"]
    assert partners["role"] == "footwear" and len(partners["hits"]) == 1


def test_a_page_shows_photos_products_and_looks(tmp_path: Path, call: Any) -> None:
    for n in range(4):
        photo_of("blue", tmp_path / f"look{n}.jpg")
    words = [tmp_path / "green.png", "--looks", tmp_path / "library", "--html", tmp_path / "page.html"]
    code, _, err = call(*words, "--images", tmp_path / "shop", "--look-images", tmp_path)
    page = (tmp_path / "page.html").read_text()
    assert code == 0 and "page.html: 1 photo\n" in err
    assert "with this upper" in page and "The red Jeans" in page and "seen together in" in page
    assert ".p0{background-image" in page and ".l0{background-image" in page


def test_a_page_lists_the_photos_without_an_answer(tmp_path: Path, call: Any) -> None:
    (tmp_path / "bad.jpg").write_text("no photo")
    words = [tmp_path / "green.png", tmp_path / "bad.jpg", "--html", tmp_path / "page.html"]
    assert call(*words)[0] == 1
    page = (tmp_path / "page.html").read_text()
    assert "Not answered: 1" in page and "bad.jpg: not an image" in page


def test_a_stopped_page_has_what_was_found(
    tmp_path: Path, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    outfit, asked = Retriever.outfit, []

    def once(*given: Any, **more: Any) -> Any:
        if asked:
            raise KeyboardInterrupt
        asked.append(given)
        return outfit(*given, **more)

    monkeypatch.setattr(Retriever, "outfit", once)
    code, _, err = call(tmp_path / "green.png", tmp_path / "green.png", "--html", tmp_path / "page.html")
    assert code == 130 and "the page has what was found until then" in err
    assert "with this upper" in (tmp_path / "page.html").read_text()


def test_what_a_page_does_not_show_is_said_with_the_remedy(tmp_path: Path, call: Any) -> None:
    words = [tmp_path / "green.png", "--looks", tmp_path / "library", "--html", tmp_path / "page.html"]
    code, _, err = call(*words)
    page = (tmp_path / "page.html").read_text()
    for what, option in (("products", "--images"), ("looks", "--look-images")):
        said = f"The pictures of {what} are not shown: name the folder that they start from with {option}."
        assert said in err.splitlines() and said in page
    assert code == 0
    _, _, err = call(*words, "--images", tmp_path / "library", "--look-images", tmp_path)
    said = "pictures of products cannot be read: --images is to name the folder that they start from."
    assert said in err and said in (tmp_path / "page.html").read_text()
    assert "pictures of looks cannot be read: --look-images" in err


def test_pictures_for_a_page_that_is_not_written_are_refused(tmp_path: Path, call: Any) -> None:
    for option in ("--images", "--look-images"):
        code, out, err = call(tmp_path / "green.png", option, tmp_path)
        assert (code, out) == (2, "") and f"{option} is for --html; give that as well" in err


def test_a_folder_that_is_not_there_is_refused_before_any_photo(tmp_path: Path, call: Any) -> None:
    for option in ("--images", "--look-images"):
        code, out, err = call(tmp_path / "green.png", "--html", tmp_path / "p.html", option, tmp_path / "no")
        assert (code, out) == (2, "") and f"{option} {tmp_path / 'no'}: no such folder" in err
    code, out, err = call(tmp_path / "green.png", "--html", tmp_path)
    assert (code, out) == (2, "") and "name a file in a folder that is there" in err


def test_faults_are_one_line(tmp_path: Path, call: Any) -> None:
    code, _, err = call(tmp_path / "green.png", "--looks", tmp_path / "nowhere")
    assert code == 1 and err.count("\n") == 1 and "nowhere" in err
    assert call(tmp_path / "green.png", "--with", "socks")[0] == 2
