"""Fitting the recall estimate and controlling its risk, on data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pocketshelf.recall.model import parse_confidence, parse_recall
from pocketshelf.recall.signals import CONFIDENCE_FEATURES, RECALL_FEATURES
from pocketshelf_training.recall import evidence as searches
from pocketshelf_training.recall.calibrate import Calibration, calibrate, lacking
from pocketshelf_training.recall.command import reported
from pocketshelf_training.recall.figures import known_figures, lacking_figures
from pocketshelf_training.recall.fit import fit_logistic
from pocketshelf_training.recall.page import page
from pocketshelf_training.recall.plot import plot_risk_coverage
from pocketshelf_training.recall.risk import clopper_pearson_upper, control_threshold, risk_coverage


@pytest.mark.parametrize(
    ("errors", "trials", "expected"),
    [(0, 59, 0.04951), (0, 58, 0.05034), (1, 100, 0.04656), (5, 207, 0.05011), (10, 10, 1.0)],
)
def test_the_exact_bound(errors, trials, expected):
    """Reference values: scipy.stats.beta.ppf(0.95, errors + 1, trials - errors)."""
    assert clopper_pearson_upper(errors, trials, 0.05) == pytest.approx(expected, abs=1e-5)


def test_the_bound_is_exact_where_it_is_simple():
    assert clopper_pearson_upper(0, 100, 0.05) == pytest.approx(1 - 0.05 ** (1 / 100), abs=1e-9)


def test_the_fit_finds_the_weights_that_made_the_data():
    rng = np.random.default_rng(0)
    features = rng.normal([2.0, -1.0], [0.5, 3.0], (20_000, 2))
    p = 1 / (1 + np.exp(-(0.5 + 4.0 * (features[:, 0] - 2.0) - 0.3 * features[:, 1])))
    model = fit_logistic(("a", "b"), features, rng.random(len(p)) < p, penalty=1e-3)
    assert model.weight / model.scale == pytest.approx([4.0, -0.3], rel=0.08)
    assert np.abs(model.probability(features) - p).mean() < 0.01


def test_a_constant_feature_does_no_harm():
    rng = np.random.default_rng(0)
    features = np.column_stack([rng.normal(size=500), np.ones(500)])
    model = fit_logistic(("a", "b"), features, features[:, 0] > 0)
    assert np.isfinite(model.probability(features)).all() and model.weight[1] == pytest.approx(0.0, abs=1e-6)


def test_evidence_of_one_kind_cannot_be_fitted():
    with pytest.raises(ValueError, match="only hits or only misses"):
        fit_logistic(("a",), np.ones((5, 1)), np.ones(5, dtype=bool))


def test_the_risk_is_controlled_in_nineteen_of_twenty_draws():
    """The guarantee itself: over many calibrations, the true risk exceeds α in at most δ of them."""
    rng = np.random.default_rng(1)
    exceeded = 0
    for _ in range(400):
        control = control_threshold(rng.beta(2, 5, 150), alpha=0.05, delta=0.05)
        true_risk = 1 - _beta_2_5_cdf(control.threshold)
        exceeded += true_risk > 0.05
    assert exceeded / 400 <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 400)
    assert exceeded > 0  # Not by asking about everything.


def test_too_few_misses_ask_about_everything():
    control = control_threshold(np.linspace(0, 0.9, 58))
    assert control.threshold == 1.0 and control.unescalated == 0


def test_ties_stay_on_the_careful_side():
    control = control_threshold(np.full(200, 0.4))
    assert control.unescalated == 0 and 0.4 < control.threshold <= 0.400002


def test_the_curve_runs_from_nothing_to_everything():
    probabilities = np.array([0.1, 0.4, 0.6, 0.9])
    curve = risk_coverage(probabilities, np.array([False, False, True, True]))
    assert curve["answered"][[0, -1]].tolist() == [0.0, 1.0]
    at = curve["threshold"].tolist().index(0.6)
    assert (curve["answered"][at], curve["missed"][at], curve["asked_hits"][at]) == (0.5, 0.0, 0.0)


def test_the_plot_is_written(tmp_path):
    rng = np.random.default_rng(0)
    plot_risk_coverage(rng.random(50), rng.random(50) < 0.5, 0.7, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")


def test_a_calibration_that_the_sdk_reads_back():
    calibration = calibrate(_searches(photos=300, shelves=12, seed=0), k=10, alpha=0.05, delta=0.05)
    block = calibration.to_block()
    recall, confidence = parse_recall(block), parse_confidence(block)
    assert recall is not None and recall.threshold == calibration.recall_control.threshold < 1.0
    assert confidence is not None and confidence.threshold == calibration.confidence_control.threshold < 1.0
    assert confidence.absent == calibration.absent_control.threshold > 0
    assert block["k"] == 10 and set(block["features"]) == set(RECALL_FEATURES)
    assert set(block["confidence"]["features"]) == set(CONFIDENCE_FEATURES)
    again = Calibration.of_block(block)
    assert again.to_block() == block
    table = searches.read(_searches(photos=20, shelves=2, seed=3))
    assert np.allclose(again.confidences(table), calibration.confidences(table))


def test_what_the_catalogue_lacks_is_seldom_confident_and_what_it_holds_stays_so():
    calibration = calibrate(_searches(photos=300, shelves=12, seed=0), k=10, alpha=0.05, delta=0.05)
    unseen = _searches(photos=400, shelves=5, seed=1)
    absent = lacking_figures(unseen, calibration)
    assert absent["confident"] < 0.08 and absent["asked"] > 0.92 and absent["median_local_recall"] < 0.2
    held = known_figures([line for line in unseen if line["rule"] == "all"], calibration)
    assert held["right"] == pytest.approx(0.8, abs=0.06) and held["right_stays_confident"] > 0.8
    assert held["confident_is_right"] >= held["right"] - 0.05


def test_what_is_right_is_seldom_called_absent_and_strangers_are():
    lines = _searches(photos=300, shelves=12, seed=0)
    calibration = calibrate(lines, k=10, alpha=0.05, delta=0.05)
    control = calibration.absent_control
    assert control is not None and control.bound <= 0.05
    assert 0 < control.threshold <= calibration.confidence_control.threshold
    unseen = _searches(photos=400, shelves=5, seed=1)
    held = known_figures([line for line in unseen if line["rule"] == "all"], calibration)
    assert held["right_called_absent"] < 0.08
    assert lacking_figures(unseen, calibration)["called_absent"] > 0.5


def test_of_few_right_hits_none_is_called_absent_and_of_very_few_nothing_says_what_is():
    few = _searches(photos=50, shelves=6, seed=0)
    control = calibrate(few, k=10, alpha=0.05, delta=0.05).absent_control
    assert control is not None and 0 < control.threshold < 1 and control.unescalated == 0
    calibration = calibrate(_searches(photos=12, shelves=6, seed=0), k=10, alpha=0.05, delta=0.05)
    assert calibration.absent_control is None
    assert "absent" not in calibration.to_block()["confidence"]
    lines = _searches(photos=40, shelves=3, seed=1)
    assert lacking_figures(lines, calibration)["called_absent"] is None


def test_the_strictest_world_sets_the_threshold():
    easy = _searches(photos=300, shelves=6, seed=0)
    hard = _searches(photos=300, shelves=6, seed=2, world="hard", miss=0.65)
    both = calibrate(easy + hard, k=10, alpha=0.05, delta=0.05)
    strict = lacking(_searches(photos=600, shelves=3, seed=5, world="hard", miss=0.65))
    assert lacking_figures(strict, both)["confident"] < 0.08


def test_the_report_names_every_catalogue_and_one_that_was_left_out():
    worlds = [_searches(photos=300, shelves=6, seed=n, world=name) for n, name in enumerate(("a", "b"))]
    tests = [_searches(photos=90, shelves=3, seed=n + 7, world=name) for n, name in enumerate(("a", "b"))]
    settings = (10, 0.05, 0.05, "world")
    calibration = calibrate([*worlds[0], *worlds[1]], *settings)
    report = {"bundle": "x", "space": "s", "seeds": {"val": 1, "test": 2}, "bound": "world"}
    report |= reported([*worlds[0], *worlds[1]], [*tests[0], *tests[1]], calibration, settings)
    assert set(report["left_out"]) == {"a", "b"}
    assert {(row["world"], row["kind"]) for row in report["test"]} == {
        (world, kind) for world in "ab" for kind in ("lacking", "held")
    }
    text = page(report)
    assert f"**{calibration.confidence_control.threshold:.3f}**" in text
    assert text.count("| b | own | detected |") == 4  # Twice each: with it and without it in the fit.


def test_a_photo_is_in_one_fold_and_control_has_one_search_of_it():
    lines = _searches(photos=50, shelves=6, seed=0)
    fold = searches.folds(lines, 5)
    by_photo = {line["photo"]: set() for line in lines}
    for line, number in zip(lines, fold, strict=True):
        by_photo[line["photo"]].add(int(number))
    assert all(len(found) == 1 for found in by_photo.values())
    assert set(fold) == set(range(5))
    one = searches.one_a_photo(lines)
    assert len(one) == len(by_photo)
    assert len({line["shelf"] for line in one}) > 1


def test_a_kind_of_photo_that_strangers_dilute_is_held_to_the_same_share():
    """Nine strangers to one photo of its own: the world's share is small, that of its own is not."""
    own = _searches(photos=60, shelves=6, seed=0, miss=0.7)
    strangers = [
        {**line, "set": "others", "local": False, "rank": None, "photo": f"x{line['photo']}"}
        for line in _searches(photos=540, shelves=2, seed=4, miss=0.0)
        if not line["local"]
    ]
    calibration = calibrate(own + strangers, k=10, alpha=0.05, delta=0.05)
    absent = lacking(_searches(photos=600, shelves=3, seed=5, miss=0.7))
    assert lacking_figures(absent, calibration)["confident"] < 0.08


