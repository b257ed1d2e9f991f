"""Work side by side, in as many threads as the models may use.

Decoders, filters and models leave Python's lock alone, so that two threads do twice as much. Within a worker
everything is done in its turn: a search among many has one thread, and so has each of its models.
"""

from __future__ import annotations

import functools
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["Workers", "is_worker"]

_Arguments = ParamSpec("_Arguments")
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_here = threading.local()


def is_worker() -> bool:
    """Whether this thread is one of some `Workers`."""
    return bool(getattr(_here, "is_worker", False))


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
        """Begin ``work``; what is returned waits for its result, or raises what it raised.

        With one thread it is done then.
        """
        if self._alone:
            return functools.partial(work, *args, **kwargs)
        return self._pool.submit(work, *args, **kwargs).result

    def map(self, work: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
        """The results in the order of ``items``, of which no more are taken than twice the threads ahead.

        What ``work`` raises is raised in its place, and nothing further is begun.
        """
        if self._alone or (isinstance(items, Sized) and len(items) < 2):
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
    def _alone(self) -> bool:
        return self._threads < 2 or is_worker()

    @functools.cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, "pocketshelf", _begin)


def _begin() -> None:
    _here.is_worker = True
