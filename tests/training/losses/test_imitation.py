"""A student drawn to a teacher's outputs, point by point."""

from pathlib import Path

import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.losses.boxes import grid_points
from pocketshelf_training.losses.imitation import Teacher, imitation_loss
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import STRIDES, Detector

SIZE = 64
POINTS, STEPS = grid_points(SIZE, STRIDES)
COUNT = len(POINTS)


def outputs(score: float, side: float) -> tuple[torch.Tensor, torch.Tensor]:
    """One picture whose first point sees something."""
    scores = torch.full((1, COUNT, 3), 0.001)
    scores[0, 0, 1] = score
    return scores, torch.full((1, COUNT, 4), side)


def loss(mine: tuple[torch.Tensor, torch.Tensor], theirs: tuple[torch.Tensor, torch.Tensor]) -> float:
    return float(imitation_loss(mine[0].logit(), mine[1], *theirs, POINTS, STEPS))


def test_the_nearer_the_cheaper_and_the_same_costs_nothing() -> None:
    wanted = outputs(0.8, 2.0)
    assert loss(wanted, wanted) == pytest.approx(0, abs=1e-5)
    assert 0 < loss(outputs(0.6, 2.0), wanted) < loss(outputs(0.2, 2.0), wanted)
    assert 0 < loss(outputs(0.8, 2.5), wanted) < loss(outputs(0.8, 4.0), wanted)


def test_boxes_count_only_where_the_teacher_sees_something() -> None:
    wanted, mine = outputs(0.8, 2.0), outputs(0.8, 2.0)
    mine[1][0, 1:] = 9.0
    assert loss(mine, wanted) == pytest.approx(0, abs=1e-5)


def test_a_gradient_goes_to_the_student_alone_and_lowers_the_loss(tmp_path: Path) -> None:
    torch.manual_seed(0)
    teacher, student = (Detector(size=SIZE, width=16, tower=1, tied=tied) for tied in (False, True))
    for head in teacher.heads:
        torch.nn.init.zeros_(head.score.bias)  # type: ignore[union-attr, arg-type]
    save_checkpoint(tmp_path / "t.safetensors", "detector", teacher.config, teacher.state_dict())
    guide = Teacher(tmp_path / "t.safetensors", student)
    images = torch.randn(2, 3, SIZE, SIZE)
    optimiser = torch.optim.SGD(student.parameters(), 1e-3)
    values = []
    for _ in range(4):
        value = guide.loss(images, *student.logits(images), POINTS, STEPS)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert values[-1] < values[0]
    assert all(parameter.grad is None for parameter in guide.model.parameters())


def test_a_teacher_of_other_groups_is_refused(tmp_path: Path) -> None:
    other = Detector(groups=("hat", "bag"), size=SIZE, width=16, tower=1)
    save_checkpoint(tmp_path / "t.safetensors", "detector", other.config, other.state_dict())
    with pytest.raises(UsageError, match=r"finds hat, bag; the student's groups are others"):
        Teacher(tmp_path / "t.safetensors", Detector(size=SIZE, width=16, tower=1))
