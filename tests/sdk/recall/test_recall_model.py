"""The bundle's recall block: what a feature means, what is refused, and the estimate it gives."""

from __future__ import annotations

import math
from copy import deepcopy

import pytest

from pocketshelf.errors import BundleError
from pocketshelf.recall.model import FEATURES, Signals, parse_recall

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


def test_the_estimate_is_the_logistic_of_the_standardised_features():
    model = parse_recall(BLOCK)
    logit = 1.0 + 2.0 * (0.8 - 0.5) / 0.1 + 1.0 * (0.9 - 0.3) / 0.2
    assert model.probability(SURE) == pytest.approx(1 / (1 + math.exp(-logit)))
    assert not model.should_ask(0.8) and model.should_ask(0.799)


def test_the_features():
    features = SURE.features()
    assert features["margin_2"] == pytest.approx(0.3) and features["margin_5"] == pytest.approx(0.4)
    assert features["entropy"] == pytest.approx(-0.9 * math.log(0.9) - 0.1 * math.log(0.1))
    assert features["coverage"] == pytest.approx(
        0.9
    )  # Milk is not in the shelf's counts: none of it is here.
    assert features["agreement"] == pytest.approx(0.9) and features["hit_coverage"] == 1.0
    assert features["sure_coverage"] == pytest.approx(0.81)


def test_a_shelf_without_counts_is_the_whole_catalogue():
    assert Signals([0.8], ["Apple"], [("Apple", 1.0)], None).features()["coverage"] == 1.0


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
    assert set(signals.features()) == set(FEATURES)
    assert all(math.isfinite(value) for value in signals.features().values())
    assert 0 < parse_recall(BLOCK).probability(signals) < 1


def test_far_out_values_do_not_overflow():
    block = deepcopy(BLOCK)
    block["features"]["top_score"]["scale"] = 1e-12
    assert parse_recall(block).probability(SURE) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 2}, "update pocketshelf"),
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
