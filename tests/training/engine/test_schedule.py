"""Learning rates and the time left."""

from __future__ import annotations

import math

import pytest

from pocketshelf_training.engine.schedule import Clock, Span, cosine, warm_cosine


def test_a_rate_rises_and_falls_to_a_hundredth() -> None:
    rates = [warm_cosine(step, total=1000, warm=100) for step in range(1001)]
    assert rates[0] == pytest.approx(0.01)
    assert rates[99] == pytest.approx(1.0)
    assert rates[550] == pytest.approx(0.01 + 0.99 / 2)
    assert rates[1000] == pytest.approx(0.01)
    assert rates[:100] == sorted(rates[:100])
    assert rates[100:] == sorted(rates[100:], reverse=True)


def test_a_cosine_stays_at_its_end() -> None:
    assert cosine(0.0, 0.2) == pytest.approx(1.0)
    assert cosine(1.5, 0.2) == pytest.approx(0.2)


def test_time_left_is_by_what_the_epochs_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 20.0])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    clock = Clock([0.25] * 6 + [1.0] * 4, first=4)
    assert clock.cost(0) == pytest.approx(6 / 4 + 4)
    assert clock.cost(5.5) == pytest.approx(0.5 / 4 + 4)
    assert clock.left(4) == math.inf
    # Two cheap epochs and a half of a dear one took 20 s: a whole one takes 20, and 3.5 are left.
    assert clock.left(6.5) == pytest.approx(70.0)


def test_a_span_is_of_steps_or_of_minutes_from_the_first_batch_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    steps = Span(200)
    steps.begin()
    now[0] += 600
    assert (steps.done(50), steps.left, steps.is_over, steps.gone) == (0.25, None, False, 10.0)
    timed = Span(200, minutes=4)
    now[0] += 600
    assert (timed.gone, timed.done(199), timed.left) == (0.0, 0.0, 240.0), "reading pictures is no training"
    timed.begin()
    now[0] += 180
    timed.begin()
    assert (timed.gone, timed.done(0), timed.left, timed.is_over) == (3.0, 0.75, 60.0, False)
    now[0] += 90
    assert (timed.done(0), timed.left, timed.is_over) == (1.125, 0.0, True)
