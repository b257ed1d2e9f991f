"""The golden files of the stages against this build; the phones' cores run the same cases."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contract.golden.generate_stages import CLOSELY, FOLDER, STAGES, cases_of, expected
from contract.golden.stage_cases import answer_shelf, answers_closely
from contract.golden.stage_cases.arrays import unpack
from pocketshelf.closely import CONFIRMED, SURE_INLIERS, is_available
from pocketshelf.formats import Bundle, group_head, open_shard
from pocketshelf.formats.features import parse
from pocketshelf.stages import colours

CLOSE = "answers-closely"
CASES = [
    pytest.param(
        name,
        case,
        id=f"{name}: {case['name']}",
        marks=pytest.mark.skipif(name == CLOSE and not is_available(), reason="looks closely: needs OpenCV"),
    )
    for name in STAGES
    for case in cases_of(name)
]


def differences(found: Any, wanted: Any, tolerance: float, where: str = "") -> list[str]:
    """Where the two differ: a float by more than ``tolerance``, anything else at all."""
    if where.endswith(".inliers"):  # Of floats of another processor a point lies in or out.
        return [] if abs(found - wanted) <= 1 + wanted / 10 else [f"{where}: {found}"]
    if isinstance(found, float) and isinstance(wanted, float | int):
        return [] if math.isclose(found, wanted, abs_tol=tolerance, rel_tol=0) else [f"{where}: {found}"]
    if isinstance(found, dict) and isinstance(wanted, dict) and list(found) == list(wanted):
        parts = [(f"{where}.{key}", found[key], wanted[key]) for key in found]
    elif isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        parts = [(f"{where}[{i}]", *pair) for i, pair in enumerate(zip(found, wanted, strict=True))]
    else:
        return [] if found == wanted and type(found) is type(wanted) else [f"{where}: {found}"]
    return [problem for place, a, b in parts for problem in differences(a, b, tolerance, place)]


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_sdk_answers_as_the_golden_file_says(name: str, case: dict[str, Any]) -> None:
    found, wanted = expected(name, case), case["expected"]
    if name == CLOSE:
        move_boxes(found["line"], wanted["line"])
    assert differences(found, wanted, STAGES[name].tolerance) == []


def move_boxes(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Boxes of prints, which lie where a homography says: near is as good as equal."""
    for region, other in zip(found["regions"], wanted["regions"], strict=True):
        near = np.abs(np.subtract(region["box"], other["box"])).max() <= 0.01 * max(found["width"], 640)
        if region["group"] == "frame" and near:
            region["box"] = other["box"]


def test_every_file_has_its_stage_and_says_what_it_is() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == {*STAGES, CLOSELY}
    for name, stage in STAGES.items():
        document = json.loads((FOLDER / f"{name}.json").read_text())
        assert (document["about"], document["tolerance"]) == (stage.about, stage.tolerance)


def test_the_files_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1_600_000


@pytest.mark.parametrize("name", STAGES)
def test_the_generator_makes_cases_of_these_names(name: str) -> None:
    assert [case["name"] for case in STAGES[name].make()] == [case["name"] for case in cases_of(name)]


def named(stage: str, name: str) -> dict[str, Any]:
    (found,) = (case for case in cases_of(stage) if case["name"] == name)
    return found


def test_the_cases_stage_what_their_names_say() -> None:
    assert len(named("detect", "much, more than fifty boxes")["expected"]["boxes"]) == 50
    best = unpack(named("detect", "of more than 300 of a group the best")["scores"])
    assert (best > 0.05).sum(axis=1).min() > 300
    assert named("detect", "nothing")["expected"]["boxes"] == []
    tied = named("detect", "all of the same score: the first point wins")["expected"]["boxes"]
    assert len({box["score"] for box in tied[:20]}) == 1
    assert len(named("regions", "at most eight, the most central first")["expected"]["chosen"]) == 8
    assert len(named("regions", "one thing seen as two")["expected"]["chosen"]) == 2
    assert len(named("route", "none stands out: everything")["expected"]["routed"]) == 12


