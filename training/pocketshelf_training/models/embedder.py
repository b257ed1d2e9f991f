"""The embedder: EfficientNet-Lite0, one vector and category scores from the pooled features."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.models.efficientnet_lite import EfficientNetLite
from pocketshelf_training.models.network import CategoryNetwork

__all__ = ["HEADS", "TRUNK", "Embedder", "apart_from_heads", "trunk_of"]

# What the names of an attribute head's weights begin with.
HEADS = "attribute_heads."
# And those of the trunk.
TRUNK = "trunk."


def trunk_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The trunk's entries of an embedder's state, by the trunk's own names."""
    return {name.removeprefix(TRUNK): value for name, value in state.items() if name.startswith(TRUNK)}


def apart_from_heads(state: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """A state's entries: those of everything else, and those of the attribute heads."""
    heads = {name: value for name, value in state.items() if name.startswith(HEADS)}
    return {name: value for name, value in state.items() if name not in heads}, heads


class Embedder(CategoryNetwork):
    """Trunk, global average pool, a linear embedding and a linear category head.

    Args:
        categories: names of the category head's outputs.
        dimension: of the embedding.
        variant: of the trunk.
        size: input height and width in pixels.
        margin: see `pocketshelf.Preprocessing`.
        attributes: name → labels; a linear head each.
        bias: the embedding has one: a projection fitted to centred features needs it.
    """

    kind = "embedder"

    def __init__(
        self,
        categories: list[str],
        dimension: int = 128,
        variant: str = "lite0",
        size: int = 224,
        margin: float = 0.05,
        attributes: dict[str, list[str]] | None = None,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.config = {
            "categories": list(categories),
            "dimension": dimension,
            "variant": variant,
            "size": size,
            "margin": margin,
        }
        if bias:
            self.config["bias"] = True
        if attributes:
            self.config["attributes"] = {name: list(labels) for name, labels in attributes.items()}
        self.trunk = EfficientNetLite(variant)
        self.embedding = nn.Linear(self.trunk.channels, dimension, bias=bias)
        self.category = nn.Linear(self.trunk.channels, len(categories))
        self.attribute_heads = nn.ModuleList(
            nn.Linear(self.trunk.channels, len(labels)) for labels in self.attributes.values()
        )

    @property
    def attributes(self) -> dict[str, list[str]]:
        """Name → labels, in the order of the outputs."""
        return self.config.get("attributes", {})

    def pooled(self, x: Tensor) -> Tensor:
        """Normalised float (n, 3, h, w) to the pooled features (n, 1280)."""
        return self.trunk.pooled(x)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Normalised float (n, 3, h, w) to unit embeddings (n, dimension), category logits (n, C), and
        for each attribute its logits (n, labels)."""
        pooled = self.pooled(x)
        heads = (head(pooled) for head in self.attribute_heads)
        return functional.normalize(self.embedding(pooled), dim=1), self.category(pooled), *heads
