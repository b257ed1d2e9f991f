"""The network that looks for faults: a few depthwise-separable layers on a small copy of the frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.quality import FAULTS
from pocketshelf_training.models.checkpoint import load_checkpoint

__all__ = ["KIND", "QualityNetwork"]

KIND = "quality"
SIDE = 128
# (channels, stride) of each layer behind the first.
LAYERS = ((24, 2), (48, 2), (48, 1), (64, 2), (64, 1), (96, 2))


class QualityNetwork(nn.Module):
    """Logits of faults, one output (n, len(faults)).

    Args:
        faults: what the columns mean.
        side: height and width of the input.
        first: channels of the first layer.
        layers: (channels, stride) of the others.
    """

    def __init__(
        self,
        faults: Sequence[str] = FAULTS,
        side: int = SIDE,
        first: int = 16,
        layers: Sequence[Sequence[int]] = LAYERS,
    ) -> None:
        super().__init__()
        self.config = {
            "faults": list(faults),
            "side": side,
            "first": first,
            "layers": [list(x) for x in layers],
        }
        self.faults = tuple(faults)
        blocks = [_layer(3, first, 3, 2)]
        channels = first
        for width, stride in layers:
            blocks += [_layer(channels, channels, 3, stride, channels), _layer(channels, width, 1, 1)]
            channels = width
        self.trunk = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(channels, len(self.faults))

    @property
    def preprocessing(self) -> Preprocessing:
        """The whole frame, squashed to a square."""
        return Preprocessing((self.config["side"], self.config["side"]))  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """Normalised float (n, 3, side, side) to the logits."""
        return (self.head(torch.flatten(self.pool(self.trunk(x)), 1)),)

    @classmethod
    def from_checkpoint(cls, path: str | Path) -> QualityNetwork:
        """The network of a checkpoint, in evaluation mode.

        Raises:
            CheckpointError: it is missing, damaged or of another kind.
        """
        checkpoint = load_checkpoint(path, KIND)
        network = cls(**checkpoint.config)
        checkpoint.load_into(network)
        return network.eval()


def _layer(inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), nn.ReLU6(inplace=True))
