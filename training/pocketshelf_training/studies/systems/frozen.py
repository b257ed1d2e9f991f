"""The floor: pooled features of the ImageNet trunk as they are. Nothing is trained."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems.protocol import System, imagenet_trunk

__all__ = ["Frozen"]


class Frozen(System):
    """Unit pooled features, 1,280 numbers, compared by cosine. A system that learns on them inherits it."""

    name: ClassVar[str] = "frozen"
    source: ClassVar[str] = "ImageNet weights of EfficientNet-Lite0"

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary)
        self.trunk = imagenet_trunk()
        self.trunk.requires_grad_(False)

    def train(self, mode: bool = True) -> Frozen:
        """The trunk stays fixed, its batch statistics too."""
        return super().train(False)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        return {}

    def embed(self, images: Tensor, shop: Tensor) -> Tensor:
        with torch.no_grad():
            return functional.normalize(self.trunk(images).mean((2, 3)), dim=1)
