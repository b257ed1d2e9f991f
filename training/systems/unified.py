"""Ours: one network for both domains, a short vector, and every label that is there at once.

Identities by proxies (cosine softmax with a margin) and by retrieval as it is measured (a street photo
against the batch's shop pictures); categories and attributes by linear heads on the pooled features.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.embedder.losses import cosface
from training.systems.losses import known_cross_entropy
from training.systems.protocol import Batch, System, Vocabulary, imagenet_trunk

__all__ = ["Unified", "street_to_shop"]

SCALE, MARGIN, SMOOTHING = 20.0, 0.1, 0.1


def street_to_shop(vectors: Tensor, identities: Tensor, shop: Tensor, scale: float = SCALE) -> Tensor:
    """Cross-entropy of each street photo over the batch's products, its own shop picture being right.

    Args:
        vectors: unit (n, d); identities: int64 (n,), -1 unknown; shop: bool (n,).
            A product with several shop pictures is represented by the nearest of them.
    """
    gallery, products = vectors[shop & (identities >= 0)], identities[shop & (identities >= 0)]
    asked = ~shop & (identities >= 0) & torch.isin(identities, products)
    if not asked.any():
        return vectors.sum() * 0
    names, columns = products.unique(return_inverse=True)
    cosine = vectors[asked] @ gallery.T
    nearest = cosine.new_full((len(cosine), len(names)), -1.0).scatter_reduce(
        1, columns.expand(len(cosine), -1), cosine, "amax"
    )
    return functional.cross_entropy(scale * nearest, torch.searchsorted(names, identities[asked]))


class Unified(System):
    """The embedder that ships, with attribute heads.

    Args:
        vocabulary: identities, categories and attributes.
        dimension: of the vector.
    """

    name: ClassVar[str] = "unified"
    source: ClassVar[str] = "this project"

    def __init__(self, vocabulary: Vocabulary, dimension: int = 128) -> None:
        super().__init__(vocabulary)
        self.trunk = imagenet_trunk()
        self.embedding = nn.Linear(self.trunk.channels, dimension, bias=False)
        self.category = nn.Linear(self.trunk.channels, len(vocabulary.categories))
        self.attributes = nn.ModuleList(
            nn.Linear(self.trunk.channels, len(values)) for values in vocabulary.values.values()
        )
        self.proxies = nn.Parameter(torch.randn(len(vocabulary.identities), dimension) * 0.1)

    def embed(self, images: Tensor, shop: Tensor) -> Tensor:
        return functional.normalize(self.embedding(self.trunk(images).mean((2, 3))), dim=1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        pooled = self.trunk(batch.images).mean((2, 3))
        vectors = functional.normalize(self.embedding(pooled), dim=1)
        known = batch.identities >= 0
        terms = {
            "retrieval": 0.5 * street_to_shop(vectors, batch.identities, batch.shop),
            "category": 0.5 * known_cross_entropy(self.category(pooled), batch.categories),
        }
        if known.any():
            terms["identity"] = cosface(
                vectors[known], self.proxies, batch.identities[known], SCALE, MARGIN, SMOOTHING
            ).mean()
        named = zip(self.vocabulary.values, self.attributes, strict=True)
        losses = [known_cross_entropy(head(pooled), batch.attributes[name]) for name, head in named]
        if losses:
            terms["attributes"] = 0.5 * torch.stack(losses).mean()
        return terms

    def category_logits(self, images: Tensor) -> Tensor | None:
        return self.category(self.trunk(images).mean((2, 3))) if self.vocabulary.categories else None
