"""Cross-entropy where labels are known for some rows only."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

__all__ = ["known_cross_entropy"]


def known_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy over the rows whose label is not -1; 0 where there is none.

    Args:
        logits: (n, c).
        labels: int64 (n,).
    """
    if not (labels >= 0).any():
        return logits.sum() * 0
    return functional.cross_entropy(logits, labels, ignore_index=-1, label_smoothing=smoothing)
