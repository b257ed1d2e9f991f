"""A network's own view of all pictures, kept beside what a training teaches: ImageNet's, or a specialist's.

Learning identities bends a trunk towards what those need ("Robust fine-tuning of zero-shot models",
Wortsman et al., CVPR 2022). What it knew before is held by its features of the untouched pictures and by how
they rank one another (Park et al., "Relational knowledge distillation", CVPR 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf_training.engine.compute import half, placed
from pocketshelf_training.models import pca
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite, normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.samplers.resident import Resident

__all__ = ["both_ways", "features_of", "imagenet_features", "imagenet_view", "specialist_view"]

# Trunks and their input sizes whose features are put side by side.
IMAGENET = (("lite0", 224), ("lite2", 256))
DIMENSION, POWER = 256, 0.25
BATCH = 128


@torch.no_grad()
def features_of(
    network: Callable[[Tensor], Tensor], images: Tensor, size: int, device: torch.device
) -> Tensor:
    """What a network says (n, e) of uint8 pictures (n, s, s, 3), in bfloat16.

    Args:
        network: normalised float (n, 3, h, w) to (n, e).
        size: of its input in pixels.
    """
    found = []
    for part in images.split(BATCH):
        x = functional.interpolate(normalise(part.to(device)), (size, size), mode="bilinear", antialias=True)
        with half(device):
            found.append(network(x.contiguous(memory_format=torch.channels_last)).float())
    return torch.cat(found)


def both_ways(network: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The network on a picture and on its mirror image, the mean of both."""
    return lambda x: (network(x) + network(x.flip(3))) / 2


def imagenet_features(images: Tensor, device: torch.device) -> list[np.ndarray]:
    """What ImageNet's trunks see in uint8 pictures (n, s, s, 3): unit pooled features (n, 1280) of each."""
    found = []
    for variant, size in IMAGENET:
        trunk = placed(EfficientNetLite(variant).load_imagenet().eval(), device)
        pooled = features_of(both_ways(trunk.pooled), images, size, device)
        found.append(functional.normalize(pooled, dim=1).cpu().numpy())
    return found


def imagenet_view(features: Sequence[np.ndarray], shop: np.ndarray) -> Tensor:
    """Unit vectors (n, e): the features of ImageNet's trunks side by side, each half whitened.

    The mean of shop pictures and that of photos are each taken away: what makes the two differ is no trait of
    a product.

    Args:
        features: see `imagenet_features`.
        shop: bool (n,).
    """
    views = [_whitened(_centred(each, shop)) for each in features]
    return functional.normalize(torch.cat(views, 1), dim=1)


def _centred(features: np.ndarray, shop: np.ndarray) -> np.ndarray:
    centred = features.copy()
    for domain in (shop, ~shop):
        if domain.any():
            centred[domain] -= features[domain].mean(0)
    return centred


def _whitened(features: np.ndarray) -> Tensor:
    dimensions = [d for d in (16, 64, DIMENSION) if d < len(features)]
    fitted = pca.fit(features, np.zeros(len(features)), dimensions, power=POWER)
    return functional.normalize(torch.from_numpy(fitted[max(fitted)].apply(features)), dim=1)


def specialist_view(network: Embedder, resident: Resident, device: torch.device) -> Tensor:
    """Unit vectors (n, d) of an embedder that knows some of the pictures better."""
    placed(network.eval(), device)
    found = features_of(lambda x: network(x)[0], resident.images, network.config["size"], device)
    return functional.normalize(found, dim=1)
