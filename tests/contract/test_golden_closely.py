"""The golden file of a close look against this build; the phones' cores read the same."""

from __future__ import annotations

import base64
import itertools
import json
from typing import Any

import numpy as np
import pytest

from contract.golden.generate_stages import CLOSELY, path_of
from contract.golden.stage_cases import closely
from contract.golden.stage_cases.closely_drawing import cover
from pocketshelf.closely import CONFIRMED, geometry
from pocketshelf.closely.words import _distances
from pocketshelf.formats.features import parse

pytest.importorskip("cv2")

DOCUMENT: dict[str, Any] = json.loads(path_of(CLOSELY).read_text(encoding="utf-8"))
PHOTOS = [pytest.param(photo, id=photo["name"]) for photo in DOCUMENT["photos"]]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return json.loads(json.dumps(closely.with_answers(DOCUMENT)))


def named(document: dict[str, Any], part: str, name: str) -> dict[str, Any]:
    (entry,) = (each for each in document[part] if each["name"] == name)
    return entry


def test_what_is_whole_numbers_is_equal(found: dict[str, Any]) -> None:
    for part in ("refused", "words", "deciding", "matches"):
        assert found[part] == DOCUMENT[part], part
    assert (DOCUMENT["about"], DOCUMENT["tolerance"]) == (closely.ABOUT, closely.TOLERANCE)


@pytest.mark.parametrize("photo", PHOTOS)
def test_a_photos_grey_picture_and_features_are_the_files(
    photo: dict[str, Any], found: dict[str, Any]
) -> None:
    again = named(found, "photos", photo["name"])
    assert again["grey"] == photo["grey"]
    if photo["features"] is None:
        assert again["features"] is None
        return
    # Of floats of another processor one strength may pass another.
    both = set(photo["features"]["descriptors"]) & set(again["features"]["descriptors"])
    assert len(both) >= (1 - closely.TOLERANCE) * len(set(photo["features"]["descriptors"]))
    assert again["votes"][:1] == photo["votes"][:1]


@pytest.mark.parametrize("photo", PHOTOS)
def test_the_sightings_are_the_files(photo: dict[str, Any], found: dict[str, Any]) -> None:
    seen, again = photo["sightings"], named(found, "photos", photo["name"])["sightings"]
    assert [each["product_id"] for each in seen] == [each["product_id"] for each in again]
    for one, other in zip(seen, again, strict=True):
        assert abs(one["inliers"] - other["inliers"]) <= closely.TOLERANCE * one["inliers"] + 1
        apart = np.abs(np.array(one["corners"]) - np.array(other["corners"])).max()
        assert apart <= closely.TOLERANCE * max(photo["size"])


@pytest.mark.parametrize("rounds", [200, 1000])
def test_no_sighting_hangs_on_the_luck_of_the_draw(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # A core draws other samples: what is seen must not depend on them, nor any that is not.
    monkeypatch.setattr(geometry, "RANSAC_ROUNDS", rounds)
    for photo in closely.with_answers(DOCUMENT)["photos"]:
        expected = named(DOCUMENT, "photos", photo["name"])["sightings"]
        assert [each["product_id"] for each in photo["sightings"]] == [e["product_id"] for e in expected]
        assert all(each["inliers"] >= 2 * CONFIRMED for each in photo["sightings"])


def test_changes_lead_from_one_table_to_the_other() -> None:
    before, delta, after = (base64.b64decode(DOCUMENT["changes"][name]) for name in ("from", "delta", "to"))
    table = parse(before)
    changed = None if table is None else table.changed(delta)
    assert changed is not None and changed.to_bytes() == after
    counts = [[0 if each is None else len(each.rows) for each in t.each()] for t in (table, changed) if t]
    assert counts == [[30, 0, 24, 26, 0], [30, 25, 0, 24, 0]]


def test_every_edit_is_refused_and_the_photos_stage_what_their_names_say() -> None:
    assert not any(each["accepted"] for each in DOCUMENT["refused"])
    assert {each["of"] for each in DOCUMENT["refused"]} == {"table", "delta"}
    seen = {each["name"]: [s["product_id"] for s in each["sightings"]] for each in DOCUMENT["photos"]}
    assert seen["a cover, found clearly; larger than 640"] == ["c02"]
    assert sorted(seen["two covers; of the size that is looked at"]) == ["c04", "c07"]
    assert seen["upside down"] == ["c09"] and seen["none of the shelf's"] == []
    assert named(DOCUMENT, "photos", "so narrow that it has no corners")["grey"] is None
    (left, *_), *_ = named(DOCUMENT, "photos", "upside down")["sightings"][0]["corners"]
    assert left > 400, "its upper left corner lies to the right"


def test_words_are_probed_where_several_are_as_near() -> None:
    words = closely.table_of(DOCUMENT).words
    given = np.array([list(bytes.fromhex(each)) for each in DOCUMENT["words"]["descriptors"]], np.uint8)
    bits = _distances(given, words)
    tied = 0
    for row, places in zip(bits, DOCUMENT["words"]["assigned"], strict=True):
        pairs = [(int(row[place]), place) for place in places]
        assert pairs == sorted((int(d), place) for place, d in enumerate(row))[: len(places)]
        tied += any(a[0] == b[0] for a, b in itertools.pairwise(pairs))
    assert tied >= 3


def test_the_generator_draws_the_same_covers_and_cases() -> None:
    assert cover(3).tobytes() == cover(3).tobytes() != cover(4).tobytes()
    made = closely.inputs()
    for part in ("photos", "deciding", "refused"):
        names = [each["name"] for each in DOCUMENT[part]]
        assert [each["name"] for each in made[part]] == names
    assert (made["ids"], made["ids"]) == (DOCUMENT["ids"], sorted(made["ids"]))
    size = sum(path.stat().st_size for path in (closely.IMAGES / "closely").iterdir())
    assert size < 500_000
