"""A teacher's space: where its vectors lie, and how it ranks a batch."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["relational", "to_teacher"]


def to_teacher(embeddings: Tensor, targets: Tensor) -> Tensor:
    """One less cosine to the teacher's vector of the same picture, one value a sample.

    Both lie in one space afterwards: what "Asymmetric metric learning for knowledge transfer"
    (Budnik and Avrithis, CVPR 2021, section 3) calls regression.
    """
    return 1 - (embeddings * targets).sum(1)


def relational(embeddings: Tensor, targets: Tensor, scale: float, target_scale: float) -> Tensor:
    """How differently two spaces rank the other pictures of the batch, one value a sample.

    Kullback-Leibler divergence of the softmax over cosines (Park et al., "Relational knowledge
    distillation", CVPR 2019, in the form of similarity distributions); the spaces may differ in
    dimension.

    Args:
        embeddings: unit (n, d); targets: unit (n, e).
        scale, target_scale: of the cosines before either softmax.
    """
    itself = torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
    found = (scale * embeddings @ embeddings.T).masked_fill(itself, -1e4).log_softmax(1)
    wanted = (target_scale * targets @ targets.T).masked_fill(itself, -1e4).log_softmax(1)
    return (wanted.exp() * (wanted - found)).sum(1)
