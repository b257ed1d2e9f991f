"""Where landmarks are."""

from __future__ import annotations

from torch import Tensor

__all__ = ["landmark_distance"]


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
