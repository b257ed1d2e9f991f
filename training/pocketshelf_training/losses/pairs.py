"""Pairs that show the same item or do not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["balanced_pair_entropy"]


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
