"""A camera's stream, searched: each thing is answered once, and anew only when it is another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drawn_things import COLOURS, draw_thing
from fake_models import FakeEmbedder
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.errors import PhotoError
from pocketshelf.formats import Bundle
from pocketshelf.live import LiveView, Watch


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def retriever(shop: Path, fake_bundle: Bundle) -> Iterator[Retriever]:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)
    with Retriever.open(shop / "store", fake_bundle) as opened:
        yield opened


def frame(name: str = "red", by: int = 0) -> np.ndarray:
    """A thing before the camera, so many pixels further to the right."""
    still = np.asarray(draw_thing(COLOURS[name][0], (320, 260)).convert("RGB"))
    return np.roll(still, by, axis=1)


def calls(retriever: Retriever) -> int:
    runner = retriever.encoder._embedder._runner  # type: ignore[attr-defined]
    assert isinstance(runner, FakeEmbedder)
    return runner.calls


def first(view: LiveView) -> str:
    (live,) = view.regions
    assert live.region.hits is not None
    return live.region.hits[0].product_id


def test_a_thing_that_stands_still_is_searched_once(retriever: Retriever) -> None:
    views = list(retriever.watch([frame(by=i % 2) for i in range(12)], newest=False))
    assert [view.searched for view in views] == [0, 1] + [0] * 10
    assert calls(retriever) <= 2  # The box, and perhaps the frame that counts beside it.
    assert {first(view) for view in views[1:]} == {"red"}
    assert {live.number for view in views for live in view.regions} == {1}


def test_the_answer_is_that_of_a_search(retriever: Retriever) -> None:
    (searched,) = retriever.search(frame(), top_k=3).regions
    *_, view = retriever.watch([frame()] * 3, top_k=3, newest=False)
    (live,) = view.regions
    assert live.region.hits == searched.hits and live.region.group == searched.group
    assert live.region.box == pytest.approx(searched.box, abs=1)


def test_a_thing_that_is_swapped_in_its_place_is_searched_anew(retriever: Retriever) -> None:
    views = list(retriever.watch([frame("red")] * 4 + [frame("blue")] * 3, newest=False))
    assert [first(view) for view in views[1:4]] == ["red"] * 3
    assert first(views[-1]) == "blue"
    assert [view.searched for view in views].count(1) == 2


def test_a_thing_that_moves_far_is_followed_and_searched_anew(retriever: Retriever) -> None:
    views = list(retriever.watch([frame(by=4 * i) for i in range(15)], newest=False))
    assert {live.number for view in views for live in view.regions} == {1}
    assert 2 <= sum(view.searched for view in views) < 8


def test_an_old_answer_is_asked_for_anew(retriever: Retriever) -> None:
    clock = Clock()
    watch = Watch(retriever, refresh_s=2.0, clock=clock)
    searched = []
    for _ in range(10):
        searched.append(watch.see(frame()).searched)
        clock.now += 0.5
    assert searched == [0, 1, 0, 0, 0, 0, 1, 0, 0, 0]


def test_nothing_before_the_camera_is_no_region(retriever: Retriever) -> None:
    empty = np.full((260, 320, 3), 200, np.uint8)
    views = list(retriever.watch([empty] * 3 + [frame()] * 2 + [empty] * 6, newest=False))
    assert [len(view.regions) for view in views] == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0]


def test_a_frame_that_cannot_be_read_is_an_error_and_the_watch_goes_on(retriever: Retriever) -> None:
    watch = Watch(retriever)
    watch.see(frame())
    with pytest.raises(PhotoError):
        watch.see(b"no picture")
    assert [live.number for live in watch.see(frame()).regions] == [1]


def test_memory_of_what_left_is_let_go(retriever: Retriever) -> None:
    watch = Watch(retriever)
    for i in range(60):
        watch.see(frame(("red", "blue")[i // 3 % 2]) if i % 12 < 6 else np.full((260, 320, 3), 200, np.uint8))
    assert len(watch._answers) <= 1