def test_equal_vectors_are_in_the_order_of_their_ids_code_points() -> None:
    for name in ("equal vectors go by the ids' code points", "more equal vectors than candidates"):
        for hits in named("scan", name)["expected"]["hits"]:
            assert hits == sorted(hits, key=lambda hit: (-hit[1], hit[0]))
    (first, *_) = named("scan", "equal vectors go by the ids' code points")["expected"]["hits"]
    assert len({score for _, score in first}) == 2


def test_no_expected_rank_hangs_on_less_than_the_tolerance() -> None:
    # Else a core could be right and fail: scores are equal, or apart.
    for stage in ("scan", "rerank", "colours"):
        for case in cases_of(stage):
            # A server's hits that fall by colour are in their own order.
            found = [] if "among" in case else case["expected"].get("hits", [])
            lists = found if stage == "scan" else [found]
            for hits in lists:
                gaps = [a[1] - b[1] for a, b in itertools.pairwise(hits)]
                assert all(gap == 0 or gap > 10 * STAGES[stage].tolerance for gap in gaps), case["name"]


@pytest.mark.parametrize("share", [0.49, 0.51])
def test_no_expected_group_hangs_on_the_last_digits_of_a_probability(
    share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_head, "SHARE", share)
    for case in cases_of("groups"):
        assert expected("groups", case) == case["expected"], case["name"]


