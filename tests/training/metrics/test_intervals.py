import numpy as np
import pytest

from pocketshelf_training.metrics.intervals import Figure, mean_with_interval, plain, recalls


def test_the_interval_is_that_of_a_binomial():
    values = [1.0] * 80 + [0.0] * 20
    figure = mean_with_interval(values)
    assert figure.value == pytest.approx(0.8)
    assert figure.low == pytest.approx(0.72, abs=0.02) and figure.high == pytest.approx(0.88, abs=0.02)
    assert figure == mean_with_interval(values)  # seeded


def test_no_values_is_an_error():
    with pytest.raises(ValueError, match="no values"):
        mean_with_interval([])


def test_recalls_count_places_below_k():
    found = recalls(np.array([0.0, 1.0, 4.0, float("inf")]), (1, 2, 5))
    assert {name: figure.value for name, figure in found.items()} == {"R@1": 0.25, "R@2": 0.5, "R@5": 0.75}


def test_figures_however_deep_become_dictionaries():
    figure = Figure(0.5, 0.4, 0.6, 10)
    as_dictionary = {"value": 0.5, "low": 0.4, "high": 0.6, "photos": 10}
    assert plain({"a": {"R@1": figure}, "b": [1, 2], "c": figure}) == {
        "a": {"R@1": as_dictionary}, "b": [1, 2], "c": as_dictionary,
    }  # fmt: skip
