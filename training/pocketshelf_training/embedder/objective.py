"""What the embedder is trained for: a weighted sum of losses, with the proxies that they learn."""

from __future__ import annotations

from dataclasses import asdict

import torch
from torch import Tensor, nn

from pocketshelf_training.losses.embedder import LOSSES, Galleries, Seen, Weights
from pocketshelf_training.losses.protocol import weighted
from pocketshelf_training.samplers.pool_batches import Batch

__all__ = ["Objective"]


class Objective(nn.Module):
    """The losses, with a proxy a product and a garment label.

    Args:
        products: how many, virtual ones included.
        categories: names of the category head, the garments last.
        garments: how many of them are garments.
    """

    def __init__(self, products: int, categories: int, garments: int, dimension: int, weights: Weights):
        super().__init__()
        self.products, self.first_garment, self.weights = products, categories - garments, weights
        self.proxies = nn.Parameter(torch.randn(products + garments, dimension) * 0.1)

    def forward(
        self, embeddings: Tensor, logits: Tensor, batch: Batch, galleries: Galleries
    ) -> dict[str, Tensor]:
        """Weighted terms by name; those without a weight are left out."""
        garment = batch.categories - self.first_garment + self.products
        labels = torch.where(batch.products < 0, garment, batch.products)
        share = self.weights.garment
        seen = Seen(embeddings, logits, batch, galleries, self.proxies, labels, share)
        return weighted(LOSSES, asdict(self.weights), seen)
