"""Tracking: what a detector's trembling must not do to what a person is to tap."""

from __future__ import annotations

import pytest

from pocketshelf.live import Track, Tracker
from pocketshelf.live.tracker import FORGOTTEN_AFTER, overlap
from pocketshelf.types import Detection

COAT = Detection((100.0, 100.0, 80.0, 120.0), "outerwear", 0.9)
SHOE = Detection((120.0, 300.0, 40.0, 30.0), "footwear", 0.8)


def moved(box: Detection, by: float, group: str = "", score: float = 0.0) -> Detection:
    x, y, w, h = box.box
    return Detection((x + by, y, w, h), group or box.group, score or box.score)


def followed(*frames: list[Detection]) -> list[list[Track]]:
    tracker = Tracker()
    return [tracker.update(found, found) for found in frames]


def test_a_thing_is_shown_when_it_was_seen_twice_and_keeps_its_number() -> None:
    views = followed([COAT], [COAT], [moved(COAT, 8)], [moved(COAT, 20)])
    assert [len(view) for view in views] == [0, 1, 1, 1]
    assert {track.number for view in views for track in view} == {1}


def test_a_box_seen_once_is_noise() -> None:
    views = followed([COAT], [COAT, SHOE], [COAT], [COAT], [COAT], [COAT], [COAT])
    assert {track.number for view in views for track in view} == {1}


def test_the_order_is_that_of_the_frames_boxes() -> None:
    *_, view = followed([COAT, SHOE], [COAT, SHOE], [SHOE, COAT])
    assert [track.group for track in view] == ["footwear", "outerwear"]


def test_a_thing_outlives_a_few_frames_without_a_box_and_not_more() -> None:
    tracker = Tracker()
    tracker.update([COAT], [COAT])
    tracker.update([COAT], [COAT])
    left = [len(tracker.update([], [])) for _ in range(FORGOTTEN_AFTER + 1)]
    assert left == [1] * (FORGOTTEN_AFTER - 1) + [0, 0]
    tracker.update([COAT], [COAT])
    (again,) = tracker.update([COAT], [COAT])
    assert again.number == 2


def test_a_weak_box_continues_a_thing_and_begins_none() -> None:
    tracker = Tracker()
    tracker.update([COAT, SHOE], [COAT])
    (only,) = tracker.update([COAT, SHOE], [COAT])
    assert only.group == "outerwear"
    (still,) = tracker.update([moved(COAT, 4, score=0.2)], [])
    assert (still.number, still.missed, still.newest.score) == (only.number, 0, 0.2)


def test_the_group_is_what_the_boxes_say_together() -> None:
    *_, (track,) = followed([COAT], [COAT], [moved(COAT, 1, group="dress", score=0.95)])
    assert track.group == "outerwear"
    *_, (track,) = followed([moved(COAT, 0, score=0.3)], *[[moved(COAT, 1, group="dress", score=0.9)]] * 3)
    assert track.group == "dress"


def test_a_trembling_box_is_calmed_and_a_jump_followed_at_once() -> None:
    *_, (track,) = followed([COAT], [COAT], [moved(COAT, 6)])
    assert track.box[0] == pytest.approx(103)
    *_, (track,) = followed([COAT], [COAT], [moved(COAT, 40)])
    assert track.box[0] == pytest.approx(140)


def test_two_things_that_touch_are_not_mixed_up() -> None:
    other = moved(COAT, 60)
    views = followed([COAT, other], [COAT, other], [moved(COAT, 5), moved(other, 5)], [other, COAT])
    where = {track.number: track.box[0] for track in views[-1]}
    assert where[1] < where[2] and len(where) == 2


def test_one_thing_that_two_groups_claim_is_one() -> None:
    twice = [COAT, moved(COAT, 2, group="upper", score=0.5)]
    assert [len(view) for view in followed(*[[COAT]] * 2, *[twice] * 3)] == [0, 1, 1, 1, 1]


def test_overlap_is_intersection_over_union() -> None:
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 20, 1, 1)) == 0
