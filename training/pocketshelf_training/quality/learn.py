"""Training of the network: every example once an epoch, mirrored or not, unknown labels left out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf.quality import WORKING_SIDE
from pocketshelf.stages.preprocess import Photo, network_input
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.quality.network import QualityNetwork
from pocketshelf_training.quality.synthetic import Example

__all__ = ["Recipe", "as_photo", "network_pixels", "trained"]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recipe:
    """What a training does.

    Attributes:
        examples: how many are made; epochs: times that each is seen; batch: examples a step.
        rate: of AdamW, falling as a cosine.
    """

    examples: int = 8000
    epochs: int = 4
    batch: int = 64
    rate: float = 6e-3
    decay: float = 1e-3


def as_photo(example: Example) -> Photo:
    """The example as the SDK's stages take it."""
    pixels = np.asarray(example.image)
    return Photo(pixels, pixels.shape[1], pixels.shape[0])


def network_pixels(example: Example, network: QualityNetwork) -> np.ndarray:
    """uint8 (side, side, 3): by way of the working copy, as `pocketshelf.quality.Judge` does it."""
    return network_input(as_photo(example).thumbnail(WORKING_SIDE), network.preprocessing)


def trained(pixels: np.ndarray, labels: np.ndarray, recipe: Recipe, seed: int) -> QualityNetwork:
    """A network fitted to ``pixels`` (n, side, side, 3), uint8, and ``labels`` (n, faults), -1: unknown."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = QualityNetwork().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    steps = recipe.epochs * (len(pixels) // recipe.batch)
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=recipe.decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps, pct_start=0.15)
    weights = _positive_weights(labels)
    for epoch in range(recipe.epochs):
        total = 0.0
        for rows in _batches(rng.permutation(len(pixels)), recipe.batch):
            loss = _loss(network, pixels[rows], labels[rows], weights, rng)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(rows)
        log.info("epoch %d of %d: loss %.4f", epoch + 1, recipe.epochs, total / len(pixels))
    return network.eval()


def _batches(order: np.ndarray, size: int) -> Sequence[np.ndarray]:
    return [order[start : start + size] for start in range(0, len(order) - size + 1, size)]


def _positive_weights(labels: np.ndarray) -> Tensor:
    """Faults are rarer than photos without them: as much weight to each side."""
    with_it, without = (labels == 1).sum(0), (labels == 0).sum(0)
    return torch.tensor(np.sqrt(without / np.maximum(with_it, 1)), dtype=torch.float32)


def _loss(
    network: QualityNetwork, pixels: np.ndarray, labels: np.ndarray, weights: Tensor, rng: np.random.Generator
) -> Tensor:
    images = torch.from_numpy(pixels[:, :, ::-1].copy() if rng.random() < 0.5 else pixels)
    (logits,) = network(normalise(images).contiguous(memory_format=torch.channels_last))
    known = torch.from_numpy(labels >= 0)
    wanted = torch.from_numpy(np.maximum(labels, 0)).float()
    # Five hundredths either way: some of the real photos have faults of their own.
    losses = functional.binary_cross_entropy_with_logits(
        logits, 0.95 * wanted + 0.025, pos_weight=weights, reduction="none"
    )
    return (losses * known).sum() / known.sum()
