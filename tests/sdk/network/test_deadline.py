"""The deadline over what cannot be interrupted."""

from __future__ import annotations

import time

import pytest

from pocketshelf.network.deadline import Late, within


def test_what_is_done_in_time_is_returned_or_raised() -> None:
    assert within(5, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_a_time_out_of_the_work_itself_is_no_lateness() -> None:
    def work() -> None:
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        within(5, work)


def test_work_that_does_not_end_is_left_alone() -> None:
    started = time.monotonic()
    with pytest.raises(Late):
        within(0.1, lambda: time.sleep(30))
    assert time.monotonic() - started < 15


def test_without_any_time_nothing_is_begun() -> None:
    begun: list[int] = []
    for seconds in (0, -1):
        with pytest.raises(Late):
            within(seconds, lambda: begun.append(1))
    assert begun == []
