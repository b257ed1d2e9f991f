"""Work side by side, in as many threads as the models may use.

Decoders, filters and models leave Python's lock alone, so that two threads do twice as much. Within a worker
everything is done in its turn: a search among many has one thread, and so has each of its models.
"""

from __future__ import annotations

import functools
import math
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

__all__ = ["Workers", "is_worker", "own_threads"]

_Arguments = ParamSpec("_Arguments")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_here = threading.local()


def is_worker() -> bool:
    """Whether this thread works beside others of some `Workers`."""
    return bool(getattr(_here, "busy", 0))


def own_threads(threads: int) -> int:
    """How many of ``threads`` a model may use that is run here and now: the others are busy."""
    return int(max(1, threads - getattr(_here, "busy", 0)))


class Workers:
    """So many threads, which start when they are first needed and end with the last reference to this.

    Args:
        threads: with 1, or where a worker asks, the asking thread does it all.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads

    def start(
        self, work: Callable[_Arguments, _Result], *args: _Arguments.args, **kwargs: _Arguments.kwargs
    ) -> Callable[[], _Result]:
        """Begin ``work`` beside the asking thread; what is returned gives its result, or raises its error.

        What has not begun when it is asked for is done by the asking thread, as all is with one thread.
        """
        alone = functools.partial(work, *args, **kwargs)
        if self.alone:
            return alone
        begun = self._beside.submit(work, *args, **kwargs)
        return lambda: alone() if begun.cancel() else begun.result()

    @contextmanager
    def busy(self, count: int) -> Iterator[None]:
        """Within it ``count`` threads are busy with what was begun: a model that is run has the others."""
        before = getattr(_here, "busy", 0)
        _here.busy = before + count
        try:
            yield
        finally:
            _here.busy = before

    def share(self, work: Callable[[_Item], _Result], items: Sequence[_Item]) -> list[_Result]:
        """The results in the order of ``items``, of which the asking thread does its part.

        One that would be left alone at the end is done by the asking thread, whose models have all threads.
        What ``work`` raises is raised, and nothing further is begun.
        """
        lone = len(items) % self._threads == 1
        if self.alone or len(items) == lone:
            return [work(item) for item in items]
        todo = deque(enumerate(items[: len(items) - lone]))
        done: dict[int, _Result] = {}

        def take() -> None:
            while todo:
                try:
                    number, item = todo.popleft()
                except IndexError:  # Another thread took the last.
                    return
                done[number] = work(item)

        others = [self._beside.submit(take) for _ in range(min(self._threads, len(todo)) - 1)]
        try:
            with self.busy(self._threads - 1):
                take()
        finally:
            todo.clear()
            begun = [other for other in others if not other.cancel()]
        for other in begun:
            other.result()
        return [done[number] for number in range(len(done))] + [work(item) for item in items[len(done) :]]

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """The results in the order of ``items``, of which no more are taken than twice the threads ahead.

        What ``work`` raises is raised in its place, and nothing further is begun.
        """
        if self.alone or (isinstance(items, Sized) and len(items) < 2):
            yield from map(work, items)
            return
        begun: deque[Future[_Result]] = deque()
        try:
            for item in items:
                begun.append(self._pool.submit(work, item))
                if len(begun) >= 2 * self._threads:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            for future in begun:
                future.cancel()

    @property
    def alone(self) -> bool:
        """Whether the asking thread does it all."""
        return own_threads(self._threads) < 2

    @functools.cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, "pocketshelf", _begin)

    @functools.cached_property
    def _beside(self) -> ThreadPoolExecutor:
        """The threads beside one that goes on itself."""
        return ThreadPoolExecutor(self._threads - 1, "pocketshelf-beside", _begin)


def _begin() -> None:
    _here.busy = math.inf
