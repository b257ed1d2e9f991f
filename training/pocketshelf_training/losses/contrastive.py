"""Two pictures of each thing find one another among all others of the batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["contrastive"]


def contrastive(first: Tensor, second: Tensor, things: Tensor, scale: float) -> Tensor:
    """Normalised temperature-scaled cross-entropy over pairs (SimCLR: Chen et al., ICML 2020, equation 1).

    Pictures of the same thing in other pairs count neither for nor against.

    Args:
        first, second: unit vectors (n, d), row i of both shows thing i.
        things: int64 (n,), which thing that is.
        scale: of the cosines; one over the temperature.

    Returns:
        one value a pair (n,).
    """
    both = torch.cat([first, second])
    twice = torch.cat([things, things])
    same = twice[:, None] == twice
    n = len(first)
    partner = torch.arange(2 * n, device=both.device).roll(n)
    logits = (scale * both @ both.T).float()
    wanted = logits.gather(1, partner[:, None])
    logits = logits.masked_fill(same, -1e4).scatter(1, partner[:, None], wanted)
    each = functional.cross_entropy(logits, partner, reduction="none")
    return (each[:n] + each[n:]) / 2
