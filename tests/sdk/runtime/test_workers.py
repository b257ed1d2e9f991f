"""Work side by side: in order, not too far ahead, and alone within a worker."""

from __future__ import annotations

import itertools
import threading

import pytest

from pocketshelf.runtime.workers import Workers, is_worker


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_come_in_the_order_of_what_was_given(threads: int) -> None:
    assert list(Workers(threads).map(lambda x: x * x, range(50))) == [x * x for x in range(50)]
    assert list(Workers(threads).map(str, [])) == [] and list(Workers(threads).map(str, [7])) == ["7"]


def test_two_threads_work_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=30)
    assert sorted(Workers(2).map(lambda _: both.wait(), range(2))) == [0, 1]


def test_what_is_begun_goes_on_while_another_is_done() -> None:
    both = threading.Barrier(2, timeout=30)
    waiting = Workers(2).start(both.wait)
    assert {both.wait(), waiting()} == {0, 1}


def test_a_lone_thread_does_what_is_begun_when_it_is_asked_for() -> None:
    done: list[int] = []
    waiting = Workers(1).start(done.append, 3)
    assert done == []
    waiting()
    assert done == [3]


def test_an_endless_source_is_read_a_little_ahead() -> None:
    taken = itertools.count()
    results = Workers(2).map(lambda x: x, (next(taken) for _ in itertools.count()))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert next(taken) <= 5 + 4


@pytest.mark.parametrize("threads", [1, 2])
def test_what_goes_wrong_is_raised_in_its_place(threads: int) -> None:
    results = Workers(threads).map(lambda x: 1 // x, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_within_a_worker_all_is_done_in_its_turn() -> None:
    workers = Workers(2)

    def nested(number: int) -> list[tuple[bool, str]]:
        return list(workers.map(lambda _: (is_worker(), threading.current_thread().name), range(number)))

    for found in workers.map(nested, [3, 4]):
        assert {worker for worker, _ in found} == {True} and len({name for _, name in found}) == 1
    assert not is_worker()


def test_threads_end_with_the_last_reference() -> None:
    workers = Workers(2)
    begun = list(workers.map(lambda _: threading.current_thread(), range(4)))
    del workers
    for thread in begun:
        thread.join(30)
        assert not thread.is_alive()
