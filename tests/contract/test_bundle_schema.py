"""``contract/schemas/bundle.schema.json``: bundles pass, and what `load_bundle` refuses does not."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fake_models import make_bundle, with_judge
from json_edits import put
from pocketshelf.errors import BundleError
from pocketshelf.formats.bundle import FileSpec, load_bundle, write_bundle
from pocketshelf.quality import parse_rules
from pocketshelf.recall.model import parse_confidence, parse_recall
from pocketshelf.recall.signals import CONFIDENCE_FEATURES, FEATURES, RECALL_FEATURES

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "contract/schemas/bundle.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
RECALL = {
    "version": 1,
    "k": 10,
    "threshold": 0.5,
    "bias": 1.0,
    "features": {"top_score": {"mean": 0, "scale": 1, "weight": 1}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle with every optional part."""
    bundle = make_bundle(tmp_path / "bundle", frame_weight={"goods": 0.25})
    (bundle.folder / "enrolment.npz").write_bytes(b"vectors")
    (bundle.folder / "outfit.npz").write_bytes(b"a head")
    (bundle.folder / "CARD.md").write_text("# A card")
    shade = replace(bundle.embedder.attributes["shade"], categories=("Red things",))
    embedder = replace(bundle.embedder, attributes={"shade": shade})
    whole = replace(
        bundle,
        embedder=embedder,
        recall=RECALL,
        enrolment=FileSpec("enrolment.npz"),
        outfit=FileSpec("outfit.npz"),
        card="CARD.md",
    )
    return with_judge(write_bundle(whole)).folder


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", ["models/first", "contract/golden/bundle-v1"])
def test_committed_bundles_pass(name: str) -> None:
    VALIDATOR.validate(json.loads((ROOT / name / "bundle.json").read_text(encoding="utf-8")))


def test_what_is_written_passes_with_and_without_its_optional_parts(folder: Path, tmp_path: Path) -> None:
    plain = make_bundle(tmp_path / "plain", detector=False)
    for each in (folder, plain.folder, write_bundle(replace(plain, recall=None)).folder):
        VALIDATOR.validate(json.loads((each / "bundle.json").read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("format", "something"),
        ("version", 2),
        ("version", True),
        ("space", None),
        ("space", ""),
        ("embedder", None),
        ("embedder", 7),
        ("embedder/file", "../embedder.fake"),
        ("embedder/file", "/etc/passwd"),
        ("embedder/file", "C:embedder"),
        ("embedder/sha256", "12"),
        ("embedder/bytes", -1),
        ("embedder/precision", None),
        ("embedder/dimension", 0),
        ("embedder/categories", []),
        ("embedder/categories", ["a", "a"]),
        ("embedder/temperature", 0),
        ("embedder/preprocessing/size", [64]),
        ("embedder/preprocessing/size", [1, 2, 3]),
        ("embedder/preprocessing/margin", -1),
        ("embedder/preprocessing/filter", "lanczos"),
        ("embedder/preprocessing/version", 2),
        ("embedder/preprocessing_hash", None),
        ("embedder/outputs/categories", None),
        ("embedder/outputs/embedding", -1),
        ("embedder/attributes/shade/output", -1),
        ("embedder/attributes/shade/labels", None),
        ("detector/groups", None),
        ("detector/strides", [8, 0]),
        ("detector/strides", [8]),
        ("detector/outputs/distances", None),
        ("detector/score_threshold", "much"),
        ("detector/nms_iou", 1.5),
        ("detector/frame_weight/goods", 1.5),
        ("enrolment/sha256", None),
        ("quality/faults", []),
        ("quality/preprocessing_hash", None),
        ("quality/rules", 3),
        ("quality/rules/too_dark/bias", None),
        ("quality/rules/too_dark/likely", 1.5),
        ("quality/rules/too_dark/weights/net_too_dark", "much"),
        ("recall/version", 3),
        ("recall/k", 0),
        ("recall/threshold", 1.5),
        ("recall/bias", None),
        ("recall/features/top_score/scale", 0),
        ("recall/features/top_score/weight", None),
        ("recall/features/novel", {"mean": 0, "scale": 1, "weight": 1}),
    ],
)
def test_the_schema_refuses_what_the_reader_refuses(folder: Path, where: str, value: Any) -> None:
    path = folder / "bundle.json"
    document = json.loads(path.read_text())
    assert VALIDATOR.is_valid(document)
    put(document, where.split("/"), value)
    assert not VALIDATOR.is_valid(document)
    path.write_text(json.dumps(document))
    with pytest.raises(BundleError):
        bundle = load_bundle(folder)
        parse_recall(bundle.recall)
        parse_rules(bundle.quality.rules if bundle.quality else {}, "bundle.json")


def test_both_ignore_what_they_do_not_know(folder: Path) -> None:
    path = folder / "bundle.json"
    document = json.loads(path.read_text())
    more = copy.deepcopy(document)
    more["colour"] = more["embedder"]["colour"] = more["recall"]["colour"] = "mauve"
    VALIDATOR.validate(more)
    before = load_bundle(folder)
    path.write_text(json.dumps(more))
    assert replace(load_bundle(folder), recall=before.recall) == before


def test_the_schema_names_the_features_that_there_are() -> None:
    kinds = {
        "features_1": FEATURES,
        "features_2": RECALL_FEATURES,
        "features_confidence": CONFIDENCE_FEATURES,
    }
    for name, features in kinds.items():
        assert SCHEMA["$defs"][name]["propertyNames"]["enum"] == list(features)


TERM = {"mean": 0, "scale": 1, "weight": 1}
CONFIDENCE = {"threshold": 0.5, "bias": 1.0, "features": {"held": TERM}}
VERSION_2 = {**RECALL, "version": 2, "features": {"coverage": TERM}, "confidence": CONFIDENCE}


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("features/top_score", TERM),
        ("bias", None),
        ("confidence", 3),
        ("confidence/threshold", 1.5),
        ("confidence/bias", "x"),
        ("confidence/features/coverage", TERM),
        ("confidence/features/held/scale", 0),
        ("confidence/absent", {}),
        ("confidence/absent", {"threshold": -0.1}),
    ],
)
def test_of_version_2_the_schema_refuses_what_the_reader_refuses(
    folder: Path, where: str, value: Any
) -> None:
    document = json.loads((folder / "bundle.json").read_text()) | {"recall": copy.deepcopy(VERSION_2)}
    VALIDATOR.validate(document)
    assert parse_recall(document["recall"]) and parse_confidence(document["recall"])
    put(document["recall"], where.split("/"), value)
    assert not VALIDATOR.is_valid(document)
    with pytest.raises(BundleError):
        parse_recall(document["recall"])
        parse_confidence(document["recall"])
