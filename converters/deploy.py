"""The form of a network that is exported: BatchNorm folded, pooling and L2 where converters like them.

Two graphs of the same network are converted:

* `Core`: normalised float (1, 3, h, w), for toolchains that carry the normalisation in the input's
  own description (quantization parameters in TFLite, ImageType in Core ML);
* `Deployed`: uint8 (1, h, w, 3), the normalisation as the graph's first operations.
"""

from __future__ import annotations

import copy
from collections import Counter

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from converters.errors import ConversionError
from pocketshelf_training.models.detector import LEVEL_STAGES
from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

__all__ = [
    "ChannelsLast",
    "Contiguous",
    "Core",
    "Deployed",
    "DetectorCore",
    "EmbedderCore",
    "FloatOutputs",
    "Inner",
    "UnitLength",
    "fold_batch_norm",
    "lift_dead_filters",
    "normalised",
]

# Folding changes the order of float operations only; more than this means that it broke the network.
_FOLDING_TOLERANCE = 2e-3
# The input range of nearly all convolutions here: ReLU6 at 8 bits.
_RELU6_STEP = 6 / 255
_BIAS_BITS = 28


class UnitLength(nn.Module):
    """L2 normalisation in five operations, none of which a converter lowers to a loop.

    Converters keep this module in float: in int8 it broke the norms by half (a sum of squares spans
    too wide a range for 8 bits).
    """

    def forward(self, x: Tensor) -> Tensor:
        # 1e-6 instead of functional.normalize's 1e-12: the latter is zero in half precision.
        return x * torch.rsqrt((x * x).sum(1, keepdim=True) + 1e-6)


class Core(nn.Module):
    """A folded network that takes normalised float (1, 3, h, w) and returns a tuple of outputs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        outputs = self.network(x)
        return outputs if isinstance(outputs, tuple) else (outputs,)


class EmbedderCore(Core):
    """`pocketshelf_training.models.embedder.Embedder` with pooling and L2 in the converters' favourite form.

    ``x.mean((2, 3))`` costs a transposition in TFLite, which is NHWC; average pooling does not.

    Args:
        size: height and width of an input that the network accepts.

    Raises:
        ConversionError: an output is not that of its head over the pooled features.
    """

    def __init__(self, network: nn.Module, size: tuple[int, int]) -> None:
        super().__init__(network)
        self.unit = UnitLength()
        example = torch.rand(1, 3, *size) * 2 - 1
        with torch.no_grad():
            pairs = list(zip(network(example), self(example), strict=True))
        for index, (before, after) in enumerate(pairs):
            if before.shape != after.shape or not torch.allclose(before, after, atol=1e-3, rtol=1e-2):
                raise ConversionError(
                    f"output {index} of the embedder is not what its head makes of the pooled features; "
                    "give each a head of its own"
                )

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        net = self.network
        pooled = functional.adaptive_avg_pool2d(net.trunk(x), 1).flatten(1)  # type: ignore[operator]
        attributes = [head(pooled) for head in net.attribute_heads]  # type: ignore[union-attr]
        return self.unit(net.embedding(pooled)), net.category(pooled), *attributes  # type: ignore[operator]


class DetectorCore(Core):
    """The detector of `pocketshelf_training.models` with each level's scale folded in."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        with torch.no_grad():
            for head in network.heads:  # type: ignore[union-attr]
                head.sides.weight.mul_(head.scale)
                head.sides.bias.mul_(head.scale)
                head.scale.fill_(1.0)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        net = self.network
        stages = net.trunk.stages(x)  # type: ignore[operator, union-attr]
        levels = net.pyramid([stages[stage] for stage in LEVEL_STAGES])  # type: ignore[operator]
        scores, sides = [], []
        for head, level in zip(net.heads, levels, strict=True):  # type: ignore[arg-type]
            scores.append(_points(head.score(head.score_tower(level)), head.groups))
            sides.append(_points(functional.relu(head.sides(head.side_tower(level))), 4))
        return torch.cat(scores, 1).sigmoid(), torch.cat(sides, 1)


def _points(grid: Tensor, columns: int) -> Tensor:
    """(1, columns, h, w) to (1, h·w, columns)."""
    return grid.permute(0, 2, 3, 1).reshape(1, -1, columns)


