"""Polyvore Outfits in its own format: both versions, both questions, faults by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from outfit_things import make_head, make_outfit_bundle
from pocketshelf_training.__main__ import main
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.polyvore_outfits import Blank, load
from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.outfits.polyvore import figures, outfit_score

KINDS = {
    "11": "tops",
    "12": "bottoms",
    "13": "shoes",
    "21": "tops",
    "22": "bottoms",
    "23": "shoes",
    "24": "jewellery",
}
SETS = [
    {"set_id": "1", "items": [{"item_id": item, "index": n} for n, item in enumerate(("11", "12", "13"), 1)]},
    {
        "set_id": "2",
        "items": [{"item_id": item, "index": n} for n, item in enumerate(("21", "22", "23", "24"), 1)],
    },
]
BLANKS = [{"question": ["1_1", "1_2"], "answers": ["2_3", "1_3", "2_1", "2_4"], "blank_position": 3}]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    for number, item in enumerate(KINDS):
        Image.new("RGB", (40, 40), (30 * number, 90, 200 - 20 * number)).save(
            tmp_path / "images" / f"{item}.jpg"
        )
    about = {item: {"semantic_category": kind, "title": ""} for item, kind in KINDS.items()}
    (tmp_path / "polyvore_item_metadata.json").write_text(json.dumps(about))
    for version in ("disjoint", "nondisjoint"):
        base = tmp_path / version
        base.mkdir()
        for split in ("train", "valid", "test"):
            (base / f"{split}.json").write_text(json.dumps(SETS if version == "disjoint" else SETS[:1]))
        if version == "disjoint":
            (base / "compatibility_test.txt").write_text(
                "1 1_1 1_2 1_3\n0 1_1 2_2 2_4\n1   2_1 2_2 2_3 2_4\n"
            )
            (base / "fill_in_blank_test.json").write_text(json.dumps(BLANKS))
        else:
            (base / "compatibility_test.txt").write_text("1 1_1 1_2\n0 1_1 1_3\n")
            (base / "fill_in_blank_test.json").write_text("[]")
    return tmp_path


def test_outfits_questions_and_roles_are_read(folder: Path) -> None:
    found = load(folder)
    assert found.outfits == {"1": ("11", "12", "13"), "2": ("21", "22", "23", "24")}
    assert found.compatibility == (
        (("11", "12", "13"), True), (("11", "22", "24"), False), (("21", "22", "23", "24"), True)
    )  # fmt: skip
    assert found.blanks == (Blank(("11", "12"), ("23", "13", "21", "24"), 1),)
    assert found.roles["12"] == "lower" and "24" not in found.roles
    assert found.image("12") == folder / "images/12.jpg"


def test_the_versions_are_told_apart_and_train_needs_no_questions(folder: Path) -> None:
    assert len(load(folder, "nondisjoint").compatibility) == 2
    train = load(folder, "disjoint", "train")
    assert len(train.outfits) == 2 and train.blanks == ()
    with pytest.raises(DataMissing, match="compatibility_valid"):
        load(folder, "disjoint", "valid")


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("compatibility_test.txt", "2 1_1 1_2\n", "compatibility_test.txt:1: begins with '2'"),
        ("compatibility_test.txt", "1 1_1 9_9\n", "'9_9' is in no outfit"),
        ("fill_in_blank_test.json", json.dumps([{"question": [], "answers": []}]), "question 1"),
        ("fill_in_blank_test.json", json.dumps([{**BLANKS[0], "answers": ["2_1", "2_2"]}]), "0 answers"),
        ("test.json", json.dumps([{"items": []}]), "no outfits of Polyvore"),
    ],
)
def test_what_is_not_as_described_is_named(folder: Path, file: str, content: str, says: str) -> None:
    (folder / "disjoint" / file).write_text(content)
    with pytest.raises(DataDamaged, match=says):
        load(folder)


def test_another_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match="Polyvore"):
        load(tmp_path)


def test_an_outfits_score_is_the_mean_of_its_pairs_and_what_has_no_role_is_left_out(folder: Path) -> None:
    outfits, head = load(folder), make_head()
    rows = head.project(np.random.default_rng(0).normal(size=(7, head.dimension)), "shop")
    projected = dict(zip(KINDS, rows, strict=True)).__getitem__

    def pair(a: str, b: str) -> float:
        roles = outfits.roles
        return float(head.compatibility(roles[a], projected(a), roles[b], projected(b)[None])[0])

    score = outfit_score(("21", "22", "23", "24"), outfits, head, projected)
    assert score == pytest.approx(np.mean([pair("21", "22"), pair("21", "23"), pair("22", "23")]))
    assert outfit_score(("21", "24"), outfits, head, projected) == 0
    assert outfit_score(("21", "11"), outfits, head, projected) == 0  # two tops are no pair


def test_figures_follow_from_the_scores(folder: Path) -> None:
    outfits, head = load(folder), make_head()
    rows = head.project(np.random.default_rng(1).normal(size=(7, head.dimension)), "shop")
    projected = dict(zip(KINDS, rows, strict=True)).__getitem__
    found = figures(outfits, head, projected)
    true = [outfit_score(i, outfits, head, projected) for i, label in outfits.compatibility if label]
    (false,) = [outfit_score(i, outfits, head, projected) for i, label in outfits.compatibility if not label]
    assert found["AUC"] == np.mean([t > false for t in true]) and found["outfits"] == 3
    assert found["FITB"] in (0.0, 1.0) and found["blanks"] == 1


def test_the_command_measures_both_versions(folder: Path, capsys: Any) -> None:
    bundle = make_outfit_bundle(folder / "bundle")
    assert main(["polyvore", str(folder), "--bundle", str(bundle.folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert set(found) == {"disjoint", "nondisjoint"} and found["disjoint"]["outfits"] == 3
