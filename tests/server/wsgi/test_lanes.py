"""Searches go before files, and files get through all the same."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pocketshelf.wsgi.lanes import lanes_dispatcher
from pocketshelf_server.http.files import is_file

FILE, SEARCH = "/v1/targets/all/x", "/v1/search"


class Channel:
    """One request; answering it lasts until it may end."""

    def __init__(self, path: str, seen: list[str], free: threading.Event, fails: bool = False) -> None:
        self.requests = [SimpleNamespace(path=path)]
        self._path, self._seen, self._free, self._fails = path, seen, free, fails
        self.done, self.cancelled = threading.Event(), False

    def service(self) -> None:
        self._seen.append(self._path)
        assert self._free.wait(30)
        self.done.set()
        if self._fails:
            raise RuntimeError("an error of the application")

    def cancel(self) -> None:
        self.cancelled = True


def wait_for(seen: list[str], count: int) -> None:
    clock = threading.Event()
    for _ in range(3000):
        if len(seen) >= count:
            return
        clock.wait(0.01)
    pytest.fail(f"{seen}")


def test_files_leave_half_of_the_threads_to_searches() -> None:
    dispatcher: Any = lanes_dispatcher(4, is_file)
    seen: list[str] = []
    free = threading.Event()
    files = [Channel(FILE, seen, free) for _ in range(10)]
    for channel in files:
        dispatcher.add_task(channel)
    wait_for(seen, 2)
    searches = [Channel(SEARCH, seen, free) for _ in range(2)]
    for channel in searches:
        dispatcher.add_task(channel)
    wait_for(seen, 4)
    assert seen == [FILE, FILE, SEARCH, SEARCH] and len(dispatcher.queue) == 8
    free.set()
    assert all(channel.done.wait(30) for channel in [*files, *searches])
    dispatcher.shutdown()


def test_a_search_overtakes_the_files_that_wait() -> None:
    dispatcher: Any = lanes_dispatcher(1, is_file)
    seen: list[str] = []
    free = threading.Event()
    for path in (FILE, FILE, SEARCH):
        dispatcher.add_task(Channel(path, seen, free))
        wait_for(seen, 1)
    free.set()
    wait_for(seen, 3)
    assert seen == [FILE, SEARCH, FILE]
    dispatcher.shutdown()


def test_a_request_that_fails_gives_its_place_back(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher: Any = lanes_dispatcher(2, is_file)
    seen: list[str] = []
    free = threading.Event()
    free.set()
    channels = [Channel(FILE, seen, free, fails=True) for _ in range(5)]
    for channel in channels:
        dispatcher.add_task(channel)
    assert all(channel.done.wait(30) for channel in channels)
    assert caplog.text.count("an error of the application") >= 1
    dispatcher.shutdown()


def test_a_request_that_could_not_be_read_is_answered_at_once() -> None:
    dispatcher: Any = lanes_dispatcher(1, is_file)
    seen: list[str] = []
    free = threading.Event()
    free.set()
    channel = Channel("?", seen, free)
    channel.requests = [SimpleNamespace()]
    dispatcher.add_task(channel)
    assert channel.done.wait(30)
    dispatcher.shutdown()


def test_what_waits_is_cancelled_at_the_end() -> None:
    dispatcher: Any = lanes_dispatcher(2, is_file)
    seen: list[str] = []
    free = threading.Event()
    first = Channel(FILE, seen, free)
    dispatcher.add_task(first)
    wait_for(seen, 1)
    dispatcher.set_thread_count(0)
    free.set()
    assert first.done.wait(30)
    waiting = [Channel(path, seen, free) for path in (FILE, SEARCH)]
    dispatcher.shutdown(timeout=5)
    for channel in waiting:
        dispatcher.add_task(channel)
    assert dispatcher.shutdown(cancel_pending=True, timeout=1)
    assert all(channel.cancelled for channel in waiting)
