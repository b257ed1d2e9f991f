"""The losses of the three papers, each one small function; rows without a label count for nothing."""

from __future__ import annotations

import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import Tensor
from torch.nn import functional

__all__ = [
    "balanced_pair_entropy",
    "known_cross_entropy",
    "landmark_distance",
    "ranking_triplets",
    "weighted_attribute_entropy",
]


def known_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy over the rows whose label is not -1; 0 where there is none.

    Args:
        logits: (n, c).
        labels: int64 (n,).
    """
    if not (labels >= 0).any():
        return logits.sum() * 0
    return functional.cross_entropy(logits, labels, ignore_index=-1)


def balanced_pair_entropy(logits: Tensor, same: Tensor) -> Tensor:
    """Binary cross-entropy of pairs, matching and not matching pairs with equal weight.

    WTBI (Kiapour et al., ICCV 2015, section 4.3) minimises the cross-entropy of "match" against "no
    match" and samples the many non-matching pairs; weighting has the same expectation without the noise.

    Args:
        logits: (…).
        same: bool (…).
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, same.to(logits.dtype), reduction="none")
    halves = [entropy[chosen].mean() for chosen in (same, ~same) if chosen.any()]
    return torch.stack(halves).mean() if halves else logits.sum() * 0


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


def landmark_distance(found: Tensor, truth: Tensor, visibility: Tensor) -> Tensor:
    """Mean squared distance ‖v(ℓ̂ − ℓ)‖² of visible landmarks (FashionNet, section 3, "Backward pass").

    Args:
        found, truth: (n, l, 2), shares of the frame.
        visibility: int64 (n, l), 1 visible, 0 occluded, -1 unknown; only visible ones count.
    """
    visible = visibility == 1
    if not visible.any():
        return found.sum() * 0
    return (found - truth).square().sum(2)[visible].mean()


def weighted_attribute_entropy(logits: Tensor, present: Tensor, positive_share: Tensor) -> Tensor:
    """Cross-entropy of attributes that are there or not (FashionNet, section 3, "Backward pass").

    Rare attributes would drown: presence is weighted by the share of absence in the training data, and
    absence by the share of presence.

    Args:
        logits: (n, a).
        present: int64 (n, a), 1 there, 0 not there, -1 unknown.
        positive_share: (a,), of the training data.
    """
    known = present >= 0
    if not known.any():
        return logits.sum() * 0
    weight = torch.where(present == 1, 1 - positive_share, positive_share)
    entropy = functional.binary_cross_entropy_with_logits(
        logits, present.clamp(min=0).to(logits.dtype), reduction="none"
    )
    return (weight * entropy)[known].mean()
