"""Alignments by box, rotation and landmarks, on points whose right place is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.alignment import affine_of, similarity, templates

# A shirt of 100 x 120 pixels at (50, 40), straight.
STRAIGHT = {
    "collar left": (80.0, 40.0), "collar right": (120.0, 40.0),
    "hem left": (50.0, 160.0), "hem right": (150.0, 160.0),
}  # fmt: skip
BOX = (50.0, 40.0, 100.0, 120.0)
FRAME = (200, 200)


def sample(points: dict[str, tuple[float, float]], box: tuple[float, ...] | None, domain: str) -> Sample:
    marks = {name: (x, y, True) for name, (x, y) in points.items()}
    boxes = (("upper", box),) if box else ()
    return Sample(Path("x.jpg"), "train", domain, category="shirt", landmarks=marks, boxes=boxes)  # type: ignore[arg-type]


def turned(angle: float) -> dict[str, tuple[float, float]]:
    c, s = math.cos(angle), math.sin(angle)
    return {
        n: (100 + c * (x - 100) - s * (y - 100), 100 + s * (x - 100) + c * (y - 100))
        for n, (x, y) in STRAIGHT.items()
    }


def box_of(points: dict[str, tuple[float, float]]) -> tuple[float, float, float, float]:
    low, high = np.min(list(points.values()), 0), np.max(list(points.values()), 0)
    return (*low, *(high - low))


def place(matrix: np.ndarray, point: tuple[float, float]) -> np.ndarray:
    return matrix @ np.array([*point, 1.0])


def test_a_similarity_is_found_again() -> None:
    here = np.random.default_rng(0).normal(size=(6, 2))
    turn = 2.5 * np.array([[math.cos(0.7), -math.sin(0.7)], [math.sin(0.7), math.cos(0.7)]])
    found = similarity(here, here @ turn.T + [3, -4])
    assert found == pytest.approx(np.column_stack([turn, [3, -4]]))
    assert similarity(np.ones((4, 2)), here[:4]) is None


@pytest.mark.parametrize("alignment", ["rotation", "landmarks"])
@pytest.mark.parametrize("angle", [-0.5, 0.3])
def test_a_leaning_garment_stands_upright(alignment: str, angle: float) -> None:
    known = templates([sample(STRAIGHT, BOX, "shop")])
    points = turned(angle)
    matrix = affine_of(sample(points, box_of(points), "street"), FRAME, 128, alignment, known)
    left, right = place(matrix, points["hem left"]), place(matrix, points["hem right"])
    assert left[1] == pytest.approx(right[1], abs=1e-6)
    assert left[0] < right[0]
    assert place(matrix, points["collar left"])[1] < left[1]


def test_the_box_fills_the_piece_and_does_not_turn() -> None:
    matrix = affine_of(sample(STRAIGHT, BOX, "street"), FRAME, 128, "box", {})
    assert matrix[0, 1] == matrix[1, 0] == 0
    corner, opposite = place(matrix, (50, 40)), place(matrix, (150, 160))
    assert (corner >= 0).all()
    assert (opposite <= 128).all()
    assert opposite[1] - corner[1] > 110


def test_without_landmarks_the_box_serves_and_without_a_box_the_frame() -> None:
    bare = sample({}, BOX, "street")
    boxed = affine_of(bare, FRAME, 128, "box", {})
    assert affine_of(bare, FRAME, 128, "landmarks", {}) == pytest.approx(boxed)
    frame = affine_of(sample(STRAIGHT, None, "street"), FRAME, 128, "landmarks", {})
    assert place(frame, (200, 200)) == pytest.approx([128, 128])
    assert frame == pytest.approx(affine_of(bare, FRAME, 128, "none", {}))


def test_landmarks_of_two_sizes_come_to_one_place() -> None:
    known = templates([sample(STRAIGHT, BOX, "shop")])
    small = {n: (20 + x / 2, 30 + y / 2) for n, (x, y) in STRAIGHT.items()}
    one = affine_of(sample(STRAIGHT, BOX, "street"), FRAME, 128, "landmarks", known)
    other = affine_of(sample(small, box_of(small), "street"), FRAME, 128, "landmarks", known)
    for name in STRAIGHT:
        assert place(one, STRAIGHT[name]) == pytest.approx(place(other, small[name]))
