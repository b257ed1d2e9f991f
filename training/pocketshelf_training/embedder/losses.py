"""The embedder's losses; each is one small function."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["cosface", "relational", "to_gallery", "to_teacher"]


def cosface(
    embeddings: Tensor, proxies: Tensor, labels: Tensor, scale: float, margin: float, smoothing: float
) -> Tensor:
    """Large-margin cosine loss (Wang et al., CVPR 2018, equation 4), one value a sample.

    Args:
        embeddings: unit vectors (n, d).
        proxies: one row a class (c, d), any length.
        labels: (n,) class of each.
    """
    cosine = embeddings @ functional.normalize(proxies, dim=1).T
    shift = torch.zeros_like(cosine).scatter_(1, labels[:, None], margin)
    return functional.cross_entropy(
        scale * (cosine - shift), labels, label_smoothing=smoothing, reduction="none"
    )


def to_gallery(embeddings: Tensor, gallery: Tensor, labels: Tensor, scale: float) -> Tensor:
    """Cross-entropy of each query over fixed gallery vectors: retrieval, as it is measured.

    Args:
        gallery: unit vectors (c, d); no gradient goes there.
        labels: (n,) the right row of each.
    """
    return functional.cross_entropy(scale * embeddings @ gallery.T, labels, reduction="none")


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
