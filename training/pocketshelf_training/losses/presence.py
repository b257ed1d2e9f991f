"""Attributes that are there or not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["weighted_attribute_entropy"]


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
