"""Bundles: what is written is what is read; whatever does not fit is one clear error that names the field."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fake_models import CATEGORIES, DIMENSION, make_bundle
from json_edits import put
from pocketshelf.errors import BundleError
from pocketshelf.formats import load_bundle, write_bundle
from pocketshelf.formats.bundle import FileSpec, default_bundle, digest
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.formats.turned_head import NAMES, TurnedHead

WEIGHTS = base64.b64encode(bytes(DIMENSION)).decode()
HEAD = {"space": "fake-space", "names": ["goods"], "weights": WEIGHTS, "scales": [1.0], "bias": [0.5]}
TURNED = TurnedHead(NAMES, np.eye(3, DIMENSION, dtype=np.float32), np.zeros(3, np.float32), 0.7).to_json(
    "fake-space"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_bundle(tmp_path / "bundle", frame_weight={"goods": 0.25}).folder


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "bundle.json"
    document = json.loads(path.read_text())
    for where, value in changes.items():
        put(document, where.split("__"), value)
    path.write_text(json.dumps(document))


def test_a_written_bundle_reads_back_the_same(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert write_bundle(bundle) == bundle
    assert (bundle.name, bundle.space, bundle.embedder.categories) == ("fake", "fake-space", CATEGORIES)
    assert bundle.detector is not None and bundle.detector.frame_weight == {"goods": 0.25}
    assert bundle.embedder.attributes["shade"].labels == ("dark", "light")
    assert bundle.embedder.bytes == bundle.embedder_path.stat().st_size
    assert bundle.preprocessing_hash == bundle.embedder.preprocessing.hash


def test_optional_parts_may_be_absent(folder: Path) -> None:
    edit(folder, detector=None, recall=None, embedder__attributes=None, embedder__temperature=None)
    bundle = load_bundle(folder)
    assert bundle.detector is None and bundle.detector_path is None and bundle.recall is None
    assert (bundle.embedder.temperature, dict(bundle.embedder.attributes)) == (1.0, {})


def test_a_group_head_reads_back_as_it_was_rounded(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.group_head is None and bundle.detector is not None
    weights = np.linspace(-2, 1, bundle.embedder.dimension, dtype=np.float32)[None]
    head = GroupHead(bundle.detector.groups[:1], weights, np.array([0.25], np.float32))
    found = write_bundle(replace(bundle, groups=head.to_json(bundle.space))).group_head
    assert found is not None and (found.names, list(found.bias)) == (head.names, [0.25])
    assert np.abs(found.weights - weights).max() <= 0.5 * 2 / 127 + 1e-6
    assert found.to_json(bundle.space) == load_bundle(folder).groups


def test_a_group_head_of_another_space_is_none(folder: Path) -> None:
    edit(folder, groups=HEAD)
    bundle = load_bundle(folder)
    assert bundle.group_head is not None
    own = replace(bundle, space="own", embedder=replace(bundle.embedder, dimension=3))
    assert own.group_head is None


def test_a_head_for_turned_photos_reads_back_and_is_of_its_space(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.turned_head is None
    found = write_bundle(replace(bundle, turned=TURNED)).turned_head
    assert found is not None and found.to_json(bundle.space) == load_bundle(folder).turned == TURNED
    assert replace(load_bundle(folder), space="own").turned_head is None


def test_an_enrolment_is_a_file_like_the_models(folder: Path) -> None:
    (folder / "enrolment.npz").write_bytes(b"vectors")
    bundle = write_bundle(replace(load_bundle(folder), enrolment=FileSpec("enrolment.npz")))
    assert bundle.enrolment is not None and bundle.enrolment.bytes == len(b"vectors")
    assert bundle.enrolment_path == folder / "enrolment.npz"
    assert write_bundle(bundle) == bundle
    (folder / "enrolment.npz").write_bytes(b"others!")
    with pytest.raises(BundleError, match=r"enrolment\.npz: not the file that bundle\.json records"):
        load_bundle(folder)


def test_an_attribute_may_name_the_categories_that_have_it(folder: Path) -> None:
    edit(folder, embedder__attributes__shade__categories=["Red things", "Grey things"])
    bundle = load_bundle(folder)
    assert bundle.embedder.attributes["shade"].categories == ("Red things", "Grey things")
    assert write_bundle(bundle) == bundle
    edit(folder, embedder__attributes__shade__categories=["Nothing"])
    with pytest.raises(BundleError, match="names 'Nothing', which is none of the model's"):
        load_bundle(folder)


def test_unknown_fields_are_ignored(folder: Path) -> None:
    edit(folder, embedder__colour="mauve")
    assert load_bundle(folder).name == "fake"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "version 2 is not known here"),
        ({"version": True}, "'version' must be an integer"),
        ({"format": "something"}, "'format' is not 'pocketshelf-bundle'"),
        ({"space": None}, "'space' is missing"),
        ({"space": ""}, "'space' must be a text"),
        ({"embedder": None}, "'embedder' is missing"),
        ({"embedder": 7}, "embedder: must be a JSON object"),
        ({"embedder__dimension": 0}, "'dimension' must be an integer of at least 1"),
        ({"embedder__categories": ["a", "a"]}, "'categories' names something twice"),
        ({"embedder__temperature": 0}, "'temperature' must be above 0"),
        ({"embedder__temperature": float("nan")}, "NaN is no JSON number"),
        ({"embedder__file": "../embedder.fake"}, "'file' must be a plain name"),
        ({"embedder__file": "/etc/passwd"}, "'file' must be a plain name"),
        ({"embedder__file": "gone.fake"}, "gone.fake: the model file is missing"),
        ({"embedder__sha256": "12"}, "'sha256' must be 64 hexadecimal digits"),
        ({"embedder__sha256": "0" * 64}, "not the file that bundle.json records"),
        ({"embedder__bytes": 3}, "not the file that bundle.json records"),
        ({"embedder__preprocessing__size": [64]}, "'size' must be a list of at least two integers"),
        ({"embedder__preprocessing__size": [1, 2, 3]}, "'size' must be [height, width]"),
        ({"embedder__preprocessing__margin": 0.1}, "'preprocessing_hash' is not that of its preprocessing"),
        ({"embedder__preprocessing__filter": "lanczos"}, "asks for 'lanczos' version 1"),
        ({"embedder__outputs__categories": None}, "outputs: 'categories' is missing"),
        ({"detector__frame_weight": {"nose": 0.5}}, "names 'nose', which is none of the groups"),
        ({"detector__frame_weight": {"goods": 1.5}}, "'goods' must lie in [0, 1]"),
        ({"detector__strides": [8, 0]}, "must be an integer of at least 1"),
        ({"detector__score_threshold": "much"}, "'score_threshold' must be a number"),
        ({"groups": {**HEAD, "names": ["nose"]}}, "names 'nose', which is none of the detector's groups"),
        ({"groups": {**HEAD, "weights": "no base64"}}, "'weights' is no base64"),
        ({"groups": {**HEAD, "weights": "AAAA"}}, "'weights' is not 16 numbers, a scale and a bias for each"),
        ({"groups": {**HEAD, "bias": []}}, "a scale and a bias for each name"),
        ({"groups": {**HEAD, "bias": ["x"]}}, "bias: '0' must be a number"),
        ({"groups": {**HEAD, "scales": [1e300]}}, "scales: '0' must lie in [-1000000.0, 1000000.0]"),
        ({"groups": {**HEAD, "bias": [-1e300]}}, "bias: '0' must lie in [-1000000.0, 1000000.0]"),
        ({"groups": {**HEAD, "scales": 1}}, "'scales' must be a list of numbers"),
        ({"turned": {**TURNED, "names": ["up"]}}, "turned: 'names' is not upright, sideways, upside down"),
        ({"turned": {**TURNED, "weights": "AAAA"}}, "'weights' is not 16 numbers, a scale and a bias for"),
        ({"turned": {**TURNED, "threshold": 1.5}}, "'threshold' must lie in [0, 1]"),
        ({"turned": {**TURNED, "threshold": None}}, "turned: 'threshold' must be a number"),
        ({"turned": {**TURNED, "space": 7}}, "'space' must be a text"),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, changes: dict[str, Any], message: str) -> None:
    edit(folder, **changes)
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert message in str(caught.value)
    assert str(folder) in str(caught.value) and "\n" not in str(caught.value)


def test_a_changed_model_file_is_refused_unless_hashes_are_skipped(folder: Path) -> None:
    path = load_bundle(folder).embedder_path
    path.write_text(path.read_text().replace("7", "8"))
    with pytest.raises(BundleError, match="not the file"):
        load_bundle(folder)
    assert load_bundle(folder, check_hashes=False).name == "fake"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": 1}', "\x00\xff"])
def test_a_broken_document_is_one_clear_line(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text, encoding="latin-1")
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    assert "bundle.json" in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["nowhere", "file"])
def test_a_missing_bundle_names_the_remedy(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="--bundle or POCKETSHELF_BUNDLE"):
        load_bundle(tmp_path / name)


def test_the_environment_names_the_default_bundle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POCKETSHELF_BUNDLE", str(folder))
    assert default_bundle() == folder
    assert load_bundle().space == "fake-space"
    monkeypatch.delenv("POCKETSHELF_BUNDLE")
    assert default_bundle().name == "universal"


def test_what_ships_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_bundle("universal").folder == default_bundle()
    (tmp_path / "universal").mkdir()
    with pytest.raises(BundleError, match="universal: no bundle here"):
        load_bundle("universal")


def test_a_model_folder_has_one_digest_that_any_change_in_it_changes(tmp_path: Path) -> None:
    package = tmp_path / "model.mlpackage"
    (package / "Data").mkdir(parents=True)
    (package / "Manifest.json").write_text("{}")
    (package / "Data" / "weights.bin").write_bytes(b"12345")
    before, size = digest(package)
    assert size == 7 and before == digest(package)[0]
    (package / "Data" / "weights.bin").write_bytes(b"12346")
    assert digest(package)[0] != before
    (package / "Data" / "weights.bin").write_bytes(b"12345")
    (package / "Data" / "weights.bin").rename(package / "weights.bin")
    assert digest(package)[0] != before


def test_a_bundle_nested_to_death_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "bundle.json").write_text("[" * 100_000)
    with pytest.raises(BundleError, match="nested too deeply"):
        load_bundle(tmp_path)
