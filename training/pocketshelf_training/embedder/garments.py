"""What drawn garments and real close-ups teach beside the products: attributes, landmarks, identity.

``--studio FOLDER`` of ``train embedder`` and ``distill``: every step sees a few of them as well. Attribute
heads (which the embedder keeps) and landmarks (whose maps are for the training alone) are learnt on the same
features as products and categories, as FashionNet does with its four supervisions (Liu et al., CVPR 2016,
section 3); a drawn street photo is held against the batch's drawn shop pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.embedder import attributes
from pocketshelf_training.losses.gallery import street_to_shop
from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.landmarks import landmark_distance
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.landmark_attention import LOCAL_STAGE, LandmarkAttention
from pocketshelf_training.samplers.identity_batches import IdentitySampler
from pocketshelf_training.samplers.labelled import Batch, Vocabulary

__all__ = ["Garments"]

# Identities a step, drawn street photos of each, real pictures that tell an attribute.
IDENTITIES, PHOTOS, REAL = 5, 2, 5
RETRIEVAL, ATTRIBUTE, LANDMARKS, VISIBILITY = 0.2, 0.3, 2.0, 0.1


class Garments(nn.Module):
    """The pictures, what is known of them, and the landmarks' part of the network.

    Args:
        samples: of split train.
    """

    def __init__(self, samples: list[Sample]) -> None:
        super().__init__()
        self.samples = samples
        self.vocabulary = Vocabulary.of(samples, attributes.ATTRIBUTES)
        self.local: LandmarkAttention | None = None

    @classmethod
    def load(cls, folder: Path, data: str | None) -> Garments:
        """The drawn garments of ``folder``, the fabrics and the home photos that tell a sleeve.

        Raises:
            DataMissing, DataDamaged: see `pocketshelf_training.data.studio.load`.
        """
        found = [s for each in attributes.sources(data, folder).values() for s in each if s.split == "train"]
        return cls(found)

    @property
    def attributes(self) -> dict[str, list[str]]:
        """Name → labels, for the embedder's heads."""
        return {name: list(labels) for name, labels in self.vocabulary.attributes.items()}

    @property
    def attribute_categories(self) -> dict[str, list[str]]:
        """Attribute → the categories that have it."""
        return {name: list(attributes.ATTRIBUTE_CATEGORIES[name]) for name in self.attributes}

    def join(self, model: Embedder) -> None:
        """Make the landmarks' maps for the model's trunk."""
        self.local = LandmarkAttention(
            model.trunk.stage_channels[LOCAL_STAGE], len(self.vocabulary.landmarks)
        )

    def batches(self, size: int, seed: int, first: int, last: int, workers: int = 0) -> Iterator[Batch]:
        """Those of steps ``first`` to ``last`` - 1."""
        sampler = IdentitySampler(self.samples, self.vocabulary, size, seed, IDENTITIES, PHOTOS, REAL)
        return sampler.batches(first, last, workers)

    def losses(
        self, model: Embedder, middle: Tensor, pooled: Tensor, vectors: Tensor, batch: Batch
    ) -> dict[str, Tensor]:
        """Weighted terms by name.

        Args:
            middle: features (n, c, h, w) of the trunk's `LOCAL_STAGE`, pooled: (n, 1280), vectors: unit
                (n, d), of the batch's pictures.
        """
        assert self.local is not None
        named = zip(model.attributes, model.attribute_heads, strict=True)
        entropies = [known_cross_entropy(head(pooled), batch.attributes[name]) for name, head in named]
        _, places, seen = self.local(middle)
        visibility = known_cross_entropy(seen.flatten(0, 1), batch.visibility.flatten())
        distance = landmark_distance(places, batch.landmarks, batch.visibility)
        return {
            "drawn": RETRIEVAL * street_to_shop(vectors, batch.identities, batch.shop),
            "attributes": ATTRIBUTE * torch.stack(entropies).mean(),
            "landmarks": LANDMARKS * distance + VISIBILITY * visibility,
        }
