"""Ours: one network for both domains, a short vector, and every label that is there at once.

Identities by proxies (cosine softmax with a margin) and by retrieval as it is measured (a street photo
against the batch's shop pictures); categories and attributes by linear heads on the same features, which are
those of the whole, of what lies around the landmarks (`local.py`), or both.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.losses.gallery import street_to_shop
from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.landmarks import landmark_distance
from pocketshelf_training.losses.proxies import cosface
from pocketshelf_training.models.landmark_attention import LOCAL_STAGE, LandmarkAttention
from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems.protocol import System, imagenet_trunk

__all__ = ["FEATURES", "Unified"]

SCALE, MARGIN, SMOOTHING = 20.0, 0.1, 0.1
FEATURES = ("global", "local", "fused")
LANDMARKS = 5.0


class Unified(System):
    """The embedder that ships, with attribute heads; and with local semantics where landmarks are known.

    Args:
        vocabulary: identities, categories, attributes and landmarks.
        dimension: of the vector.
        feature: "global": the pooled features of the whole; "local": those gathered around the landmarks;
            "fused": both side by side.
    """

    name: ClassVar[str] = "unified"
    source: ClassVar[str] = "this project"

    def __init__(self, vocabulary: Vocabulary, dimension: int = 128, feature: str = "global") -> None:
        super().__init__(vocabulary)
        if feature not in FEATURES:
            raise ValueError(f"unknown feature {feature!r}; there are {', '.join(FEATURES)}")
        self.feature = feature
        self.trunk = imagenet_trunk()
        width = self.trunk.channels if feature != "local" else 0
        if feature != "global":
            channels, marks = self.trunk.stage_channels[LOCAL_STAGE], len(vocabulary.landmarks)
            self.local = LandmarkAttention(channels, marks)
            width += channels * marks
        self.embedding = nn.Linear(width, dimension, bias=False)
        self.category = nn.Linear(width, len(vocabulary.categories))
        self.attributes = nn.ModuleList(
            nn.Linear(width, len(values)) for values in vocabulary.attributes.values()
        )
        self.proxies = nn.Parameter(torch.randn(len(vocabulary.identities), dimension) * 0.1)

    def represent(self, images: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor] | None]:
        """The feature (n, width), and where there is a local part its places and visibility."""
        stages = self.trunk.stages(images)
        whole = stages[-1].mean((2, 3))
        if self.feature == "global":
            return whole, None
        local, places, seen = self.local(stages[LOCAL_STAGE])
        parts = [local.flatten(1)] if self.feature == "local" else [whole, local.flatten(1)]
        return torch.cat(parts, 1), (places, seen)

    def embed(self, images: Tensor, shop: Tensor) -> Tensor:
        return functional.normalize(self.embedding(self.represent(images)[0]), dim=1)

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        feature, found = self.represent(batch.images)
        vectors = functional.normalize(self.embedding(feature), dim=1)
        known = batch.identities >= 0
        terms = {
            "retrieval": 0.5 * street_to_shop(vectors, batch.identities, batch.shop),
            "category": 0.5 * known_cross_entropy(self.category(feature), batch.categories),
        }
        if known.any():
            terms["identity"] = cosface(
                vectors[known], self.proxies, batch.identities[known], SCALE, MARGIN, SMOOTHING
            ).mean()
        named = zip(self.vocabulary.attributes, self.attributes, strict=True)
        losses = [known_cross_entropy(head(feature), batch.attributes[name]) for name, head in named]
        if losses:
            terms["attributes"] = 0.5 * torch.stack(losses).mean()
        if found:
            places, seen = found
            terms["landmarks"] = LANDMARKS * landmark_distance(places, batch.landmarks, batch.visibility)
            visibility = known_cross_entropy(seen.flatten(0, 1), batch.visibility.flatten())
            terms["visibility"] = 0.2 * visibility
        return terms

    def category_logits(self, images: Tensor) -> Tensor | None:
        return self.category(self.represent(images)[0]) if self.vocabulary.categories else None

    def attribute_logits(self, images: Tensor) -> dict[str, Tensor]:
        feature, _ = self.represent(images)
        return {n: head(feature) for n, head in zip(self.vocabulary.attributes, self.attributes, strict=True)}
