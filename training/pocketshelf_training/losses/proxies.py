"""Identity by proxies: a vector for each product, learnt beside the network."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["cosface"]


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
