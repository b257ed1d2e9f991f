"""The loop that trains a projection on fixed features, for the methods that have no closed form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.studies.reduce import pca
from pocketshelf_training.studies.reduce.projection import Projection, unit

__all__ = ["Loss", "normalised", "train_projection"]

# Reduced vectors (n, d), not normalised, and labels (n,) to one number.
Loss = Callable[[Tensor, Tensor], Tensor]


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


def normalised(vectors: Tensor) -> Tensor:
    """Unit rows."""
    return functional.normalize(vectors, dim=1)
