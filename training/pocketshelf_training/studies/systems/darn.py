"""DARN: "Cross-domain Image Retrieval with a Dual Attribute-aware Ranking Network" (Huang et al., ICCV 2015).

Section 3.1: two networks of the same form and without shared weights, one for street photos and one
for shop pictures. On each stands a tree: shared fully connected layers, then a branch of its own
for every attribute, trained by the sum of their cross-entropies. The retrieval feature is the first
fully connected layer beside the local responses of the last convolutions, max-pooled, each part
normalised; a triplet ranking loss across both networks draws a street photo to its item's shop picture.

Ours: EfficientNet-Lite0 in place of network-in-network; its sixth and seventh stage are the local
responses; the category counts as one of the attributes, as in the paper's list; no PCA afterwards.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.triplets import ranking_triplets
from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems.protocol import System, imagenet_trunk

__all__ = ["DARN", "AttributeTree", "Branch"]

MARGIN = 0.3
LOCAL_STAGES = (5, 6)
CATEGORY = "category"


class AttributeTree(nn.Module):
    """One small head an attribute on a shared feature.

    Args:
        features: length of the shared feature.
        values: attribute to its number of values.
        hidden: width of each attribute's own layer.
    """

    def __init__(self, features: int, values: dict[str, int], hidden: int = 128) -> None:
        super().__init__()
        self.names = tuple(values)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, count))
            for count in values.values()
        )

    def forward(self, shared: Tensor) -> dict[str, Tensor]:
        """(n, features) to attribute → logits (n, values)."""
        return {name: head(shared) for name, head in zip(self.names, self.heads, strict=True)}


class Branch(nn.Module):
    """The network of one domain.

    Args:
        values: attribute to its number of values.
        width: of both fully connected layers.
    """

    def __init__(self, values: dict[str, int], width: int = 512) -> None:
        super().__init__()
        self.trunk = imagenet_trunk()
        self.fc1 = nn.Linear(self.trunk.channels, width)
        self.fc2 = nn.Linear(width, width)
        self.tree = AttributeTree(width, values)

    def forward(self, images: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The unit retrieval feature (n, d), and each attribute's logits."""
        stages = self.trunk.stages(images)
        first = functional.relu(self.fc1(stages[-1].mean((2, 3))))
        parts = [first, *(stages[index].amax((2, 3)) for index in LOCAL_STAGES)]
        feature = torch.cat([functional.normalize(part, dim=1) for part in parts], 1) / len(parts) ** 0.5
        return feature, self.tree(functional.relu(self.fc2(first)))


class DARN(System):
    """Two branches, street and shop.

    Args:
        vocabulary: its categories and attributes are the tree's.
        width: see `Branch`.
        margin: of the ranking loss.
    """

    name: ClassVar[str] = "darn"
    source: ClassVar[str] = "Huang et al., ICCV 2015"

    def __init__(self, vocabulary: Vocabulary, width: int = 512, margin: float = MARGIN) -> None:
        super().__init__(vocabulary)
        values = {name: len(known) for name, known in vocabulary.attributes.items()}
        if vocabulary.categories:
            values = {CATEGORY: len(vocabulary.categories), **values}
        self.street = Branch(values, width)
        self.shop = Branch(values, width)
        self.margin = margin

    def embed(self, images: Tensor, shop: Tensor) -> Tensor:
        """Each picture through its own domain's branch."""
        return self._both(images, shop)[0]

    def _both(self, images: Tensor, shop: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        parts = [(self.street, ~shop), (self.shop, shop)]
        found = [branch(images[chosen]) for branch, chosen in parts if chosen.any()]
        # Street photos come first, and then go back to their places.
        back = shop.long().argsort(stable=True).argsort()
        features = torch.cat([feature for feature, _ in found])[back]
        return features, {name: torch.cat([named[name] for _, named in found])[back] for name in found[0][1]}

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """The attributes' cross-entropies of both branches, and the ranking across them."""
        features, logits = self._both(batch.images, batch.shop)
        labels = {CATEGORY: batch.categories, **batch.attributes}
        known = [known_cross_entropy(found, labels[name]) for name, found in logits.items()]
        street, shop = ~batch.shop, batch.shop
        ranking = ranking_triplets(
            features[street],
            batch.identities[street],
            features[shop],
            batch.identities[shop],
            self.margin,
        )
        return {"attributes": torch.stack(known).sum() if known else ranking * 0, "ranking": ranking}

    def category_logits(self, images: Tensor) -> Tensor | None:
        return self.street(images)[1].get(CATEGORY)

    def attribute_logits(self, images: Tensor) -> dict[str, Tensor]:
        logits = self.street(images)[1]
        return {name: logits[name] for name in self.vocabulary.attributes}
