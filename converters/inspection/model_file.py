"""One description for all targets' files."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Layer", "ModelFile", "joined", "multiply_adds"]


@dataclass(frozen=True)
class Layer:
    """One operation of a model file.

    Attributes:
        name: of its result.
        operation: in the format's own words.
        shape: of its result; NHWC in TFLite, NCHW in Core ML.
        type: of its result's numbers.
        weight_bytes: of the constants that belong to it alone.
        multiply_adds: estimated from shapes; 0 for what is no convolution or matrix product.
        inputs: names of the results that it reads; no constants.
    """

    name: str
    operation: str
    shape: tuple[int, ...] = ()
    type: str = ""
    weight_bytes: int = 0
    multiply_adds: int = 0
    inputs: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Height of a feature map; 1 for vectors."""
        return sorted(self.shape[1:], reverse=True)[1] if len(self.shape) == 4 else 1


@dataclass(frozen=True)
class ModelFile:
    """What is in a model file.

    Attributes:
        format: "tflite", "executorch", "coreml" or "coreai".
        bytes: of the file, or of all files in the package.
        inputs, outputs: name, type and shape of each, as text.
        layers: in the order of execution.
        notes: metadata and anything else worth a line.
    """

    path: Path
    format: str
    bytes: int
    inputs: list[str]
    outputs: list[str]
    layers: list[Layer]
    notes: list[str] = field(default_factory=list)

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def operations(self) -> dict[str, int]:
        """Operation → how often, most frequent first."""
        return dict(Counter(layer.operation for layer in self.layers).most_common())

    @property
    def types(self) -> str:
        """How many results there are of each type, as text."""
        counts = Counter(layer.type for layer in self.layers if layer.type)
        return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def joined(shape: Iterable[int]) -> str:
    """A shape as text, such as "1x32x32x3"."""
    return "x".join(str(side) for side in shape)


def multiply_adds(operation: str, shape: Iterable[int], weight: Iterable[int]) -> int:
    """Of a convolution or matrix product: for every result, one for each weight that it sums over.

    Args:
        operation: in the format's own words; anything else than these makes none.
        shape: of the result.
        weight: shape of the filter: (out, h, w, in) or (out, in / groups, h, w) of convolutions,
            (1, h, w, out) of depthwise ones in NHWC, (out, in) of matrix products, (in, out) in Core AI.
    """
    if operation not in _SUMMED:
        return 0
    return int(math.prod(shape) * math.prod(list(weight)[_SUMMED[operation]]))


# Operation → the sides of its filter that a result sums over.
_SUMMED = {
    "CONV_2D": slice(1, None),
    "DEPTHWISE_CONV_2D": slice(1, 3),
    "FULLY_CONNECTED": slice(1, None),
    "XNNConv2d": slice(1, None),
    "XNNDepthwiseConv2d": slice(1, 3),
    "XNNFullyConnected": slice(1, None),
    "conv": slice(1, None),
    "linear": slice(1, None),
    "conv2d": slice(1, None),
    "batch_matmul": slice(0, 1),
}
