"""Vectors of the training pictures by a network that does not learn: a teacher, or ImageNet's features."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import network_input
from pocketshelf_training.engine.compute import CPU, ahead, half, placed
from pocketshelf_training.models import pca
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite, normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.ensemble import Ensemble
from pocketshelf_training.samplers.pool_batches import THINGS
from pocketshelf_training.samplers.pools import Pool

__all__ = ["Extractor", "blended", "imagenet_targets", "principal", "teacher_targets", "turned"]

log = logging.getLogger("pocketshelf.training")

# Orders of the colour channels.
Turns = tuple[tuple[int, int, int], ...]
# Normalised float (n, 3, h, w) to the network's outputs, the vectors first.
Outputs = Callable[[Tensor], tuple[Tensor, ...]]

BATCH = 32
# The longest that the pictures' number allows.
GENERAL_DIMENSIONS, GENERAL_POWER = (8, 32, 128, 256), 0.25


@dataclass(frozen=True)
class Extractor:
    """Makes vectors of pools of pictures by any network.

    Args:
        device: where it is, and where its vectors will be.
        workers: see `pocketshelf_training.engine.compute.ahead`.
    """

    device: torch.device = CPU
    workers: int = 0

    @torch.no_grad()
    def outputs(self, network: Outputs, preprocessing: Preprocessing, pool: Pool) -> list[Tensor]:
        """What a network says of a pool's whole pictures, in bfloat16 (for training and for looking)."""

        def views(start: int) -> Tensor:
            chosen = pool.images[start : start + BATCH]
            return torch.from_numpy(np.stack([network_input(pixels, preprocessing) for pixels in chosen]))

        found = []
        for batch in ahead(views, range(0, len(pool), BATCH), self.workers):
            with half(self.device):
                said = network(normalise(batch).to(self.device))
            found.append([output.float() for output in said])
        return [torch.cat(each) for each in zip(*found, strict=True)]

    def vectors(self, network: Outputs, preprocessing: Preprocessing, pool: Pool) -> Tensor:
        """The first output, as unit vectors (n, d)."""
        return functional.normalize(self.outputs(network, preprocessing, pool)[0], dim=1)


ON_CPU = Extractor()


def turned(name: str, pool: Pool, turns: Turns) -> Iterator[Pool]:
    """The pool as each turn of the colour channels leaves it; only what `PoolSampler` turns."""
    for turn in turns if (pool.products >= 0).any() and name not in THINGS else turns[:1]:
        yield replace(pool, images=[image[..., turn] for image in pool.images])


def teacher_targets(
    teacher: Embedder | Ensemble, pools: dict[str, Pool], turns: Turns, extractor: Extractor = ON_CPU
) -> dict[str, Tensor]:
    """The teacher's vectors (turns, n, d) of the pools."""
    placed(teacher, extractor.device)
    return _targets("the teacher", teacher, teacher.preprocessing, pools, turns, extractor)


def imagenet_targets(
    pools: dict[str, Pool],
    on_white: Collection[str],
    turns: Turns,
    extractor: Extractor = ON_CPU,
    size: int = 224,
) -> dict[str, Tensor]:
    """ImageNet's pooled features (turns, n, e), half whitened by the pictures themselves: what is there
    without labels. The mean of photos and that of pictures ``on_white`` are each taken away, for what
    makes the two differ is no trait of a product.
    """
    trunk = EfficientNetLite("lite0").load_imagenet().eval()
    placed(trunk, extractor.device)
    preprocessing = Preprocessing((size, size))
    raw = _targets("ImageNet", lambda x: (trunk(x).mean((2, 3)),), preprocessing, pools, turns, extractor)
    for domain in (True, False):
        there = [name for name in raw if (name in on_white) is domain]
        mean = torch.cat([raw[name].flatten(0, 1) for name in there]).mean(0)
        raw |= {name: raw[name] - mean for name in there}
    everything = torch.cat([rows[0] for rows in raw.values()]).cpu().numpy()
    fitted = pca.fit(everything, np.zeros(len(everything)), GENERAL_DIMENSIONS, power=GENERAL_POWER)
    project = fitted[max(fitted)].apply
    return {
        name: functional.normalize(
            torch.stack([torch.from_numpy(project(turn.cpu().numpy())).to(turn) for turn in rows]), dim=2
        )
        for name, rows in raw.items()
    }


def blended(
    teacher: dict[str, Tensor], general: dict[str, Tensor], weight: float, dimension: int
) -> dict[str, Tensor]:
    """The teacher's vectors with others beside them, projected back to ``dimension`` numbers.

    What the teacher learnt to overlook, because no product of the training needed it, tells new products
    apart; here it stays part of the space.
    """
    both = {name: torch.cat([teacher[name], weight * general[name]], 2) for name in teacher}
    directions = principal(torch.cat([rows[0] for rows in both.values()]), dimension)
    return {name: functional.normalize(rows @ directions.T, dim=2) for name, rows in both.items()}


def principal(vectors: Tensor, dimension: int) -> Tensor:
    """The ``dimension`` directions (dimension, d), orthonormal, that keep most of the vectors (n, d)."""
    _, directions = torch.linalg.eigh((vectors.T @ vectors).double())  # the largest come last
    return directions.T.flip(0)[:dimension].to(vectors.dtype)


def _targets(
    who: str,
    network: Outputs,
    preprocessing: Preprocessing,
    pools: dict[str, Pool],
    turns: Turns,
    extractor: Extractor,
) -> dict[str, Tensor]:
    found = {}
    for name, pool in pools.items():
        log.debug("%s: the %d pictures of %s", who, len(pool), name)
        found[name] = torch.stack(
            [extractor.vectors(network, preprocessing, one) for one in turned(name, pool, turns)]
        )
    if THINGS[0] in found:
        found |= dict.fromkeys(THINGS, found[THINGS[0]])
    return found
