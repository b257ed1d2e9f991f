"""``contract/schemas/answer.schema.json``: the lines that the commands print pass, and others do not."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from drawn_things import COLOURS, draw_thing
from json_edits import put
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.cli import main
from pocketshelf.errors import ServerError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.types import Hit

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "contract/schemas/answer.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)


@pytest.fixture
def store(shop: Path, fake_bundle: Bundle) -> Path:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)
    return shop / "store"


@pytest.fixture
def photos(tmp_path: Path) -> list[str]:
    """One with a thing, one without, one that cannot be read."""
    draw_thing(COLOURS["red"][0], (320, 260)).save(tmp_path / "red.png")
    Image.new("RGB", (60, 40), "white").save(tmp_path / "blank.png")
    return [str(tmp_path / name) for name in ("red.png", "blank.png", "gone.png")]


@pytest.fixture
def lines(photos: list[str], fake_bundle: Bundle, capsys: pytest.CaptureFixture[str]):
    def call(command: str, *options: object) -> list[dict[str, Any]]:
        main([command, *photos, "--bundle", str(fake_bundle.folder), "--json", *map(str, options)])
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return call


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_every_line_of_search_and_detect_passes(store: Path, lines: Any) -> None:
    searched, whole = lines("search", "--store", store), lines("search", "--store", store, "--whole")
    detected = lines("detect")
    assert [len(each) for each in (searched, whole, detected)] == [3, 3, 3]
    for line in (*searched, *whole, *detected):
        VALIDATOR.validate(line)
    assert ["error" in line for line in searched] == [False, False, True]
    assert searched[0]["regions"][0]["hits"] and "hits" not in detected[0]["regions"][0]


def test_a_line_of_the_trained_models_passes(trained_bundle: Path, shop: Path, photos: list[str]) -> None:
    build_store(shop / "catalogue.csv", shop / "trained", bundle=trained_bundle)
    with Retriever.open(shop / "trained", trained_bundle) as retriever:
        VALIDATOR.validate(json.loads(json.dumps(retriever.search(photos[0]).to_json())))
        VALIDATOR.validate(json.loads(json.dumps(retriever.encoder.detect(photos[0]).to_json())))


class Server:
    """A fallback that has one more product, or is away."""

    def __init__(self, away: bool) -> None:
        self.away = away

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        if self.away:
            raise ServerError("away")
        return [Hit("far", 1.0, "", "Red things")]


@pytest.mark.parametrize(("away", "said"), [(False, True), (True, "unavailable")])
def test_a_line_with_the_server_s_part_passes(
    store: Path, fake_bundle: Bundle, photos: list[str], away: bool, said: object
) -> None:
    with Retriever.open(store, fake_bundle, fallback=Server(away)) as retriever:
        line = json.loads(json.dumps(retriever.search(photos[0], fallback=True).to_json()))
    assert line["fallback"] == said
    VALIDATOR.validate(line)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("photo", None),
        ("width", 0),
        ("width", 1.5),
        ("local_recall", 1.1),
        ("local_recall", "high"),
        ("fallback", "perhaps"),
        ("fallback", None),
        ("store", 7),
        ("store/space", ""),
        ("store/sequence", -1),
        ("ms/embed", None),
        ("ms/total", -1),
        ("regions", {}),
        ("regions", []),
        ("regions/0/box", [0, 0, 1]),
        ("regions/0/box", [0, 0, 1, "1"]),
        ("regions/0/group", None),
        ("regions/0/score", 1.5),
        ("regions/0/categories/0", ["Red things"]),
        ("regions/0/categories/0/1", 2),
        ("regions/0/attributes/shade", "dark"),
        ("regions/0/hits", None),
        ("regions/0/hits/0/product_id", 7),
        ("regions/0/hits/0/score", 2),
        ("regions/0/hits/0/source", "elsewhere"),
        ("error", "both an answer and none"),
    ],
)
def test_other_lines_are_refused(store: Path, lines: Any, where: str, value: Any) -> None:
    line = copy.deepcopy(lines("search", "--store", store)[0])
    assert VALIDATOR.is_valid(line)
    put(line, [int(step) if step.isdigit() else step for step in where.split("/")], value)
    assert not VALIDATOR.is_valid(line)


def test_a_detection_has_no_hits(lines: Any) -> None:
    line = lines("detect")[0]
    line["regions"][0]["hits"] = []
    assert not VALIDATOR.is_valid(line)


def test_fields_to_come_are_no_error(store: Path, lines: Any) -> None:
    line = lines("search", "--store", store)[0]
    line["regions"][0]["confidence"] = 0.5
    line["regions"][0]["hits"][0]["image"] = "red.png"
    VALIDATOR.validate(line)
