"""A small anchor-free detector: EfficientNet-Lite trunk, light feature pyramid, one shared head.

Every point of three grids (strides 8, 16, 32) scores each group and gives its distances to the box's four
sides, as in FCOS (Tian et al., ICCV 2019). The pyramid runs down and up again (PANet, Liu et al., CVPR
2018). The levels share the head's convolutions but not their batch statistics, as in RTMDet (Lyu et al.,
2022, section 3.1). Only convolutions, ReLU6, upsampling and concatenation, so that int8 runtimes take the
graph whole; suppressing duplicates is left to the application.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf_training.data.street import GARMENT_GROUPS
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite, SameConv2d
from pocketshelf_training.models.network import Network

__all__ = ["GROUPS", "STRIDES", "Detector"]

GROUPS = (*GARMENT_GROUPS, "goods")
STRIDES = (8, 16, 32)
# The trunk's stages (counted from 0) that end at those strides.
LEVEL_STAGES = (2, 4, 5)
# A point's score before training: rare positives must not drown in the first steps (RetinaNet, section 4.1).
PRIOR = 0.01
# The first guess for every distance, in strides; positive, so that no ReLU starts dead.
FIRST_DISTANCE = 3.0


class Detector(Network):
    """Boxes and group scores of a whole photo, squashed to a square.

    Args:
        groups: names of the score columns.
        variant: of the trunk.
        size: input height and width in pixels, a multiple of 32.
        width: channels of the pyramid and the head.
        tower: separable convolutions before the head's outputs.
        tied: the levels share the head's convolutions. Training needs it; for export it is off, where
            every level's batch statistics are folded into convolutions of its own. The
            entries of ``state_dict`` are the same either way.
    """

    kind = "detector"

    def __init__(
        self,
        groups: Sequence[str] = GROUPS,
        variant: str = "lite0",
        size: int = 320,
        width: int = 80,
        tower: int = 2,
        tied: bool = False,
    ) -> None:
        super().__init__()
        self.config = {
            "groups": list(groups),
            "variant": variant,
            "size": size,
            "width": width,
            "tower": tower,
        }
        self.trunk = EfficientNetLite(variant, stages=LEVEL_STAGES[-1] + 1, head=False)
        self.pyramid = Pyramid([self.trunk.stage_channels[stage] for stage in LEVEL_STAGES], width)
        heads = [Head(width, len(groups), tower) for _ in STRIDES]
        if tied:
            for head in heads[1:]:
                head.share(heads[0])
        self.heads = nn.ModuleList(heads)

    @property
    def groups(self) -> list[str]:
        return self.config["groups"]

    @property
    def strides(self) -> tuple[int, ...]:
        return STRIDES

    def logits(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Normalised float (n, 3, h, w) to group logits (n, N, G) and distances (n, N, 4).

        The N points come level by level in the order of `STRIDES`, row by row; distances are left, top,
        right, bottom, at least 0, in units of the level's stride.
        """
        stages = self.trunk.stages(x)
        levels = self.pyramid([stages[stage] for stage in LEVEL_STAGES])
        outputs = [head(level) for head, level in zip(self.heads, levels, strict=True)]
        return torch.cat([scores for scores, _ in outputs], 1), torch.cat([sides for _, sides in outputs], 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `logits`, but with scores after the sigmoid."""
        logits, distances = self.logits(x)
        return logits.sigmoid(), distances


class ConvNorm(nn.Sequential):
    """Convolution, batch normalisation and, unless ``act`` is off, ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, act: bool = True
    ):
        layers: list[nn.Module] = [
            SameConv2d(inputs, outputs, kernel, stride, groups),
            nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.03),
        ]
        super().__init__(*layers, *([nn.ReLU6()] if act else []))


class Separable(nn.Sequential):
    """Depthwise 3x3, then 1x1 (MobileNet, Howard et al., 2017)."""

    def __init__(self, channels: int, stride: int = 1) -> None:
        super().__init__(
            ConvNorm(channels, channels, 3, stride, groups=channels), ConvNorm(channels, channels, 1)
        )


class Pyramid(nn.Module):
    """Three trunk outputs to three maps of ``width`` channels that have seen each other, down and up."""

    def __init__(self, inputs: Sequence[int], width: int) -> None:
        super().__init__()
        self.laterals = nn.ModuleList(ConvNorm(channels, width, 1, act=False) for channels in inputs)
        self.down = nn.ModuleList(Separable(width) for _ in inputs[1:])
        self.reduce = nn.ModuleList(ConvNorm(width, width, 3, 2, groups=width, act=False) for _ in inputs[1:])
        self.up = nn.ModuleList(Separable(width) for _ in inputs[1:])

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        fine, middle, coarse = (lateral(x) for lateral, x in zip(self.laterals, features, strict=True))
        middle = self.down[1](middle + functional.interpolate(coarse, scale_factor=2.0, mode="nearest"))
        fine = self.down[0](fine + functional.interpolate(middle, scale_factor=2.0, mode="nearest"))
        middle = self.up[0](middle + self.reduce[0](fine))
        coarse = self.up[1](coarse + self.reduce[1](middle))
        return [fine, middle, coarse]


class Head(nn.Module):
    """Group logits and side distances for every point of one level."""

    def __init__(self, width: int, groups: int, tower: int) -> None:
        super().__init__()
        self.groups = groups
        self.score_tower = nn.Sequential(*(Separable(width) for _ in range(tower)))
        self.side_tower = nn.Sequential(*(Separable(width) for _ in range(tower)))
        self.score = _output(width, groups, -math.log((1 - PRIOR) / PRIOR))
        self.sides = _output(width, 4, FIRST_DISTANCE)
        self.scale = nn.Parameter(torch.ones(1))

    def share(self, other: Head) -> None:
        """Take over the convolutions of ``other``; batch statistics and scale stay one's own."""
        self.score, self.sides = other.score, other.sides
        pairs = [
            *zip(self.score_tower.modules(), other.score_tower.modules(), strict=True),
            *zip(self.side_tower.modules(), other.side_tower.modules(), strict=True),
        ]
        for mine, theirs in pairs:
            if isinstance(mine, ConvNorm) and isinstance(theirs, ConvNorm):
                mine[0] = theirs[0]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(n, width, h, w) to (n, h·w, groups) and (n, h·w, 4)."""
        scores = self.score(self.score_tower(x))
        sides = functional.relu(self.sides(self.side_tower(x)) * self.scale)
        return (
            scores.permute(0, 2, 3, 1).reshape(x.shape[0], -1, self.groups),
            sides.permute(0, 2, 3, 1).reshape(x.shape[0], -1, 4),
        )


def _output(width: int, channels: int, first: float) -> nn.Conv2d:
    """A 1x1 convolution that says ``first`` before training."""
    layer = nn.Conv2d(width, channels, 1)
    nn.init.normal_(layer.weight, std=0.01)
    layer.bias = nn.Parameter(torch.full((channels,), first))
    return layer
