"""What `ios_demo/tools/finish_bundle.py` adds to an exported bundle."""

from __future__ import annotations

import importlib.util
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats.bundle import load_bundle, write_bundle

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "models" / "universal"


@pytest.fixture(scope="module")
def script():
    pytest.importorskip("torch")
    spec = importlib.util.spec_from_file_location("finish_bundle", ROOT / "ios_demo/tools/finish_bundle.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def exported(tmp_path):
    """As an export leaves it: models alone."""
    shipped = load_bundle(SHIPPED)
    for file in (shipped.embedder.file, shipped.detector.file):
        shutil.copy(SHIPPED / file, tmp_path)
    bare = replace(
        shipped, folder=tmp_path, recall=None, outfit=None, quality=None, enrolment=None, card=None
    )
    return write_bundle(bare)


def test_it_gets_the_calibration_of_what_ships(script, exported):
    finished = script.with_calibration(exported, load_bundle(SHIPPED))
    assert load_bundle(exported.folder).recall == finished.recall == load_bundle(SHIPPED).recall


def test_another_space_is_refused(script, exported):
    with pytest.raises(SystemExit, match="of the space"):
        script.with_calibration(replace(exported, space="another"), load_bundle(SHIPPED))


def test_its_golden_vectors_are_its_own_embedders(script, exported):
    script.write_golden(exported)
    made = json.loads((exported.folder / "golden.json").read_text())
    kept = json.loads((ROOT / "contract/golden/embeddings-universal.json").read_text())
    assert made["sha256"] == kept["sha256"] == exported.embedder.sha256
    ours = {Path(case["image"]).stem: case for case in made["cases"]}
    assert len(kept["cases"]) == 4
    for theirs in kept["cases"]:
        case = ours[Path(theirs["image"]).stem]
        assert (exported.folder / case["image"]).exists()
        assert np.dot(case["embedding"], theirs["embedding"]) > 0.9999
