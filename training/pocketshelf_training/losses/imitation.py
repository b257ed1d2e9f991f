"""What a small detector learns from a larger one: its scores and boxes at every point of the grid.

Both have the same points, so nothing is matched: the student's scores are drawn to the teacher's by the
quality focal loss (Li et al., "Generalized focal loss", NeurIPS 2020, equation 2), its boxes to the
teacher's by GIoU, weighted by how sure the teacher is (as in CrossKD, Wang et al., CVPR 2024, section 3.3).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf.errors import UsageError
from pocketshelf_training.engine.compute import device_of, half, placed
from pocketshelf_training.losses.boxes import corners, giou
from pocketshelf_training.models.detector import Detector

__all__ = ["Teacher", "imitation_loss"]

FOCUS = 2.0
BOX_WEIGHT = 2.0
# A point where the teacher sees less than this says nothing of boxes.
SEEN = 0.05


def imitation_loss(
    logits: Tensor,
    distances: Tensor,
    wanted_scores: Tensor,
    wanted_distances: Tensor,
    points: Tensor,
    strides: Tensor,
) -> Tensor:
    """How far a student's outputs are from a teacher's, a scalar.

    Args:
        logits, distances: (n, N, G) and (n, N, 4) in strides, of the student.
        wanted_scores, wanted_distances: the teacher's, the scores after the sigmoid.
        points, strides: of the grid, see `grid_points`.
    """
    sure = wanted_scores.amax(-1)
    mass = sure.sum().clamp(min=1.0)
    focus = (wanted_scores - logits.detach().sigmoid()).abs() ** FOCUS
    score = functional.binary_cross_entropy_with_logits(logits, wanted_scores, focus, reduction="sum") / mass
    seen = sure > SEEN
    mine, theirs = (corners(sides, points, strides)[seen] for sides in (distances, wanted_distances))
    return score + BOX_WEIGHT * ((1 - giou(mine, theirs)) * sure[seen]).sum() / mass


class Teacher:
    """A trained detector that looks at the student's pictures.

    Args:
        path: its checkpoint.
        student: names the same groups.

    Raises:
        CheckpointError: no detector's checkpoint.
        UsageError: it names other groups.
    """

    def __init__(self, path: Path, student: Detector) -> None:
        self.model = Detector.from_checkpoint(path).requires_grad_(False)
        if self.model.groups != student.groups:
            raise UsageError(f"{path} finds {', '.join(self.model.groups)}; the student's groups are others")
        placed(self.model, device_of(student))

    def loss(
        self, images: Tensor, logits: Tensor, distances: Tensor, points: Tensor, strides: Tensor
    ) -> Tensor:
        """`imitation_loss` for normalised ``images`` (n, 3, h, w) and the student's outputs."""
        with torch.no_grad(), half(images.device):
            scores, sides = self.model(images)
        return imitation_loss(logits, distances, scores.float(), sides.float(), points, strides)
