import numpy as np
import pytest

from pocketshelf_training.metrics.intervals import balanced_accuracy, mean_with_interval, resampled
from pocketshelf_training.metrics.ranking import rank

EYE = list(np.eye(4))


def at(*places: float) -> np.ndarray:
    return np.array(places, float)


def test_average_precision_is_over_all_right_pictures():
    (ranking,) = rank([at(0.9, 0.8, 0.7, 0.6)], ["a"], EYE, ["b", "a", "b", "a"])
    assert ranking.first == 1
    assert ranking.precision == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert ranking.top.tolist() == [0, 1, 2, 3] and ranking.right == 1
    assert ranking.shortfall == pytest.approx(0.1)


def test_a_query_s_own_picture_is_left_out():
    gallery = [at(1, 0), at(0.8, 0.6), at(0.9, 0.1)]
    labels = ["a", "a", "b"]
    own = rank(gallery, labels, gallery, labels, [0, 1, 2])
    assert [ranking.first for ranking in own] == [1, 0, np.inf]
    assert rank(gallery, labels, gallery, labels)[0].first == 0
    assert all(number not in ranking.top for number, ranking in enumerate(own))


def test_bad_photos_are_misses_on_either_side():
    rankings = rank([None, at(1, 0)], ["a", "a"], [None, at(1, 0)], ["a", "b"])
    assert [ranking.first for ranking in rankings] == [np.inf, np.inf]
    assert [ranking.precision for ranking in rankings] == [0, 0]
    assert rankings[1].top.tolist() == [1] and rankings[1].right == -1
    assert rank([at(1, 0)], ["a"], [None], ["a"])[0].first == np.inf


def test_more_queries_than_a_block_keep_their_order():
    rng = np.random.default_rng(0)
    gallery = [v / np.linalg.norm(v) for v in rng.normal(size=(300, 8))]
    labels = [str(i) for i in range(300)]
    assert [r.first for r in rank(gallery, labels, gallery, labels)] == [0] * 300


def test_balanced_accuracy_gives_each_label_the_same_weight():
    truth = np.array([0] * 90 + [1] * 10)
    figure = balanced_accuracy(truth, np.zeros(100, int))
    assert figure.value == pytest.approx(0.5) and figure.photos == 100
    assert figure.low == pytest.approx(0.5)  # all of one label right, none of the other, in any draw
    half = balanced_accuracy(truth, np.where(np.arange(100) % 2, truth, 1 - truth))
    assert half.value == pytest.approx(0.5) and half.low < 0.4 < 0.6 < half.high


def test_resampling_in_parts_draws_the_same(monkeypatch):
    values = np.random.default_rng(1).random(50)
    whole = mean_with_interval(values)
    monkeypatch.setattr("pocketshelf_training.metrics.intervals.MOST_INDICES", 170)
    assert mean_with_interval(values) == whole
    assert resampled(50, lambda rows: rows[:, 0], resamples=7).shape == (7,)
