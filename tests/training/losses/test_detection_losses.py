"""Boxes, assignment and loss on cases small enough to know the answer."""

import pytest
import torch

from pocketshelf_training.losses.assignment import POSITIVES, REACH, assign, candidates
from pocketshelf_training.losses.boxes import corners, giou, grid_points, pairwise_iou
from pocketshelf_training.losses.detection import detection_losses, varifocal
from pocketshelf_training.models.detector import STRIDES

SIZE = 128
POINTS, STEPS = grid_points(SIZE, STRIDES)


def test_grid_is_level_by_level_row_by_row():
    assert len(POINTS) == 16 * 16 + 8 * 8 + 4 * 4
    assert POINTS[0].tolist() == [4, 4]
    assert POINTS[1].tolist() == [12, 4]
    assert POINTS[16].tolist() == [4, 12]
    assert POINTS[256].tolist() == [8, 8]
    assert STEPS[[0, 256, 320]].tolist() == [8, 16, 32]


def test_distances_are_in_strides():
    boxes = corners(torch.tensor([[1.0, 0.5, 2.0, 0.0]]), torch.tensor([[20.0, 20.0]]), torch.tensor([8.0]))
    assert boxes.tolist() == [[12, 16, 36, 20]]


def test_giou_by_hand():
    first = torch.tensor([[0.0, 0, 10, 10]]).repeat(3, 1)
    second = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 0, 30, 10]])
    # Same: 1. Shifted by half: IoU 1/3, the hull has no empty part. Apart: 0 - 100/300.
    assert giou(first, second).tolist() == pytest.approx([1, 1 / 3, -1 / 3], abs=1e-5)
    assert pairwise_iou(first[:1], second)[0].tolist() == pytest.approx([1, 1 / 3, 0], abs=1e-5)


def test_a_box_without_a_point_inside_gets_the_nearest():
    thin = torch.tensor([[[40.0, 33, 70, 35]]])  # between the rows at 28 and 36
    chosen = candidates(POINTS, STEPS, thin)[0, 0]
    assert chosen.any()
    assert ((POINTS[chosen] - torch.tensor([55.0, 34])).abs() < 8).all()


def test_fine_levels_reach_only_so_far():
    large = torch.tensor([[[0.0, 0, 128, 128]]])
    chosen = candidates(POINTS, STEPS, large)[0, 0]
    sides = torch.cat([POINTS, 128 - POINTS], -1).amax(-1)
    assert (sides[chosen & (STEPS == 8)] <= REACH * 8).all()
    assert not chosen[0]  # its right side is 124 pixels away
    assert chosen[STEPS == 32].all()


def perfect(box: list[float]) -> torch.Tensor:
    """Distances with which every point names ``box`` exactly (as far as it can)."""
    target = torch.tensor(box)
    sides = torch.cat([POINTS - target[:2], target[2:] - POINTS], -1)
    return (sides / STEPS[:, None]).clamp(min=0)


def test_assignment_prefers_points_that_fit_and_asks_for_their_fit():
    box = [20.0, 20, 90, 100]
    predicted = corners(perfect(box), POINTS, STEPS)[None]
    scores = torch.full((1, len(POINTS), 3), 0.1)
    boxes, groups = torch.tensor([[box, [0, 0, 0, 0]]]), torch.tensor([[2, -1]])
    targets = assign(scores, predicted, POINTS, STEPS, boxes, groups)
    assert targets.positive.sum() == POSITIVES
    assert targets.scores[..., :2].sum() == 0
    assert targets.scores[0, targets.positive[0], 2].tolist() == pytest.approx([1.0] * POSITIVES, abs=1e-4)
    assert targets.boxes[targets.positive].unique(dim=0).tolist() == [box]


def test_every_box_gets_its_own_points():
    boxes = torch.tensor([[[10.0, 10, 60, 60], [30, 30, 100, 100]]])
    predicted = corners(torch.full((1, len(POINTS), 4), 2.0), POINTS, STEPS)
    targets = assign(
        torch.full((1, len(POINTS), 2), 0.1), predicted, POINTS, STEPS, boxes, torch.tensor([[0, 1]])
    )
    owners = (targets.scores > 0).sum(-1)
    assert owners.max() == 1
    assert ((targets.scores > 0).sum(1) > 0).all()


def test_varifocal_by_hand():
    logits = torch.zeros(2)
    # Positive asked for 0.5: weight 0.5 · ln 2. Negative: 0.75 · 0.5² · ln 2.
    expected = (0.5 + 0.75 * 0.25) * 0.693147
    assert varifocal(logits, torch.tensor([0.5, 0.0])).item() == pytest.approx(expected, rel=1e-4)


def test_loss_falls_when_the_answer_is_right():
    box = [20.0, 20, 90, 100]
    boxes, groups = torch.tensor([[box]]), torch.tensor([[1]])
    wrong = torch.full((1, len(POINTS), 4), 1.0)
    logits = torch.full((1, len(POINTS), 2), -4.0)
    far = detection_losses(logits, wrong, POINTS, STEPS, boxes, groups)
    near = detection_losses(logits, perfect(box)[None], POINTS, STEPS, boxes, groups)
    assert near["box"] < 0.01 < far["box"]


def test_a_batch_without_boxes_has_a_finite_loss():
    logits = torch.full((1, len(POINTS), 2), -4.0, requires_grad=True)
    distances = torch.ones(1, len(POINTS), 4, requires_grad=True)
    empty = torch.zeros(1, 1, 4), torch.full((1, 1), -1)
    terms = detection_losses(logits, distances, POINTS, STEPS, *empty)
    total = terms["score"] + terms["box"]
    total.backward()
    assert torch.isfinite(total)
    assert terms["box"] == 0
    assert not distances.grad.any()
    assert logits.grad.abs().sum() > 0
