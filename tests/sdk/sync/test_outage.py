"""Fewer devices after an outage, by `benchmarks/outage.py`: its waits are the client's, nobody starves."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.kiosk.syncing import JITTER
from pocketshelf.sync.backoff import LONGEST, next_attempt_after

sys.path.append(str(Path(__file__).resolve().parents[3] / "benchmarks"))

import outage

DEVICES = 20_000
OUR_WAYS = [way for way in outage.WAYS if way.waits is outage._client]
BY_NAME = {way.name: way for way in outage.WAYS}
# What devices that ask every quarter of an hour ask for in a second when all is well.
USUAL = DEVICES / outage.EVERY


@pytest.mark.parametrize("asked", [None, 20.0, 120.0, 7000.0, 1e6])
def test_the_simulation_waits_as_the_client_does(asked: float | None) -> None:
    rng = np.random.default_rng(0)
    failures, draws = rng.integers(1, 60, 5000), rng.random(5000)
    expected = [
        next_attempt_after(int(n), lambda draw=draw: draw, asked)
        for n, draw in zip(failures, draws, strict=True)
    ]
    found = outage.client_waits(failures, draws, asked)
    # Linear between the draws that were asked of the client, but for where one rule takes over from another.
    assert np.allclose(found, expected, rtol=1 / outage.LEVELS)


@pytest.mark.parametrize("seconds", outage.OUTAGES.values(), ids=outage.OUTAGES)
@pytest.mark.parametrize("name", ["kiosk", "timer, spread"])
def test_the_peak_after_an_outage_is_that_of_a_usual_day_or_little_more(name: str, seconds: float) -> None:
    for seed in range(2):
        found = outage.figures(outage.simulate(BY_NAME[name], seconds, DEVICES, seed))
        # Spread over ten of fifteen minutes a usual second is half as full again; the rest is chance.
        assert found["peak_a_second"] < 2 * USUAL + 6 * np.sqrt(2 * USUAL)


def test_devices_without_jitter_or_with_one_clock_come_back_together() -> None:
    for name in ("timer", "fixed, together", "doubling, together"):
        found = outage.figures(outage.simulate(BY_NAME[name], 3600.0, DEVICES, 0))
        assert found["peak_a_second"] > DEVICES / 2, name
    spread = outage.figures(outage.simulate(BY_NAME["timer, spread"], 3600.0, DEVICES, 0))
    assert spread["peak_a_second"] < DEVICES / 100


@pytest.mark.parametrize("seconds", outage.OUTAGES.values(), ids=outage.OUTAGES)
@pytest.mark.parametrize("way", OUR_WAYS, ids=lambda way: way.name)
def test_no_device_starves(way: outage.Way, seconds: float) -> None:
    found = outage.simulate(way, seconds, DEVICES, 3)
    turn = outage.EVERY * (1 + JITTER) + way.spread + outage.SKEW * 5
    assert (found.up_to_date >= 0).all()
    assert found.up_to_date.max() <= min(LONGEST, seconds + 120.0) + turn


@pytest.mark.parametrize("name", ["kiosk", "timer, spread"])
def test_before_a_full_server_retry_after_is_obeyed_and_all_are_served(name: str) -> None:
    capacity = int(USUAL / 2)  # Half of what usual days need.
    found = outage.simulate(BY_NAME[name], 300.0, DEVICES, 0, capacity, asked=600.0)
    assert len(found.refused_at) > DEVICES / 10
    assert (found.came_back_at - found.refused_at).min() >= 600.0
    assert np.isfinite(found.up_to_date).all()
    served = np.bincount(found.up_to_date.astype(np.int64))
    assert served.max() <= capacity
    assert found.up_to_date.max() < 6 * DEVICES / capacity, (
        "what was refused comes back, and is not put off for ever"
    )


def test_one_seed_is_one_outcome() -> None:
    once, again, other = (outage.simulate(outage.WAYS[0], 3600.0, 2000, seed) for seed in (1, 1, 2))
    assert np.array_equal(once.up_to_date, again.up_to_date)
    assert not np.array_equal(once.up_to_date, other.up_to_date)
