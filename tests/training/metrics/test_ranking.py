import numpy as np
import pytest
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN

from pocketshelf_training.metrics.intervals import balanced_accuracy, mean_with_interval, resampled
from pocketshelf_training.metrics.ranking import found_at, rank, recall_at, top_accuracy

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
    monkeypatch.setattr("pocketshelf_training.metrics.intervals.CHUNK", 170)
    assert mean_with_interval(values) == whole
    assert resampled(50, lambda rows: rows[:, 0], resamples=7).shape == (7,)


def test_found_at_by_hand():
    queries = np.array([[0.9, 0.1, 0.0], [0.5, 0.4, 0.3], [0.0, 0.2, 0.9]])
    truth = np.array([0, 1, 0])
    assert found_at(queries, truth, np.eye(3), np.arange(3), 1).tolist() == [True, False, False]
    assert found_at(queries, truth, np.eye(3), np.arange(3), 2).tolist() == [True, True, False]


def test_recall_counts_the_own_label_among_k():
    gallery = np.eye(3)
    queries = np.array([[1.0, 0.1, 0], [0.9, 1.0, 0], [0, 0.1, 1.0]])
    labels = np.array([0, 0, 1])
    assert recall_at(queries, labels, gallery, np.arange(3), 1) == pytest.approx(1 / 3)
    assert recall_at(queries, labels, gallery, np.arange(3), 2) == pytest.approx(1.0)


def test_top_accuracy():
    logits = np.array([[3.0, 2, 1], [1, 2, 3]])
    assert top_accuracy(logits, np.array([1, 2]), 1) == 0.5
    assert top_accuracy(logits, np.array([1, 2]), 2) == 1.0


@pytest.mark.parametrize("itself", [False, True])
def test_the_figures_are_those_of_pytorch_metric_learning(itself: bool) -> None:
    """R@1 and mean average precision over the whole ranking, with and without the queries in the gallery."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(12, 6))
    gallery_labels, labels = rng.integers(0, 12, 90), rng.integers(0, 12, 40)
    gallery, queries = (centres[of] + 0.9 * rng.normal(size=(len(of), 6)) for of in (gallery_labels, labels))
    gallery, queries = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (gallery, queries))
    if itself:
        queries, labels = gallery, gallery_labels
    calculator = AccuracyCalculator(
        include=("precision_at_1", "mean_average_precision"),
        k=len(gallery) - itself,
        knn_func=CustomKNN(CosineSimilarity()),
        device=torch.device("cpu"),
    )
    theirs = calculator.get_accuracy(
        *map(torch.tensor, (queries, labels, gallery, gallery_labels)), ref_includes_query=itself
    )
    ours = rank(
        list(queries),
        [str(label) for label in labels],
        list(gallery),
        [str(label) for label in gallery_labels],
        list(range(len(queries))) if itself else None,
    )
    there = np.array(
        [(gallery_labels == label).sum() > itself for label in labels]
    )  # theirs leaves others out
    first = np.array([ranking.first for ranking in ours])[there]
    precision = np.array([ranking.precision for ranking in ours])[there]
    assert (first == 0).mean() == pytest.approx(theirs["precision_at_1"])
    assert precision.mean() == pytest.approx(theirs["mean_average_precision"])
    if not itself:
        found = recall_at(queries[there], labels[there], gallery, gallery_labels, 1)
        assert found == pytest.approx(theirs["precision_at_1"])
