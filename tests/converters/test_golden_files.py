"""The golden files against this build; the phones' demos run the same cases."""

from __future__ import annotations

import base64
import json
import sqlite3

import numpy as np
import pytest
from PIL import Image

from contract.golden import generate_formats, generate_vectors
from contract.golden.generate_formats import FOLDER as GOLDEN
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.runtime import open_model
from pocketshelf.stages.preprocess import decode_photo, network_input


def cases(name):
    return json.loads((GOLDEN / name).read_text())


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


def test_the_pictures_without_compression_have_the_same_pixels():
    for path in (GOLDEN / "images").glob("*.png"):
        plain = path.with_suffix(".ppm")
        assert np.array_equal(decode_photo(path).pixels, np.asarray(Image.open(plain))), plain.name


def test_the_generator_writes_these_cases():
    made = json.loads(json.dumps(generate_vectors.preprocessing_cases()))
    assert [{**case, "pixels": ""} for case in made] == [
        {**case, "pixels": ""} for case in cases("preprocessing.json")
    ]


@pytest.mark.parametrize(("name", "of"), generate_vectors.EMBEDDINGS.items())
def test_embedding_vectors(name, of):
    found = cases(name)
    bundle = load_bundle(GOLDEN.parents[1] / "models" / of)
    assert found["sha256"] == bundle.embedder.sha256, "run generate_vectors.py after a new export"
    model = open_model(bundle.embedder_path)
    assert len(found["cases"]) == 4
    for case in found["cases"]:
        pixels = decode_photo(GOLDEN / "images" / case["image"]).pixels
        vector = model.run(network_input(pixels, bundle.embedder.preprocessing)[None])[0][0]
        assert float(vector @ np.array(case["embedding"])) / np.linalg.norm(vector) > 0.995


def test_the_golden_bundle_of_version_1_stays_readable():
    bundle = load_bundle(GOLDEN / "bundle-v1")
    assert bundle.name == "golden" and bundle.embedder.categories == ("Apple", "Pear")
    assert bundle.detector is not None and bundle.detector.groups == ("upper", "goods")


@pytest.mark.parametrize("name", generate_formats.FILES)
def test_what_the_generator_writes_today_says_what_the_kept_file_says(name, tmp_path):
    path = tmp_path / (GOLDEN / name).name
    generate_formats.FILES[name](path)
    assert content(path) == content(GOLDEN / name)


def content(path):
    if path.is_dir():
        return json.loads((path / "bundle.json").read_text())
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        return list(connection.iterdump())


def test_the_readme_describes_every_file():
    described = (GOLDEN / "README.md").read_text()
    for path in [*GOLDEN.glob("[!_]*"), *GOLDEN.glob("formats/*")]:
        name = path.relative_to(GOLDEN).as_posix()
        assert path.name == "README.md" or name == "formats" or f"`{name}" in described, name
