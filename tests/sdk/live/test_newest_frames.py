"""The newest frame wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pocketshelf.live import newest_frames


class Camera:
    """Gives frames when it is told to."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.given, self.told = threading.Semaphore(0), threading.Semaphore(0)
        self.ended = threading.Event()

    def __iter__(self) -> Iterator[int]:
        try:
            for number in range(self.count):
                self.told.acquire()
                yield number
                self.given.release()
        finally:
            self.ended.set()

    def give(self, frames: int) -> None:
        """So many frames have been put into the slot when this returns."""
        for _ in range(frames):
            self.told.release()
        for _ in range(frames):
            assert self.given.acquire(timeout=30)


def test_what_came_meanwhile_is_dropped_but_for_the_newest() -> None:
    camera = Camera(7)
    frames = newest_frames(camera)
    camera.told.release()
    assert next(frames) == 0
    assert camera.given.acquire(timeout=30)
    camera.give(5)
    assert next(frames) == 5
    camera.told.release()
    assert list(frames) == [6]


def test_what_reading_raises_comes_after_the_frames_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise OSError("camera gone")

    frames = newest_frames(broken())
    found: list[int] = []
    with pytest.raises(OSError, match="camera gone"):
        found.extend(frames)
    assert found == [1]


def test_the_reading_ends_with_whoever_looks() -> None:
    camera = Camera(1000)
    frames = newest_frames(camera)
    camera.told.release()
    next(frames)
    frames.close()  # type: ignore[attr-defined]
    camera.told.release(3)
    assert camera.ended.wait(30)


def test_a_stream_without_frames_ends() -> None:
    assert list(newest_frames([])) == []
