"""Classification bottleneck: a narrow linear layer before a softmax over products.

As DeepFace (Taigman et al., CVPR 2014, section 4) and its followers took it: train to name the
classes, then throw the classifier away and keep the layer before it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from torch.nn import functional

from pocketshelf_training.studies.reduce.linear import train_projection
from pocketshelf_training.studies.reduce.projection import Projection

__all__ = ["CANDIDATES", "fit"]

CANDIDATES = ({"epochs": 10}, {"epochs": 40}, {"epochs": 40, "noise": 1.0})
# The classifier sees vectors of about unit length; logits need a wider range.
SCALE = 10.0


def fit(
    features: np.ndarray,
    labels: np.ndarray,
    dimensions: Iterable[int],
    epochs: int = 30,
    noise: float = 0.0,
    seed: int = 0,
) -> dict[int, Projection]:
    """One projection a dimension, each trained anew.

    Args:
        features: (n, D), any length.
        labels: (n,) products, 0 to c - 1, gaps allowed.
        dimensions: those above min(n, D) are left out.
        epochs, noise: see `train_projection`.
    """
    found = {}
    for dimension in dimensions:
        if dimension > min(features.shape):
            continue
        torch.manual_seed(seed)
        classifier = torch.nn.Linear(dimension, int(labels.max()) + 1)

        def loss(
            vectors: torch.Tensor, targets: torch.Tensor, layer: torch.nn.Linear = classifier
        ) -> torch.Tensor:
            return functional.cross_entropy(layer(SCALE * vectors), targets, label_smoothing=0.1)

        found[dimension] = train_projection(
            features, labels, dimension, loss, list(classifier.parameters()), epochs, noise=noise, seed=seed
        )
    return found
