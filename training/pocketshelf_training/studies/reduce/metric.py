"""Metric learning of a projection on fixed features, by proxies or by triplets.

Proxies: cosine softmax with a margin (Wang et al., CVPR 2018, equation 4). Triplets: the hinge on
squared distances of unit vectors (Schroff et al., CVPR 2015, section 3.1) over all triplets of a
batch that violate it, by pytorch-metric-learning.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import nn

from pocketshelf_training.embedder.losses import cosface
from pocketshelf_training.studies.reduce.linear import Loss, normalised, train_projection
from pocketshelf_training.studies.reduce.projection import Projection

__all__ = ["CANDIDATES", "fit", "loss_of"]

CANDIDATES = (
    {"kind": "proxy", "epochs": 15},
    {"kind": "proxy", "epochs": 40, "noise": 1.0},
    {"kind": "triplet", "epochs": 20},
)
SCALE, PROXY_MARGIN, TRIPLET_MARGIN = 16.0, 0.1, 0.2


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    dimensions: Iterable[int],
    kind: str = "proxy",
    epochs: int = 30,
    noise: float = 0.0,
    seed: int = 0,
) -> dict[int, Projection]:
    """One projection a dimension, each trained anew.

    Args:
        features: (n, D), any length.
        labels: (n,) products, 0 to c - 1, gaps allowed.
        dimensions: those above min(n, D) are left out.
        kind: "proxy" or "triplet".
        epochs, noise: see `train_projection`.
    """
    found = {}
    for dimension in dimensions:
        if dimension > min(features.shape):
            continue
        loss, learnt = loss_of(kind, dimension, int(labels.max()) + 1, seed)
        # A batch of triplets is cubed.
        batch = 256 if kind == "proxy" else 128
        found[dimension] = train_projection(
            features, labels, dimension, loss, learnt, epochs, batch=batch, noise=noise, seed=seed
        )
    return found


def loss_of(kind: str, dimension: int, classes: int, seed: int) -> tuple[Loss, list[nn.Parameter]]:
    """The loss of a kind, and what is learnt beside the projection.

    Raises:
        ValueError: no such kind; lists those there are.
    """
    if kind == "triplet":
        # Its mean is over the triplets that cost something.
        return TripletMarginLoss(TRIPLET_MARGIN, distance=LpDistance(power=2)), []
    if kind != "proxy":
        raise ValueError(f"unknown kind {kind!r}; there are proxy, triplet")
    rng = torch.Generator().manual_seed(seed)
    proxies = nn.Parameter(torch.randn(classes, dimension, generator=rng))
    return (
        lambda v, y: cosface(normalised(v), proxies, y, SCALE, PROXY_MARGIN, smoothing=0.1).mean(),
        [proxies],
    )
