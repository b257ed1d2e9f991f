"""Work side by side: in order, not too far ahead, and alone within a worker."""

from __future__ import annotations

import itertools
import threading

import pytest

from pocketshelf.runtime.workers import Workers, is_worker, own_threads


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


def test_what_has_not_begun_when_it_is_asked_for_is_done_by_who_asks() -> None:
    workers, held = Workers(2), threading.Event()
    first = workers.start(held.wait, 30)
    second = workers.start(threading.current_thread)
    assert second() is threading.current_thread()
    held.set()
    assert first() is True


@pytest.mark.parametrize("threads", [1, 2, 3, 4])
@pytest.mark.parametrize("count", range(8))
def test_shared_work_is_in_order_and_one_left_alone_has_all_threads(threads: int, count: int) -> None:
    found = Workers(threads).share(lambda x: (x, own_threads(threads)), list(range(count)))
    assert [number for number, _ in found] == list(range(count))
    beside = [own for _, own in found[: count - (count % threads == 1)]] if threads > 1 else []
    assert set(beside) <= {1} and [own for _, own in found[len(beside) :]] == [threads] * (
        count - len(beside)
    )


def test_who_shares_its_work_does_a_part_of_it() -> None:
    both = threading.Barrier(2, timeout=30)

    def work(_: int) -> threading.Thread:
        both.wait()
        return threading.current_thread()

    found = Workers(2).share(work, [1, 2])
    assert len(set(found)) == 2 and threading.current_thread() in found and not is_worker()


def test_what_goes_wrong_in_shared_work_is_raised_and_nothing_further_is_begun() -> None:
    done: list[int] = []

    def work(number: int) -> None:
        done.append(number)
        if number == 1:
            raise ZeroDivisionError
        threading.Event().wait(0.05)

    with pytest.raises(ZeroDivisionError):
        Workers(2).share(work, list(range(100)))
    assert len(done) < 100 and not is_worker()


def test_while_some_are_busy_a_model_has_the_others() -> None:
    workers = Workers(3)
    with workers.busy(1):
        assert own_threads(3) == 2
        with workers.busy(1):
            assert own_threads(3) == 1
    assert own_threads(3) == 3


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
