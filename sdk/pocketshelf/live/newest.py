"""The newest frame wins: what a camera gave while a frame was searched is dropped, not queued."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

__all__ = ["newest_frames"]

Frame = TypeVar("Frame")


def newest_frames(frames: Iterable[Frame]) -> Iterator[Frame]:
    """The frames of a camera that gives them whether they are taken or not: always the newest.

    ``frames`` is read in a thread of its own, which ends with the iteration, at the latest with the frame
    that it waits for then. What reading raises is raised here, after the frames before it.
    """
    slot: _Slot[Frame] = _Slot()
    threading.Thread(target=slot.fill, args=(frames,), daemon=True, name="newest-frame").start()
    try:
        yield from slot
    finally:
        slot.close()


class _Slot(Generic[Frame]):
    """Holds one frame at most."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._frames: list[Frame] = []
        self._error: BaseException | None = None
        self._ended = self._closed = False

    def fill(self, frames: Iterable[Frame]) -> None:
        error: BaseException | None = None
        try:
            for frame in frames:
                with self._changed:
                    if self._closed:
                        return
                    self._frames[:] = [frame]
                    self._changed.notify()
        except BaseException as raised:  # Told to whoever iterates.
            error = raised
        finally:
            with self._changed:
                self._error, self._ended = error, True
                self._changed.notify()

    def __iter__(self) -> Iterator[Frame]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._frames or self._ended)
                if not self._frames:
                    break
                frame = self._frames.pop()
            yield frame
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        with self._changed:
            self._closed = True
