"""Average precision against cases computed by hand, and against COCO's own evaluation."""

import math

import numpy as np
import pytest
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from pocketshelf.stages.detect import pairwise_iou
from pocketshelf_training.metrics.average_precision import Boxes, average_precision, mean_average_precision


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
    found = pairwise_iou(np.array([square], float), np.array([square, shifted, away], float))
    assert found[0] == pytest.approx([1, 50 / 150, 0])


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


GROUPS = ["hat", "bag", "dress"]


def random_photos(seed: int) -> tuple[dict[str, Boxes], dict[str, Boxes]]:
    """Crowded photos with detections beside, on and far from the true boxes, of right and wrong groups."""
    rng = np.random.default_rng(seed)
    truth, found = {}, {}
    for photo in map(str, range(12)):
        low = rng.uniform(0, 60, (rng.integers(0, 7), 2))
        boxes = np.concatenate([low, low + rng.uniform(15, 40, low.shape)], 1)
        groups = [GROUPS[i] for i in rng.integers(0, 2 + (photo == "3"), len(boxes))]
        truth[photo] = Boxes(boxes, groups)
        guesses = np.concatenate([boxes + rng.normal(0, 3, boxes.shape), boxes, rng.uniform(0, 9, (2, 4))])
        guesses[-2:, 2:] += 20
        names = [*groups, *rng.permutation(groups).tolist(), "hat", "bag"]
        found[photo] = Boxes(guesses, names, rng.permutation(len(names)) / len(names) + rng.uniform(0, 1e-3))
    return truth, found


def coco(truth: dict[str, Boxes], found: dict[str, Boxes] | None = None) -> dict:
    rows: list[dict] = []
    for photo, boxes in (found or truth).items():
        scores = np.zeros(len(boxes)) if boxes.scores is None else boxes.scores
        for (x0, y0, x1, y1), group, score in zip(boxes.boxes.tolist(), boxes.groups, scores, strict=True):
            box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0), "score": float(score)}
            place = {"id": len(rows) + 1, "image_id": int(photo), "category_id": GROUPS.index(group)}
            rows.append({**box, **place, "iscrowd": 0})
    images = [{"id": int(photo), "width": 200, "height": 200} for photo in truth]
    categories = [{"id": i, "name": name} for i, name in enumerate(GROUPS)]
    return {"info": {}, "images": images, "categories": categories, "annotations": rows}


@pytest.mark.parametrize("seed", range(5))
def test_the_figures_are_those_of_pycocotools(seed: int) -> None:
    truth, found = random_photos(seed)
    theirs = COCO(), COCO()
    for each, content in zip(theirs, (coco(truth), coco(truth, found)), strict=True):
        each.dataset = content
        each.createIndex()
    evaluation = COCOeval(*theirs, "bbox")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    groups, mean = mean_average_precision(truth, found, GROUPS)
    assert mean["ap"] == pytest.approx(evaluation.stats[0], abs=1e-6)
    assert mean["ap50"] == pytest.approx(evaluation.stats[1], abs=1e-6)
    precision = evaluation.eval["precision"][0, :, :, 0, -1].mean(0)  # at IoU 0.5, all areas, 100 a photo
    recall = evaluation.eval["recall"][0, :, 0, -1]
    for name, score in groups.items():
        assert score.ap50 == pytest.approx(precision[GROUPS.index(name)], abs=1e-6)
        assert score.recall50 == pytest.approx(recall[GROUPS.index(name)], abs=1e-6)


def test_the_overlap_is_that_of_pycocotools() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 50, (40, 2))
    boxes = np.concatenate([low, low + rng.uniform(1, 50, (40, 2))], 1)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], 1)
    theirs = mask.iou(sized[:15], sized[15:], [0] * 25)
    assert pairwise_iou(boxes[:15], boxes[15:]) == pytest.approx(theirs)