class Inner(nn.Module):
    """Takes what ``core`` takes, and gives it the module name by which quantizers know it."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.core = core

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.core(x)


class ChannelsLast(Inner):
    """``core`` with a normalised float (1, h, w, 3) input."""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.core(x.permute(0, 3, 1, 2))


class Deployed(Inner):
    """uint8 RGB (1, h, w, 3) to the outputs of ``core``; the normalisation is part of the graph.

    Args:
        cast_first: make the picture float before anything else, for delegates that take no uint8.
    """

    def __init__(self, core: Core, cast_first: bool = False) -> None:
        super().__init__(core)
        self.cast_first = cast_first

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return self.core(normalised(image.to(torch.float32) if self.cast_first else image))


class Contiguous(Inner):
    """`Deployed` whose core sees a picture laid out as (n, 3, h, w), for converters that take no other."""

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return self.core(normalised(image).contiguous())


class FloatOutputs(nn.Module):
    """``inner`` with outputs of single precision."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        return tuple(output.to(torch.float32) for output in self.inner(image))


def normalised(image: Tensor) -> Tensor:
    """uint8, or float with the same values, (n, h, w, 3) to float (n, 3, h, w) in [-0.99, 1]."""
    return (image.permute(0, 3, 1, 2).to(torch.float32) - IMAGENET_MEAN) * (1.0 / IMAGENET_STD)


def fold_batch_norm(network: nn.Module, size: tuple[int, int]) -> nn.Module:
    """A copy of ``network`` with every BatchNorm that follows a convolution folded into it.

    Pairs are found by running the network, so that any way of writing ``forward`` works.

    Args:
        size: height and width of an input that the network accepts.

    Raises:
        ConversionError: the folded copy computes something else.
    """
    folded = copy.deepcopy(network).eval()
    example = torch.rand(1, 3, *size) * 2 - 1
    with torch.no_grad():
        pairs = _conv_norm_pairs(folded, example)
        norms = {norm: nn.Identity() for _, norm in pairs}
        for conv, norm in pairs:
            fused = fuse_conv_bn_eval(conv, norm)
            conv.weight, conv.bias = fused.weight, fused.bias
        _replace_modules(folded, norms)
        for before, after in zip(Core(network.eval())(example), Core(folded)(example), strict=True):
            difference = float((before - after).abs().max() / before.abs().max().clamp(min=1e-6))
            if difference > _FOLDING_TOLERANCE:
                raise ConversionError(f"folding BatchNorm changed the outputs by {difference:.1e}")
    return folded.requires_grad_(False)


def _conv_norm_pairs(network: nn.Module, example: Tensor) -> list[tuple[nn.Conv2d, nn.BatchNorm2d]]:
    made: dict[int, tuple[nn.Conv2d, Tensor]] = {}  # Holding the tensor keeps its id from reuse.
    pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]] = []

    def note(module: nn.Module, inputs: tuple, output: Tensor) -> None:
        if isinstance(module, nn.Conv2d):
            made[id(output)] = module, output
        elif isinstance(module, nn.BatchNorm2d) and id(inputs[0]) in made:
            pairs.append((made[id(inputs[0])][0], module))

    hooks = [module.register_forward_hook(note) for module in network.modules()]
    network(example)
    for hook in hooks:
        hook.remove()
    # A convolution shared between levels, each with statistics of its own, cannot take them all in.
    uses = Counter(conv for conv, _ in pairs)
    return [(conv, norm) for conv, norm in pairs if uses[conv] == 1]


def _replace_modules(network: nn.Module, replacements: dict) -> None:
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if child in replacements:
                setattr(parent, name, replacements[child])


def lift_dead_filters(network: nn.Module) -> int:
    """Give filters that training let die one weight just large enough for int8. Changes in place.

    BatchNorm leaves some filters constant: weights near zero, all of the output in the bias. An int8
    filter's scale comes from its weights, and the bias is an int32 in units of it: a bias of 6 with
    weights of 1e-8 overflows. The weight set here moves the output by less than one step of its
    own quantization.

    Returns:
        how many filters were changed.
    """
    lifted = 0
    for module in network.modules():
        if not isinstance(module, nn.Conv2d) or module.bias is None:
            continue
        weights = module.weight.data.flatten(1)
        smallest = module.bias.data.abs() * 127 / (_RELU6_STEP * 2**_BIAS_BITS)
        for channel in (weights.abs().amax(1) < smallest).nonzero()[:, 0].tolist():
            weights[channel, weights[channel].abs().argmax()] = smallest[channel]
            lifted += 1
    return lifted
