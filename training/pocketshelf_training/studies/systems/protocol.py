"""What a retrieval system has to do so that one trainer trains and measures them all alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite

__all__ = ["Batch", "System", "Vocabulary", "imagenet_trunk"]

# The stem and the first two stages stay as ImageNet made them, in every system alike.
FROZEN_STAGES = 2


@dataclass(frozen=True)
class Vocabulary:
    """The names behind a batch's numbers, in their order.

    Attributes:
        identities, categories: names.
        attributes: attribute to its values.
        landmarks: names.
    """

    identities: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    attributes: dict[str, tuple[str, ...]] | None = None
    landmarks: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """Attributes and their values; empty where there are none."""
        return self.attributes or {}

    @classmethod
    def of(cls, samples: list[Sample], attributes: tuple[str, ...] = ()) -> Vocabulary:
        """All that occurs in ``samples``, sorted; of the attributes only those named."""
        values = {
            name: tuple(sorted({s.attributes[name] for s in samples if name in s.attributes}))
            for name in attributes
        }
        return cls(
            tuple(sorted({s.identity for s in samples if s.identity})),
            tuple(sorted({s.category for s in samples if s.category})),
            {name: known for name, known in values.items() if known},
            tuple(sorted({name for s in samples for name in s.landmarks})),
        )


@dataclass(frozen=True)
class Batch:
    """One step's pictures and all that is known of them; -1 is unknown.

    Attributes:
        images: normalised float (n, 3, s, s).
        shop: bool (n,), the shop's own pictures.
        identities, categories: int64 (n,).
        attributes: name to int64 (n,).
        landmarks: float (n, l, 2), x and y as shares of the frame.
        visibility: int64 (n, l), 1 visible, 0 occluded.
    """

    images: Tensor
    shop: Tensor
    identities: Tensor
    categories: Tensor
    attributes: dict[str, Tensor]
    landmarks: Tensor
    visibility: Tensor


class System(nn.Module):
    """A network with its losses and its way of comparing.

    Class attributes:
        name: as on the command line.
        source: the paper.
    """

    name: ClassVar[str] = ""
    source: ClassVar[str] = ""

    def __init__(self, vocabulary: Vocabulary) -> None:
        super().__init__()
        self.vocabulary = vocabulary

    def begin(self, step: int, total: int) -> None:
        """Called before each of the ``total`` steps; a system with a schedule turns its page here."""

    def losses(self, batch: Batch) -> dict[str, Tensor]:
        """Named terms, weighted; their sum is minimised. Empty: there is nothing to train.

        What a batch has no labels for gives 0.
        """
        raise NotImplementedError

    def embed(self, images: Tensor, shop: Tensor) -> Tensor:
        """What a store would hold of each picture: (n, 3, s, s) and bool (n,) to (n, d)."""
        raise NotImplementedError

    def scores(self, queries: Tensor, gallery: Tensor, gallery_categories: Tensor) -> Tensor:
        """Similarity of each query (q, d) to each shop picture (g, d), higher is nearer: (q, g).

        Args:
            gallery_categories: int64 (g,), -1 unknown: the shop knows its own, nobody knows the query's.
        """
        return queries @ gallery.T

    def category_logits(self, images: Tensor) -> Tensor | None:
        """(n, categories) for street photos, or None where the system names no category."""
        return None

    def attribute_logits(self, images: Tensor) -> dict[str, Tensor]:
        """Attribute → logits (n, values); empty where the system names none."""
        return {}

    def parameter_groups(self, rate: float) -> list[dict[str, Any]]:
        """The trunk learns at ``rate``, what is new at four times that."""
        named = [(name, p) for name, p in self.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for name, p in named if "trunk" in name], "lr": rate},
            {"params": [p for name, p in named if "trunk" not in name], "lr": 4 * rate},
        ]
        return [group for group in groups if group["params"]]


def imagenet_trunk(
    stages: int = 7, head: bool = True, frozen_stages: int = FROZEN_STAGES
) -> EfficientNetLite:
    """EfficientNet-Lite0 with ImageNet weights, in channels_last as it computes fastest on a CPU."""
    trunk = EfficientNetLite("lite0", stages, head).load_imagenet()
    trunk.freeze_until(frozen_stages)
    return trunk.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
