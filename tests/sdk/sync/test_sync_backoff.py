"""Back-off belongs to one server, and to a clock that can be wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from repository_simulator import URL

from pocketshelf.sync import sync, sync_status
from pocketshelf.sync.backoff import LONGEST, next_attempt_after
from pocketshelf.sync.state import load_state

OTHER = "http://other.test"


class Time:
    """A wall clock that a test sets."""

    def __init__(self, device) -> None:
        self.moment = datetime(2026, 6, 1, tzinfo=UTC)
        device.environment = replace(device.environment, now=lambda: self.moment, attempts=1)


def background(device, server=URL):
    return sync(device.path, server, if_due=True, environment=device.environment)


def test_another_server_is_asked_while_the_first_is_left_alone(shop, device):
    Time(device)
    shop.away = True
    assert background(device).outcome == "offline"
    assert background(device).outcome == "deferred"
    assert background(device, OTHER).outcome == "offline"  # Asked, and away as well.
    assert (background(device).outcome, background(device, OTHER).outcome) == ("deferred", "deferred")
    shop.away = False
    assert background(device, OTHER + "/").outcome == "deferred"  # The same, written otherwise.
    assert background(device, "http://third.test").outcome == "updated"
    # What another server gave does not end the first one's rest.
    assert background(device).outcome == "deferred"
    assert load_state(device.path).failures(URL) == 1


def test_each_server_s_back_off_grows_by_itself(shop, device):
    time = Time(device)
    shop.away = True
    for _ in range(3):
        report = background(device)
        time.moment = datetime.fromisoformat(report.next_attempt)
    assert background(device, OTHER).next_attempt == (time.moment + timedelta(seconds=45)).isoformat()
    assert sync_status(device.path)["failures"] == 3


def test_a_server_is_left_alone_for_as_long_as_it_asks_for(shop, device):
    time = Time(device)
    shop.away, shop.retry_after = True, 3600.0
    report = background(device)
    rest = datetime.fromisoformat(report.next_attempt) - time.moment
    assert (report.outcome, rest) == ("offline", timedelta(seconds=1.25 * 3600))  # Jitter is 0.5 here.
    time.moment += timedelta(seconds=3600)
    assert background(device).outcome == "deferred"
    shop.away, shop.retry_after = False, None
    time.moment += timedelta(seconds=900)
    assert background(device).outcome == "updated"


def test_who_asks_for_a_moment_is_asked_again_at_once_and_who_asks_for_more_is_not(shop, device):
    device.environment = replace(device.environment, attempts=3)
    shop.away, shop.retry_after = True, 5.0
    asked = len(shop.requests)
    assert background(device).outcome == "offline"
    assert device.clock.slept == [5.0, 5.0]
    first = len(shop.requests) - asked
    shop.retry_after = 60.0
    assert background(device, OTHER).outcome == "offline"
    assert device.clock.slept == [5.0, 5.0], "nobody waits a minute before a prompt"
    assert len(shop.requests) - asked - first == first // 3


def test_a_long_back_off_is_not_shortened_by_what_the_server_asks_for(shop, device):
    time = Time(device)
    shop.away, shop.retry_after = True, 30.0
    waits = []
    for _ in range(3):
        report = background(device)
        waits.append((datetime.fromisoformat(report.next_attempt) - time.moment).total_seconds())
        time.moment = datetime.fromisoformat(report.next_attempt)
    assert waits == [45.0, 90.0, 180.0]


@pytest.mark.parametrize("asked", [1e5, 1e8])
def test_no_server_puts_a_device_off_for_longer_than_the_longest_back_off(shop, device, asked):
    time = Time(device)
    shop.away, shop.retry_after = True, asked
    report = background(device)
    due = datetime.fromisoformat(report.next_attempt)
    assert timedelta(hours=4) <= due - time.moment <= timedelta(seconds=LONGEST)
    assert background(device).outcome == "deferred"
    shop.away, shop.retry_after = False, None
    time.moment = due
    assert background(device).outcome == "updated"


def test_devices_that_were_told_the_same_do_not_come_back_together():
    waits = [next_attempt_after(1, lambda n=n: n / 100, 600.0) for n in range(100)]
    assert min(waits) == 600.0 and 850 < max(waits) < 900
    assert len(set(waits)) == 100


def test_only_so_many_servers_are_remembered(shop, device):
    Time(device)
    shop.away = True
    for number in range(40):
        background(device, f"http://shop{number}.test")
    assert len(load_state(device.path).away) == 8
    assert background(device, "http://shop39.test").outcome == "deferred"


@pytest.mark.parametrize("year", [1970, 2099])
def test_a_clock_that_was_wrong_postpones_no_sync_beyond_the_longest_back_off(shop, device, year):
    time = Time(device)
    time.moment = datetime(year, 1, 2, tzinfo=UTC)
    shop.away = True
    for _ in range(12):
        background(device)
        time.moment += timedelta(seconds=LONGEST)
    shop.away = False
    time.moment = datetime(2026, 6, 1, tzinfo=UTC)
    assert background(device).outcome == "updated"


def test_a_clock_set_back_by_an_hour_postpones_by_no_more_than_the_longest_back_off(shop, device):
    time = Time(device)
    shop.away = True
    background(device)
    time.moment -= timedelta(hours=1)
    due = background(device)
    assert due.outcome == "deferred"
    left = datetime.fromisoformat(due.next_attempt) - time.moment
    assert left <= timedelta(seconds=LONGEST)
    shop.away = False
    time.moment += left
    assert background(device).outcome == "updated"


@pytest.mark.parametrize(
    "change",
    [
        {"away": {URL: {"failures": 1, "next_attempt": "9999-12-31T23:59:59+00:00"}}},
        {"away": {URL: {"failures": 1, "next_attempt": "2026-06-01T00:00:01"}}},
        {"away": {URL: {"failures": 10**30, "next_attempt": "2026-06-01T00:00:01+00:00"}}},
        {"away": {URL: {"failures": -1, "next_attempt": "2026-06-01T00:00:01+00:00"}}},
        {"away": {URL: None}},
        {"away": [1]},
        {"last_sync": 12},
        {"last_attempt": "yesterday"},
        {"server": ["x"]},
        {"server_sequence": "12"},
        {"server_sequence": -3},
        {"version": 2},
        # As releases before wrote it.
        {"failures": 20, "next_attempt": "2026-06-01T05:00:00+00:00", "away": None},
    ],
)
def test_a_memory_that_makes_no_sense_postpones_nothing(device, change):
    Time(device)
    path = device.path / "sync.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert background(device).outcome == "updated"
    assert json.loads(json.dumps(sync_status(device.path)))["server_sequence"] == 64


def test_a_memory_of_thousands_of_failures_still_waits_no_longer(shop, device):
    time = Time(device)
    path = device.path / "sync.json"
    away = {URL: {"failures": 2**62, "next_attempt": "2026-05-01T00:00:00+00:00"}}
    path.write_text(json.dumps({**json.loads(path.read_text()), "away": away}))
    shop.away = True
    report = background(device)
    assert datetime.fromisoformat(report.next_attempt) - time.moment <= timedelta(seconds=LONGEST)
