import pytest

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
