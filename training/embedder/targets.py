"""Vectors of the training pictures by a network that does not learn: a teacher, or ImageNet's features."""

from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from sdk.preprocess import Preprocessing
from training.embedder.pools import Pool
from training.models.efficientnet_lite import EfficientNetLite
from training.models.embedder import Embedder, normalise
from training.reduce import pca

__all__ = ["imagenet_targets", "teacher_targets", "vectors_of"]

log = logging.getLogger("pocketshelf.training")

BATCH = 32
# The longest that the pictures' number allows.
GENERAL_DIMENSIONS, GENERAL_POWER = (8, 32, 128, 256), 0.25


@torch.no_grad()
def vectors_of(network: Callable[[Tensor], Tensor], preprocessing: Preprocessing, pool: Pool) -> Tensor:
    """Unit vectors (n, d) of a pool's whole pictures, in bfloat16 (for training, not for figures)."""
    found = []
    for start in range(0, len(pool), BATCH):
        views = np.stack([preprocessing.apply(pixels) for pixels in pool.images[start : start + BATCH]])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found.append(network(normalise(torch.from_numpy(views))).float())
    return functional.normalize(torch.cat(found), dim=1)


def teacher_targets(teacher: Embedder, pools: dict[str, Pool], names: list[str]) -> dict[str, Tensor]:
    """The teacher's vectors of the named pools."""
    teacher.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    log.info("the teacher looks at %d pictures", sum(len(pools[name]) for name in names))
    return {name: vectors_of(lambda x: teacher(x)[0], teacher.preprocessing, pools[name]) for name in names}


def imagenet_targets(pools: dict[str, Pool], names: list[str], size: int = 224) -> dict[str, Tensor]:
    """ImageNet's pooled features, half whitened by the pictures themselves: what is there without labels."""
    trunk = EfficientNetLite("lite0").load_imagenet().eval()
    trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    log.info("ImageNet's features of %d pictures", sum(len(pools[name]) for name in names))
    preprocessing = Preprocessing((size, size))
    raw = {name: vectors_of(lambda x: trunk(x).mean((2, 3)), preprocessing, pools[name]) for name in names}
    everything = torch.cat(list(raw.values())).numpy()
    fitted = pca.fit(everything, np.zeros(len(everything)), GENERAL_DIMENSIONS, power=GENERAL_POWER)
    projection = fitted[max(fitted)]
    return {
        name: functional.normalize(torch.from_numpy(projection.apply(rows.numpy())), dim=1)
        for name, rows in raw.items()
    }