def test_the_risk_is_bounded_for_each_kind_of_photo_that_is_enough_and_counted_for_others():
    """Of few searches none may pass surely; with those the world alone is bounded."""
    strangers = [
        {**line, "set": "others", "local": False, "rank": None, "photo": f"x{line['photo']}"}
        for line in _searches(photos=540, shelves=2, seed=4, miss=0.0)
        if not line["local"]
    ]
    for photos, of in ((150, "kind"), (25, "world")):
        own = _searches(photos=photos, shelves=6, seed=0, miss=0.7)
        control = calibrate(own + strangers, k=10, alpha=0.05, delta=0.05).confidence_control
        assert control.bound <= 0.05 and control.threshold < 1.0
        assert (control.misses <= photos) is (of == "kind")
        assert control.delta == (0.2 if of == "kind" else 0.05)


def test_a_catalogue_by_other_names_is_left_out_with_its_own():
    named, renamed = (
        _searches(photos=200, shelves=4, seed=n, world=w) for n, w in enumerate(("a", "a, own names"))
    )
    others = _searches(photos=200, shelves=4, seed=3, world="b")
    lines, settings = [*named, *renamed, *others], (10, 0.05, 0.05, "world")
    found = reported(lines, lines, calibrate(lines, *settings), settings)["left_out"]
    assert set(found) == {"a", "b"}
    assert {row["world"] for row in found["a"]} == {"a", "a, own names"}


