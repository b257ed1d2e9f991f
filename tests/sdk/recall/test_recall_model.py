"""The bundle's recall block: what a feature means, what is refused, and the estimate it gives."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import Any

import pytest

from pocketshelf.errors import BundleError
from pocketshelf.recall.model import RecallModel, parse_confidence, parse_recall
from pocketshelf.recall.signals import ALL_FEATURES, FEATURES, RECALL_FEATURES, Signals

BLOCK = {
    "version": 1,
    "k": 10,
    "threshold": 0.8,
    "bias": 1.0,
    "features": {
        "top_score": {"mean": 0.5, "scale": 0.1, "weight": 2.0},
        "coverage": {"mean": 0.3, "scale": 0.2, "weight": 1.0},
    },
}
SURE = Signals([0.8, 0.5, 0.4], ["Apple", "Milk", "Milk"], [("Apple", 0.9), ("Milk", 0.1)], {"Apple": 1.0})
OLD = {"bias": -4.0, "score": 8.0, "margin": 5.0, "threshold": 0.6}


def read(block: dict[str, Any]) -> RecallModel:
    model = parse_recall(block)
    assert model is not None
    return model


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def test_the_estimate_is_the_logistic_of_the_standardised_features():
    model = read(BLOCK)
    logit = 1.0 + 2.0 * (0.8 - 0.5) / 0.1 + 1.0 * (0.9 - 0.3) / 0.2
    assert model.estimate(SURE) == pytest.approx(sigmoid(logit))
    assert model.suffices(0.8) and not model.suffices(0.799)


def test_the_features():
    features = {name: SURE.feature(name) for name in FEATURES}
    assert features["margin_2"] == pytest.approx(0.3) and features["margin_5"] == pytest.approx(0.4)
    assert features["entropy"] == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert features["coverage"] == pytest.approx(
        0.9
    )  # Milk is not in the shelf's counts: none of it is here.
    assert features["agreement"] == pytest.approx(0.9) and features["hit_coverage"] == 1.0
    assert features["sure_coverage"] == pytest.approx(0.81)


def test_a_shelf_without_counts_is_the_whole_catalogue():
    assert Signals([0.8], ["Apple"], [("Apple", 1.0)], None).feature("coverage") == 1.0


@pytest.mark.parametrize(
    "signals",
    [
        Signals([], [], [], {}),
        Signals([], [], [("Apple", 1.0)], None),
        Signals([1.0], ["Apple"], [], {}),
        Signals([0.1] * 3, ["Apple"] * 3, [("Apple", 0.0), ("Milk", 0.0)], {}),
    ],
)
def test_nothing_found_is_no_error(signals):
    assert set(signals.features()) == set(RECALL_FEATURES)
    assert all(math.isfinite(signals.feature(name)) for name in ALL_FEATURES)
    assert 0 < read(BLOCK).estimate(signals) < 1


def test_far_out_values_do_not_overflow():
    block = deepcopy(BLOCK)
    block["features"]["top_score"]["scale"] = 1e-12
    assert read(block).estimate(SURE) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 3}, "update pocketshelf"),
        ({"k": 0}, "'k'"),
        ({"threshold": 1.5}, "'threshold'"),
        ({"bias": math.nan}, "'bias'"),
        ({"features": {"novel": {"mean": 0, "scale": 1, "weight": 1}}}, "no feature known here"),
        ({"features": {"coverage": {"mean": 0, "scale": 0, "weight": 1}}}, "above 0"),
        ({"features": None}, "features"),
    ],
)
def test_a_malformed_block_is_refused(change, words):
    with pytest.raises(BundleError, match=words):
        parse_recall({**BLOCK, **change})


@pytest.mark.parametrize(
    ("scores", "logit"),
    [((0.7, 0.5, 0.4), -4 + 8 * 0.7 + 5 * 0.2), ((0.7,), -4 + 8 * 0.7 + 5 * 0.7), ((0.2, 0.2), -4 + 8 * 0.2)],
)
def test_a_block_from_before_version_1_weighs_the_best_score_and_its_lead(
    scores: tuple[float, ...], logit: float
) -> None:
    assert read(OLD).estimate(Signals(scores)) == pytest.approx(sigmoid(logit), rel=1e-12)


def test_by_a_block_from_before_version_1_an_empty_search_has_no_chance() -> None:
    for bias in (-4.0, 400.0):
        assert read({**OLD, "bias": bias}).estimate(Signals(())) == pytest.approx(0.0, abs=1e-12)


def test_the_threshold_of_a_block_from_before_version_1() -> None:
    assert read(OLD).suffices(0.6) and not read(OLD).suffices(0.59)
    without = read({name: value for name, value in OLD.items() if name != "threshold"})
    assert without.suffices(0.5) and not without.suffices(0.49)


def test_the_features_of_old_blocks_are_not_fitted_anew() -> None:
    assert not {"lead", "found"} & FEATURES.keys()
    with pytest.raises(BundleError, match="no feature known here"):
        parse_recall({**BLOCK, "features": {"lead": {"mean": 0, "scale": 1, "weight": 1}}})


@pytest.mark.parametrize(
    "block", [None, {}, {"version": 1}, {"bias": 1.0, "score": 1.0}, {"bias": "x", "score": 1, "margin": 1}]
)
def test_without_coefficients_there_is_no_model(block: dict[str, Any] | None) -> None:
    assert parse_recall(block) is None


VERSION_2 = {
    **BLOCK,
    "version": 2,
    "features": {"query_deviations": {"mean": 3.0, "scale": 1.0, "weight": 2.0}},
    "confidence": {
        "threshold": 0.7,
        "bias": -1.0,
        "features": {"nearest_gap": {"mean": 0.0, "scale": 2.0, "weight": 1.0}},
    },
}


def test_version_2_has_two_models() -> None:
    recall, confidence = read(VERSION_2), parse_confidence(VERSION_2)
    assert confidence is not None
    assert recall.estimate(SURE) == pytest.approx(sigmoid(1.0 + 2.0 * (0.8 - 3.0)))
    assert confidence.estimate(SURE) == pytest.approx(sigmoid(-1.0))  # Nothing is known of the shelf.
    assert confidence.suffices(0.7) and not confidence.suffices(0.69)


def test_below_a_second_threshold_there_is_nothing_like_it() -> None:
    told = parse_confidence(
        {**VERSION_2, "confidence": {**VERSION_2["confidence"], "absent": {"threshold": 0.1, "risk": {}}}}
    )
    untold = parse_confidence(VERSION_2)
    assert told is not None and untold is not None
    assert [told.says_absent(p) for p in (0.0, 0.099, 0.1, 0.9)] == [True, True, False, False]
    assert untold.says_absent(0.0) is None


@pytest.mark.parametrize("block", [None, OLD, BLOCK, {**VERSION_2, "version": 1}])
def test_before_version_2_there_is_no_confidence(block: dict[str, Any] | None) -> None:
    assert parse_confidence(block) is None


def test_each_version_and_model_has_its_own_features() -> None:
    with pytest.raises(BundleError, match="'top_score' is no feature known here"):
        read({**VERSION_2, "features": BLOCK["features"]})
    with pytest.raises(BundleError, match="'coverage' is no feature known here"):
        parse_confidence({**VERSION_2, "confidence": {**BLOCK, "features": {"coverage": {}}}})


def test_hits_of_one_category_say_little_where_the_whole_shelf_is_of_it():
    def concord(common: float) -> float:
        return Signals([0.8, 0.7, 0.6], ["Toys", "Toys", "Toys"], common=common).feature("concord")

    assert [concord(share) for share in (0.0, 0.5, 0.8, 1.0)] == pytest.approx([1.0, 1.0, 0.4, 0.0])
