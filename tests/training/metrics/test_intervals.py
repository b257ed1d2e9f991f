import numpy as np
import pytest

from pocketshelf_training.embedder.evaluate import recall_at, top_accuracy
from pocketshelf_training.metrics.intervals import mean_with_interval


def test_the_interval_is_that_of_a_binomial():
    values = [1.0] * 80 + [0.0] * 20
    figure = mean_with_interval(values)
    assert figure.value == pytest.approx(0.8)
    assert figure.low == pytest.approx(0.72, abs=0.02) and figure.high == pytest.approx(0.88, abs=0.02)
    assert figure == mean_with_interval(values)  # seeded


def test_no_values_is_an_error():
    with pytest.raises(ValueError, match="no values"):
        mean_with_interval([])


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
