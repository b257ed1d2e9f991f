"""An ensemble of embedders as one: a teacher that no phone could run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.models.checkpoint import load_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.network import CategoryNetwork

__all__ = ["Ensemble", "read_embedder"]


class Ensemble(CategoryNetwork):
    """The members' unit vectors side by side, projected to one vector; their categories averaged.

    Args:
        members: configuration of each `Embedder`; they name the same categories.
        dimension: of the vector.

    The rest of its configuration follows from the members'.
    """

    kind = "ensemble"

    def __init__(self, members: list[dict[str, Any]], dimension: int = 128, **_: Any) -> None:
        super().__init__()
        largest = max(members, key=lambda config: config["size"])
        self.config = {
            "members": members,
            "dimension": dimension,
            "categories": list(largest["categories"]),
            "size": largest["size"],
            "margin": largest["margin"],
        }
        self.members = nn.ModuleList(Embedder(**config) for config in members)
        self.projection = nn.Linear(sum(config["dimension"] for config in members), dimension, bias=False)

    def side_by_side(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised float (n, 3, h, w) to the members' vectors (n, sum of dimensions), category logits."""
        vectors, logits = [], []
        for member, config in zip(self.members, self.config["members"], strict=True):
            side = (config["size"], config["size"])
            resized = x if x.shape[2:] == side else _resized(x, side)
            vector, scores, *_ = member(resized)
            vectors.append(vector)
            logits.append(scores.log_softmax(1))
        return torch.cat(vectors, 1), torch.stack(logits).mean(0)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised float (n, 3, h, w) to unit embeddings (n, dimension) and category logits (n, C)."""
        vectors, logits = self.side_by_side(x)
        return functional.normalize(self.projection(vectors), dim=1), logits


def _resized(x: Tensor, side: tuple[int, int]) -> Tensor:
    return functional.interpolate(x, size=side, mode="bilinear", antialias=True, align_corners=False)


def read_embedder(path: str | Path) -> Embedder | Ensemble:
    """A trained embedder, or an ensemble of such.

    Raises:
        CheckpointError: neither.
    """
    if load_checkpoint(path).kind == Ensemble.kind:
        return Ensemble.from_checkpoint(path)
    return Embedder.from_checkpoint(path)
