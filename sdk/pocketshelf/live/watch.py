"""Search what a camera sees: regions that stay, each answered once and anew only when it is another thing.

A detector runs on every frame; embedding and search run for one thing a frame at most, the one that waited
longest. An answer is kept while its box stands where it was answered, what is in it looks the same and it is
not old: so a thing that is swapped for another in the same place is seen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from pocketshelf.encoded import EncodedRegion
from pocketshelf.encoder import Encoder
from pocketshelf.live.newest import newest_frames
from pocketshelf.live.tracker import Track, Tracker, overlap
from pocketshelf.stages.preprocess import Photo, PhotoSource, read_photo, several
from pocketshelf.stages.where import Where
from pocketshelf.types import Box, Region

__all__ = ["LiveRegion", "LiveView", "Watch"]

# A camera's frame is larger than any network looks at.
WORKING_SIDE = 640
# A box of less than this share of the bundle's threshold continues nothing.
WEAK = 0.5
# An answer holds while its box overlaps the answered one by this much and its look differs by less than this
# (mean of absolute differences of an 8 x 8 picture, of 255), and no longer than so many seconds.
SAME_PLACE, SAME_LOOK, REFRESH_S = 0.7, 12.0, 3.0
_LOOK_SIDE, _LOOK_STEPS = 8, 4


class Searcher(Protocol):
    """What finds, embeds and answers: a `pocketshelf.Retriever`."""

    @property
    def encoder(self) -> Encoder:
        """Finds and embeds."""

    def search_region(
        self, region: EncodedRegion, top_k: int, category: Any, where: Any, photo: Photo
    ) -> Region:
        """The products for a region of ``photo`` that is embedded."""


@dataclass(frozen=True)
class LiveRegion:
    """One thing before the camera.

    Attributes:
        number: from 1; the same as long as the thing is followed.
        region: its smoothed box and its group; with hits and all else as soon as it was searched.
        answered_s: how many seconds ago; None where it has not been yet.
    """

    number: int
    region: Region
    answered_s: float | None


@dataclass(frozen=True)
class LiveView:
    """What is seen in one frame.

    Attributes:
        frame: its number, from 0, among those that were looked at.
        width, height: of the upright frame, in its own pixels; boxes are in these.
        regions: the most prominent first.
        searched: how many of them were embedded and searched in this frame.
    """

    frame: int
    width: int
    height: int
    regions: tuple[LiveRegion, ...]
    searched: int


@dataclass
class _Answer:
    region: Region
    box: Box
    look: np.ndarray
    when: float


@dataclass
class Watch:
    """Follows a stream of frames; one at a time.

    Args:
        searcher: finds, embeds and answers.
        top_k, category, where: as of `Retriever.search`.
        refresh_s: an answer older than this is asked for anew, in seconds.
        most: so many things are searched in one frame at most.
        clock: seconds that only grow.
    """

    searcher: Searcher
    top_k: int = 10
    category: str | Sequence[str] = "auto"
    where: Where | None = None
    refresh_s: float = REFRESH_S
    most: int = 1
    clock: Callable[[], float] = time.monotonic
    _tracker: Tracker = field(default_factory=Tracker)
    _answers: dict[int, _Answer] = field(default_factory=dict)
    _frame: int = 0

    def views(self, frames: Iterable[PhotoSource], newest: bool = True) -> Iterator[LiveView]:
        """A view for each of ``frames`` that is looked at.

        Args:
            newest: frames that came while one was searched are dropped, but for the newest; else each is
                looked at, as of a recording.

        Raises:
            PhotoError: a frame cannot be read.
            TypeError: ``frames`` is one frame, or a film's path.
        """
        frames = several(frames)
        stream = newest_frames(frames) if newest else iter(frames)
        for frame in stream:
            yield self.see(frame)

    def see(self, frame: PhotoSource) -> LiveView:
        """One more frame.

        Raises:
            PhotoError: it cannot be read; what was followed still is.
        """
        photo = read_photo(frame, WORKING_SIDE)
        tracks = self._tracker.update(*self.searcher.encoder.boxes(photo, WEAK))
        due = self._due(photo, tracks)[: self.most]
        self._answer(photo, tracks, due)
        followed = {track.number for track in tracks}
        self._answers = {number: kept for number, kept in self._answers.items() if number in followed}
        view = LiveView(self._frame, photo.width, photo.height, tuple(map(self._live, tracks)), len(due))
        self._frame += 1
        return view

    def _due(self, photo: Photo, tracks: Sequence[Track]) -> list[Track]:
        """Those in sight without an answer that still holds: first those without any, then by its age."""
        seen = [track for track in tracks if not track.missed]
        stale = [track for track in seen if not self._holds(photo, track)]
        return sorted(stale, key=lambda track: self._answered_at(track) or float("-inf"))

    def _holds(self, photo: Photo, track: Track) -> bool:
        answer = self._answers.get(track.number)
        if answer is None or self.clock() - answer.when > self.refresh_s:
            return False
        if overlap(answer.box, track.box) < SAME_PLACE:
            return False
        return float(np.abs(look(photo, track.box) - answer.look).mean()) < SAME_LOOK

    def _answer(self, photo: Photo, tracks: Sequence[Track], due: Sequence[Track]) -> None:
        boxes = {track.number: track.detection for track in tracks}
        wanted = [boxes[track.number] for track in due]
        encoded = self.searcher.encoder.encode_boxes(photo, list(boxes.values()), wanted)
        for track, each in zip(due, encoded, strict=True):
            region = self.searcher.search_region(each, self.top_k, self.category, self.where, photo)
            self._answers[track.number] = _Answer(region, track.box, look(photo, track.box), self.clock())

    def _live(self, track: Track) -> LiveRegion:
        answer, seen = self._answers.get(track.number), track.detection
        region = (
            Region(seen.box, seen.group, seen.score)
            if answer is None
            else replace(answer.region, box=seen.box, group=seen.group, score=seen.score)
        )
        return LiveRegion(track.number, region, None if answer is None else self.clock() - answer.when)

    def _answered_at(self, track: Track) -> float | None:
        answer = self._answers.get(track.number)
        return None if answer is None else answer.when


def look(photo: Photo, box: Box) -> np.ndarray:
    """What is in a box, coarsely: float32 (8, 8, 3), RGB, 0 to 255."""
    height, width = photo.pixels.shape[:2]
    x, y, w, h = photo.to_decoded(box)
    steps = (np.arange(_LOOK_SIDE * _LOOK_STEPS) + 0.5) / (_LOOK_SIDE * _LOOK_STEPS)
    columns = np.clip(x + steps * w, 0, width - 1).astype(int)
    rows = np.clip(y + steps * h, 0, height - 1).astype(int)
    pixels = photo.pixels[rows[:, None], columns[None]].astype(np.float32)
    return pixels.reshape(_LOOK_SIDE, _LOOK_STEPS, _LOOK_SIDE, _LOOK_STEPS, 3).mean(axis=(1, 3))
