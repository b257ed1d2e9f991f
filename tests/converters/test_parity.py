"""The gate: what passes, and that each kind of fault is found and named."""

from __future__ import annotations

import json

import numpy as np
import pytest

from converters import parity, photos
from converters.errors import ParityError


@pytest.fixture(scope="module")
def inputs(tiny):
    return photos.drawn_set(24, 3).inputs(tiny.preprocessing, True)


def heading(precision="none"):
    return parity.Heading("embedder", "test", precision, "embedder.test")


def check(network, run, inputs, precision="none"):
    return parity.compare(network, run, inputs, heading(precision), "drawn")


def test_pytorch_against_itself_passes(tiny, inputs):
    report = check(tiny, tiny.reference, inputs)
    assert report.passed and report.photos == 24
    names = {measure.name for measure in report.measures}
    assert {"embedding.cosine_min", "categories.cosine_mean", "embedding.top10_agreement"} <= names
    parity.require(report)


def test_one_bad_photo_is_named(tiny, inputs):
    bad, calls = 7, iter(range(100))

    def run(image):
        results = tiny.reference(image)
        return [-results[0], results[1]] if next(calls) == bad else results

    report = check(tiny, run, inputs, "int8")
    assert not report.passed
    with pytest.raises(ParityError, match=rf"embedding\.cosine_.*worst on {inputs[bad][0]}$"):
        parity.require(report)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda r: r[:1], "1 outputs instead of 2"),
        (lambda r: [r[0][:, :5], r[1]], "embedding has shape"),
        (lambda r: [r[0], r[1].astype(np.float64)], "categories has type float64"),
        (lambda r: [r[0] * np.nan, r[1]], "embedding is not finite on drawn 0"),
    ],
)
def test_incomparable_outputs_are_faults(tiny, inputs, spoil, message):
    report = check(tiny, lambda image: spoil(tiny.reference(image)), inputs)
    assert not report.passed
    with pytest.raises(ParityError, match=message):
        parity.require(report)


def test_the_second_output_is_held_as_well(tiny, inputs):
    report = check(tiny, lambda image: [tiny.reference(image)[0], -tiny.reference(image)[1]], inputs)
    with pytest.raises(ParityError, match="categories"):
        parity.require(report)


def test_boxes_are_compared_where_scores_are_high():
    scores = np.zeros((1, 4, 2), np.float32)
    scores[0, 2] = 0.9
    sides = np.full((1, 4, 4), 2.0, np.float32)
    moved = sides.copy()
    moved[0, 2] = [2, 2, 0, 0]
    assert parity._box_ious(scores, sides, sides).min() == 1
    assert parity._box_ious(scores, sides, moved)[0, 0] == pytest.approx(0.25)


def test_reports_say_that_pictures_were_drawn(tiny, inputs, tmp_path):
    parity.write_reports([check(tiny, tiny.reference, inputs)], tmp_path)
    assert json.loads((tmp_path / "parity.json").read_text())[0]["source"] == "drawn"
    assert "24 drawn pictures" in (tmp_path / "parity.md").read_text()


def test_a_file_that_was_not_run_has_not_passed():
    report = parity.Report(heading(), note="it runs on phones only")
    assert not report.passed
    parity.require(report)