def _searches(photos: int, shelves: int, seed: int, world: str = "a", miss: float = 0.4) -> list[dict]:
    """Made-up searches: the coverage and the best score tell a miss from a hit, with some noise."""
    rng = np.random.default_rng(seed)
    lines = []
    for shelf in range(shelves + 1):
        for photo in range(photos):
            for whole in (True, False):
                local = shelf == 0 or bool(rng.random() < 0.4)
                features = dict.fromkeys(RECALL_FEATURES, 0.0)
                features["query_deviations"] = float(rng.normal(0.8 if local else miss, 0.1))
                features["coverage"] = float(np.clip(rng.normal(0.8 if local else 0.2, 0.2), 0, 1))
                lines.append(
                    {
                        "world": world,
                        "set": "own",
                        "shelf": shelf,
                        "rule": "all" if shelf == 0 else "products",
                        "photo": f"{seed}-{photo}.jpg",
                        "whole": whole,
                        "local": local,
                        "rank": (1 if rng.random() < 0.8 else 3) if local else None,
                        "features": features,
                    }
                )
    return lines


def _beta_2_5_cdf(x: float) -> float:
    """P(X ≤ x) for X ~ Beta(2, 5): at least 2 of 6 below x."""
    return 1 - (1 - x) ** 6 - 6 * x * (1 - x) ** 5
