"""Average precision against cases computed by hand."""

import math

import numpy as np
import pytest

from pocketshelf_training.metrics.average_precision import (
    Boxes,
    average_precision,
    iou,
    mean_average_precision,
)


def test_perfect_order_is_one():
    assert average_precision(np.array([0.9, 0.8]), np.array([True, True]), 2) == 1.0


def test_nothing_to_find_is_no_number():
    assert math.isnan(average_precision(np.array([0.9]), np.array([False]), 0))


def test_half_the_boxes_found():
    # Recall reaches 0.5: 51 of the 101 recalls (0 … 0.50) have precision 1, the others 0.
    assert average_precision(np.array([0.9]), np.array([True]), 2) == pytest.approx(51 / 101)


def test_a_miss_above_a_hit():
    # Precision after each: 0, 1/2. Made monotonic, 1/2 at every recall.
    assert average_precision(np.array([0.9, 0.8]), np.array([False, True]), 1) == pytest.approx(0.5)


def test_hit_miss_hit():
    # Precision 1, 1/2, 2/3; recall 1/2, 1/2, 1. 51 recalls at 1, 50 at 2/3.
    result = average_precision(np.array([0.9, 0.8, 0.7]), np.array([True, False, True]), 2)
    assert result == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_order_of_the_arrays_does_not_matter():
    result = average_precision(np.array([0.7, 0.9, 0.8]), np.array([True, True, False]), 2)
    assert result == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_iou_of_shifted_squares():
    square, shifted, away = [0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]
    assert iou(np.array([square], float), np.array([square, shifted, away], float))[0] == pytest.approx(
        [1, 50 / 150, 0]
    )


TRUTH = {"a": Boxes(np.array([[0, 0, 10, 10], [50, 50, 60, 60]]), ["hat", "bag"])}


def test_thresholds_from_the_overlap():
    # The hat's box overlaps 8/10: found at 0.50 … 0.80, seven of ten thresholds. The bag is not found.
    found = {"a": Boxes(np.array([[0, 0, 10, 8]]), ["hat"], np.array([0.9]))}
    groups, mean = mean_average_precision(TRUTH, found, ["hat", "bag", "dress"])
    assert groups["hat"].ap50 == 1.0
    assert groups["hat"].ap == pytest.approx(0.7)
    assert (groups["bag"].ap50, groups["bag"].boxes) == (0.0, 1)
    assert "dress" not in groups  # none to find: not averaged
    assert mean["ap50"] == 0.5


def test_a_second_box_on_the_same_thing_is_a_miss():
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9]])
    found = {"a": Boxes(boxes, ["hat", "hat"], np.array([0.5, 0.9]))}
    groups, _ = mean_average_precision(TRUTH, found, ["hat"])
    # The 0.9 one comes first and takes the hat up to IoU 0.9; at 0.95 it misses and the other one hits.
    assert groups["hat"].ap50 == 1.0
    assert groups["hat"].ap == pytest.approx((9 * 1 + 0.5) / 10)


def test_the_wrong_group_and_the_wrong_photo_are_misses():
    hat = np.array([[0, 0, 10, 10]])
    found = {"a": Boxes(hat, ["bag"], np.array([0.9])), "b": Boxes(hat, ["hat"], np.array([0.9]))}
    groups, _ = mean_average_precision(TRUTH | {"b": Boxes(np.zeros((0, 4)), [])}, found, ["hat", "bag"])
    assert groups["hat"].recall50 == groups["bag"].recall50 == 0.0


def test_at_most_a_hundred_a_photo():
    boxes = np.concatenate([np.tile([[80, 80, 90, 90]], (100, 1)), [[0, 0, 10, 10]]])
    found = {"a": Boxes(boxes, ["hat"] * 101, np.linspace(1, 0.1, 101))}
    groups, _ = mean_average_precision(TRUTH, found, ["hat"])
    assert groups["hat"].ap50 == 0.0
