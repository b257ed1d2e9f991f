"""Projections that are learnt on fixed features, for the methods that have no closed form.

Classes: a narrow layer before a softmax over products, as DeepFace (Taigman et al., CVPR 2014, section 4)
and its followers took it; the classifier is thrown away. Proxies: cosine softmax with a margin (Wang et al.,
CVPR 2018, equation 4). Triplets: the hinge on squared distances of unit vectors (Schroff et al., CVPR 2015,
section 3.1) over all triplets of a batch that violate it, by pytorch-metric-learning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from pytorch_metric_learning.distances import LpDistance
from pytorch_metric_learning.losses import TripletMarginLoss
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.losses.proxies import cosface
from pocketshelf_training.models import pca
from pocketshelf_training.models.projection import Projection, unit

__all__ = ["KINDS", "Loss", "fit", "train_projection"]

# Reduced vectors (n, d), not normalised, and labels (n,) to one number.
Loss = Callable[[Tensor, Tensor], Tensor]
# The classifier sees vectors of about unit length; logits need a wider range.
CLASS_SCALE, PROXY_SCALE, PROXY_MARGIN, TRIPLET_MARGIN = 10.0, 16.0, 0.1, 0.2
# A batch of triplets is cubed.
BATCHES = {"triplet": 128}


def classes(dimension: int, count: int, seed: int) -> tuple[Loss, list[nn.Parameter]]:
    torch.manual_seed(seed)
    classifier = nn.Linear(dimension, count)
    loss = lambda v, y: functional.cross_entropy(classifier(CLASS_SCALE * v), y, label_smoothing=0.1)  # noqa: E731
    return loss, list(classifier.parameters())


def proxies(dimension: int, count: int, seed: int) -> tuple[Loss, list[nn.Parameter]]:
    rng = torch.Generator().manual_seed(seed)
    learnt = nn.Parameter(torch.randn(count, dimension, generator=rng))

    def loss(vectors: Tensor, labels: Tensor) -> Tensor:
        directions = functional.normalize(vectors, dim=1)
        return cosface(directions, learnt, labels, PROXY_SCALE, PROXY_MARGIN, smoothing=0.1).mean()

    return loss, [learnt]


def triplets(dimension: int, count: int, seed: int) -> tuple[Loss, list[nn.Parameter]]:
    # Its mean is over the triplets that cost something.
    return TripletMarginLoss(TRIPLET_MARGIN, distance=LpDistance(power=2)), []


# Name → of a dimension, a number of classes and a seed: the loss, and what is learnt beside the projection.
KINDS = {"class": classes, "proxy": proxies, "triplet": triplets}


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    dimensions: Iterable[int],
    kind: str,
    epochs: int = 30,
    noise: float = 0.0,
    seed: int = 0,
) -> dict[int, Projection]:
    """One projection a dimension, each trained anew.

    Args:
        features: (n, D), any length.
        labels: (n,) products, 0 to c - 1, gaps allowed.
        dimensions: those above min(n, D) are left out.
        kind: of `KINDS`.
        epochs, noise: see `train_projection`.

    Raises:
        ValueError: no such kind; lists those there are.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; there are {', '.join(KINDS)}")
    found = {}
    for dimension in dimensions:
        if dimension <= min(features.shape):
            loss, learnt = KINDS[kind](dimension, int(labels.max()) + 1, seed)
            batch = BATCHES.get(kind, 256)
            found[dimension] = train_projection(
                features, labels, dimension, loss, learnt, epochs, batch=batch, noise=noise, seed=seed
            )
    return found


def train_projection(
    features: np.ndarray,
    labels: np.ndarray,
    dimension: int,
    loss: Loss,
    parameters: list[nn.Parameter],
    epochs: int,
    rate: float = 1e-2,
    decay: float = 1e-3,
    batch: int = 256,
    noise: float = 0.0,
    seed: int = 0,
) -> Projection:
    """AdamW from the PCA start, half a cosine of learning rate.

    Args:
        features: (n, D), any length; each is made unit length first.
        loss: see `Loss`.
        parameters: what the loss learns besides (proxies, a classifier).
        noise: standard deviation of what is added to each unit feature's entries, times 1/√D: few
            photos a product would be learnt by heart without it.
    """
    start = pca.fit(features, labels, [dimension], power=0.25)[dimension]
    rows = torch.from_numpy((unit(features) - start.mean).astype(np.float32))
    # To about unit length: the losses' scales expect it.
    matrix = torch.from_numpy(start.matrix)
    matrix = nn.Parameter(matrix / (rows @ matrix).norm(dim=1).mean())
    targets = torch.from_numpy(labels.astype(np.int64))
    optimiser = torch.optim.AdamW([matrix, *parameters], lr=rate, weight_decay=decay)
    steps = epochs * -(-len(rows) // batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    rng = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for chosen in torch.randperm(len(rows), generator=rng).split(batch):
            view = rows[chosen]
            if noise:
                view = view + noise * torch.randn(view.shape, generator=rng) / view.shape[1] ** 0.5
            value = loss(view @ matrix, targets[chosen])
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            schedule.step()
    return Projection(start.mean, matrix.detach().numpy())
