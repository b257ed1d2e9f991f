"""The golden files against this build; the phones' demos run the same cases."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input

GOLDEN = Path(__file__).resolve().parents[2] / "contract/golden"


def cases(name):
    path = GOLDEN / name
    return json.loads(path.read_text()) if path.exists() else None


def test_preprocessing_vectors():
    found = cases("preprocessing.json")
    assert len(found) > 50
    for case in found:
        rule = Preprocessing(**{**case["rule"], "size": tuple(case["rule"]["size"])})
        assert rule.hash == case["hash"]
        box = tuple(case["box"]) if case["box"] else None
        pixels = network_input(decode_photo(GOLDEN / "images" / case["image"]).pixels, rule, box)
        expected = np.frombuffer(base64.b64decode(case["pixels"]), np.uint8).reshape(pixels.shape)
        # One grey level: resamplers round halves differently between processors.
        assert np.abs(pixels.astype(int) - expected).max() <= 1, case["image"]


@pytest.mark.skipif(cases("embeddings.json") is None, reason="no bundle is committed yet")
def test_embedding_vectors():
    from converters.targets import find_target

    found = cases("embeddings.json")
    bundle = load_bundle(GOLDEN.parents[1] / "models" / "first")
    assert found["sha256"] == bundle.embedder.sha256, "run contract/golden/generate.py after a new export"
    run = find_target("tflite").load(bundle.embedder_path, ("embedding", "categories"))
    for case in found["cases"]:
        pixels = decode_photo(GOLDEN / "images" / case["image"]).pixels
        vector = run(network_input(pixels, bundle.embedder.preprocessing)[None])[0][0]
        assert float(vector @ np.array(case["embedding"])) / np.linalg.norm(vector) > 0.995


def test_the_golden_bundle_of_version_1_stays_readable():
    bundle = load_bundle(GOLDEN / "bundle-v1")
    assert bundle.name == "golden" and bundle.embedder.categories == ("Apple", "Pear")
    assert bundle.detector is not None and bundle.detector.groups == ("upper", "goods")
