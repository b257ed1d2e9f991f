"""Triplets: an anchor is nearer to its own item than to another."""

from __future__ import annotations

from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import Tensor

__all__ = ["ranking_triplets"]


def ranking_triplets(
    anchors: Tensor, anchor_labels: Tensor, others: Tensor, other_labels: Tensor, margin: float
) -> Tensor:
    """max(0, m + d(a, p) − d(a, n)), Euclidean, the mean over those triplets that still cost something.

    DARN (Huang et al., ICCV 2015, section 3.1) with street photos as anchors and shop pictures as the
    others; FashionNet (Liu et al., CVPR 2016, section 3) with the same form. The papers pick triplets;
    the mean over all of a batch would fade as soon as most are in order (Hermans et al., "In defense of the
    triplet loss", 2017, section 2). By pytorch-metric-learning.

    Args:
        anchors: (a, d); anchor_labels: int64 (a,), -1 is no anchor.
        others: (o, d); other_labels: int64 (o,), -1 is never used.
    """
    asked, known = anchor_labels >= 0, other_labels >= 0
    if not asked.any() or not known.any():
        return (anchors.sum() + others.sum()) * 0
    # Its mean is over the triplets that cost something.
    loss = TripletMarginLoss(margin, distance=LpDistance(normalize_embeddings=False))
    return loss(anchors[asked], anchor_labels[asked], ref_emb=others[known], ref_labels=other_labels[known])
