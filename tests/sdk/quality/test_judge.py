"""From a photo to what the shopper is told: with measured signals alone, and with a bundle's network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from fake_models import make_bundle, with_judge
from pocketshelf import Encoder, Retriever, build_store
from pocketshelf.cli import main
from pocketshelf.errors import BundleError, PhotoError
from pocketshelf.formats.bundle import Bundle, load_bundle, write_bundle
from pocketshelf.quality import ADVICE, FAULTS, Fault, Judge, built_in_rules, judge, parse_rules
from pocketshelf.quality.faults import spoken
from pocketshelf.stages.preprocess import read_photo
from pocketshelf.types import Detection, Quality


@pytest.fixture
def judged(tmp_path: Path) -> Bundle:
    return with_judge(make_bundle(tmp_path / "judged"))


def test_the_built_in_rules_know_every_fault_and_need_no_network() -> None:
    rules = built_in_rules()
    assert set(rules) == set(FAULTS) and set(ADVICE) < set(FAULTS)
    assert not [name for rule in rules.values() for name in rule.weights if name.startswith("net_")]
    assert all(0 < rule.likely <= rule.sure <= 1 for rule in rules.values())


def test_a_photo_in_the_dark_is_told_so_without_any_model(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scene = np.asarray(draw_thing(COLOURS["red"][0], (300, 400)).convert("RGB")) * 0.06 + rng.normal(
        3, 2, (400, 300, 3)
    )
    path = tmp_path / "dark.png"
    Image.fromarray(scene.clip(0, 255).astype(np.uint8)).save(path)
    found = judge(path)
    assert found.faults[0][0] == "too_dark" and found.advice == ADVICE["too_dark"]


def test_what_needs_boxes_is_not_judged_without() -> None:
    photo = read_photo(np.full((50, 40, 3), 120, np.uint8))
    without, with_boxes = (Judge().faults(photo, found) for found in (None, []))
    assert {f.code for f in with_boxes} == set(FAULTS)
    assert {"too_dark", "blurred", "over_exposed", "collage"} <= {f.code for f in without} < set(FAULTS)


def test_the_first_to_mend_is_in_front_and_gives_the_advice() -> None:
    found = [Fault(code, 0.9, True, True) for code in FAULTS] + [Fault("blurred", 0.2, False, False)]
    told = spoken(found)
    assert told.faults[0] == ("too_dark", 0.9) and told.advice == ADVICE["too_dark"]
    assert not {"not_full_body", "runway"} & {code for code, _ in told.faults}
    assert {code for code, _ in spoken(found, looks=True).faults} == set(FAULTS)
    assert spoken([Fault("runway", 1.0, True, True)], looks=True) == Quality((("runway", 1.0),), None)
    assert spoken([Fault("blurred", 0.7, True, False)]) == Quality()


def test_a_bundle_s_network_judges_search_and_detect(judged: Bundle, shop: Path, tmp_path: Path) -> None:
    dark, good = np.full((64, 48, 3), 5, np.uint8), np.full((64, 48, 3), 128, np.uint8)
    build_store(shop / "catalogue.csv", tmp_path / "s", bundle=judged)
    with Retriever.open(tmp_path / "s", judged) as retriever:
        for whole in (False, True):
            line = retriever.search(dark, whole=whole).to_json()
            assert (
                line["quality"]["faults"][0][0] == "too_dark"
                and line["quality"]["advice"] == ADVICE["too_dark"]
            )
        assert retriever.search(good).to_json()["quality"] == {"faults": [], "advice": None}
        assert retriever.encoder.detect(dark).quality == retriever.search(dark).quality


def test_a_bundle_without_judges_nothing(fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle)
    assert encoder.judge is None and encoder.encode(np.zeros((9, 9, 3), np.uint8)).quality is None
    assert "quality" not in encoder.detect(np.zeros((9, 9, 3), np.uint8)).to_json()


def test_a_gallery_s_pictures_are_not_judged(judged: Bundle) -> None:
    encoder = Encoder.open(judged)
    encoder.enrol(np.full((64, 48, 3), 5, np.uint8))
    assert "judge" not in vars(encoder)


def test_the_terminal_says_it(judged: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Image.new("RGB", (60, 40), (4, 4, 4)).save(tmp_path / "dark.png")
    assert main(["detect", str(tmp_path / "dark.png"), "--bundle", str(judged.folder)]) == 0
    assert ADVICE["too_dark"] in capsys.readouterr().out


def test_the_page_says_it(judged: Bundle, shop: Path, tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), (4, 4, 4)).save(tmp_path / "dark.png")
    build_store(shop / "catalogue.csv", tmp_path / "s", bundle=judged)
    words = [
        "search",
        str(tmp_path / "dark.png"),
        "--store",
        str(tmp_path / "s"),
        "--bundle",
        str(judged.folder),
    ]
    assert main([*words, "--html", str(tmp_path / "page.html")]) == 0
    assert "Too dark: find more light" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_the_network_is_written_and_read_with_its_bundle(judged: Bundle) -> None:
    again = load_bundle(judged.folder)
    assert again == judged and again.quality in again.files
    document = json.loads((judged.folder / "bundle.json").read_text())
    assert document["quality"]["faults"] == ["too_dark", "over_exposed"]
    (judged.folder / "quality.fake").write_text("something else")
    with pytest.raises(BundleError, match=r"quality\.fake: not the file"):
        load_bundle(judged.folder)


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"too_loud": {}}, "too_loud.*no fault known here"),
        (
            {"blurred": {"bias": 0, "likely": 0.5, "sure": 0.5, "weights": {"loudness": 1}}},
            "loudness.*no signal",
        ),
        ({"blurred": {"bias": 0, "likely": 0.5, "sure": 2, "weights": {}}}, "sure"),
        ({"blurred": {"likely": 0.5, "sure": 0.5, "weights": {}}}, "bias"),
    ],
)
def test_rules_that_are_none_name_what_is_wrong(rules: dict, why: str) -> None:
    with pytest.raises(BundleError, match=why):
        parse_rules(rules, "bundle.json: quality")


def test_a_network_of_another_number_of_faults_is_refused(judged: Bundle) -> None:
    assert judged.quality is not None
    wrong = write_bundle(replace(judged, quality=replace(judged.quality, faults=("too_dark",))))
    found = Judge.open(wrong)
    assert found is not None
    with pytest.raises(BundleError, match=r"not \[1, 1\] as its bundle says"):
        found.judge(np.zeros((9, 9, 3), np.uint8))


def test_no_photo_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_text("no picture")
    with pytest.raises(PhotoError):
        judge(tmp_path / "a.jpg")


def test_boxes_make_the_difference_between_near_and_far() -> None:
    photo = read_photo(np.full((400, 300, 3), 120, np.uint8))
    near, far = [Detection((30, 30, 240, 340), "goods", 0.9)], [Detection((140, 190, 20, 25), "goods", 0.9)]

    def small(found: list[Detection]) -> float:
        return next(f.score for f in Judge().faults(photo, found) if f.code == "too_small")

    assert small(far) > small(near)