@pytest.mark.parametrize("shift", [-1e-3, 1e-3])
def test_no_expected_palette_hangs_on_the_last_digits_of_a_colour(
    shift: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, some = colours._lab, np.random.default_rng(1584).uniform(-1e-6, 1e-6, (48, 48))
    monkeypatch.setattr(colours, "_MIDDLE_WEIGHTS", colours._middle() * (1 + some))
    for moved in shift * np.eye(3):
        monkeypatch.setattr(colours, "_lab", lambda rgb, moved=moved: lab(rgb) + moved)
        for case in cases_of("colours"):
            if "palette" in case["expected"]:
                assert expected("colours", case) == case["expected"], case["name"]


def test_the_colours_stage_what_their_names_say() -> None:
    cases = {case["name"]: case["expected"] for case in cases_of("colours")}
    ground = "e4e0e9"
    assert ground not in cases["a thing on a plain ground: without the ground"]["palette"]
    for name in ("a thing too small: the ground, too", "a thing across much of the edge: a ground no more"):
        assert cases[name]["palette"].startswith(ground)
    likest, *broken = cases["what is no palette"]["likeness"]
    assert (likest[0] > 0.99, any(likest[1:])) == (True, False)
    assert not any(any(row) for row in broken)
    order = [name for name, _ in cases["hits with and without palettes"]["hits"]]
    assert order != sorted(order)
    # The ninth picture, which is alike, is not looked at.
    scores = dict(cases["hits with and without palettes"]["hits"])
    assert scores["h"] < max(scores.values()) - 0.1
    assert cases["greys, each a little to another side: one colour"]["palette"].endswith(":100")
    alone = cases["two kinds: each is compared within itself"]["hits"]
    assert (max(scores.values()), max(score for name, score in alone if name > "e")) == (0.81, 0.775)
    assert cases["a server's hits alone"]["hits"][0][1] < 0.81


def test_what_lies_in_a_category_moves_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    skirts = named("answers", "a category by its name")
    monkeypatch.setattr(Bundle, "group_head", None)
    assert expected("answers", skirts) != skirts["expected"]


def test_the_close_answers_stage_what_their_names_say() -> None:
    lines = {case["name"]: case["expected"] for case in cases_of(CLOSE)}
    first = {
        name: [
            (region["hits"][0]["product_id"], region["hits"][0].get("inliers", 0))
            for region in each["line"]["regions"]
        ]
        for name, each in lines.items()
    }
    sure = "a cover that the embedding ranks behind: sure, and no server is asked"
    without = "the same without a close look: it is asked"
    assert first[sure][0][0] == "Mi01" and lines[sure]["asks"] == []
    assert first[without][0][1] == 0 and len(lines[without]["asks"]) == 1
    two = "two covers, and a box of one: the other has a region of its own"
    assert [name for name, _ in first[two]] == ["Co03", "Sh02"]
    assert [each["group"] for each in lines[two]["line"]["regions"]] == ["frame", "goods"]
    for name in (
        "every answer is confident: nothing is looked at",
        "a cover that is not the shelf's",
        "what is seen is of no asked category",
        "what is seen is not wished for",
    ):
        assert all(inliers == 0 for _, inliers in first[name]), name
        assert lines[name]["line"]["regions"][0]["confident"] is name.startswith("every")
    ((_, few),) = first["few inliers: judged as any other"]
    assert CONFIRMED + 3 <= few <= SURE_INLIERS - 3
    assert not lines["few inliers: judged as any other"]["line"]["regions"][0]["confident"]
    others = [inliers for found in first.values() for _, inliers in found if inliers not in (0, few)]
    assert others and min(others) > 2 * SURE_INLIERS


@pytest.mark.skipif(not is_available(), reason="looks closely: needs OpenCV")
def test_the_close_answers_shelf_is_what_the_generator_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {name: getattr(answers_closely, name) for name in ("SHARD", "FEATURES")}
    for name, path in kept.items():
        monkeypatch.setattr(answers_closely, name, tmp_path / path.name)
    answers_closely.write_shelf()
    with open_shard(tmp_path / "shard.sqlite") as made, open_shard(kept["SHARD"]) as shard:
        assert made.meta == shard.meta
        assert [p.to_row() for p in made.products()] == [p.to_row() for p in shard.products()]
    made_table, table = (
        parse(path.read_bytes(), 50) for path in (answers_closely.FEATURES, kept["FEATURES"])
    )
    assert made_table is not None and table is not None and table.prints == len(answers_closely.PRINTS)
    assert made_table.prints == table.prints and len(made_table.rows) == len(table.rows)


def test_the_answers_shelf_and_bundle_are_what_the_generator_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BUNDLE", "SHARD", "MANIFEST"):
        monkeypatch.setattr(answer_shelf, name, tmp_path / getattr(answer_shelf, name).name)
    answer_shelf.write_shelf()
    kept = FOLDER / "answers"
    assert (tmp_path / "manifest.json").read_text() == (kept / "manifest.json").read_text()
    assert (tmp_path / "bundle/bundle.json").read_text() == (kept / "bundle/bundle.json").read_text()
    with open_shard(tmp_path / "shard.sqlite") as made, open_shard(kept / "shard.sqlite") as shard:
        assert made.meta == shard.meta
        assert [p.to_row() for p in made.products()] == [p.to_row() for p in shard.products()]


def test_answers_stage_both_sides_of_every_threshold() -> None:
    lines = [case["expected"]["line"] for case in cases_of("answers") if "line" in case["expected"]]
    regions = [region for line in lines for region in line["regions"]]
    assert {region["confident"] for region in regions} == {True, False}
    assert {line["fallback"] for line in lines} == {True, False, "unavailable"}
    asked = named("answers", "a server is asked where that does not suffice")["expected"]
    assert 0 < len(asked["asks"]) < len(asked["line"]["regions"])
    assert any(hit["source"] == "server" for region in regions for hit in region["hits"])
    bundle = json.loads((FOLDER / "answers/bundle/bundle.json").read_text(encoding="utf-8"))
    threshold = bundle["recall"]["confidence"]["threshold"]
    assert all(abs(region["confidence"] - threshold) > 0.002 for region in regions)
    assert named("answers", "an unknown category")["expected"] == {"error": True}
    turned, upright = (
        named("answers", name)["expected"]["line"]["regions"][0]
        for name in (
            "any way up: a turned look is ahead, and no surer of itself",
            "nobody asks for any way up",
        )
    )
    assert turned["hits"][0]["score"] > upright["hits"][0]["score"] + 0.03
    assert turned["box"] != upright["box"] and turned["confidence"] <= upright["confidence"]
