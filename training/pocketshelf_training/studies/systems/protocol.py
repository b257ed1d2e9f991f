"""What a retrieval system has to do so that one trainer trains and measures them all alike."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor, nn

from pocketshelf_training.engine.compute import placed
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite
from pocketshelf_training.samplers.labelled import Batch, Vocabulary

__all__ = ["System", "imagenet_trunk"]

# The stem and the first two stages stay as ImageNet made them, in every system alike.
FROZEN_STAGES = 2


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
    return placed(trunk)
