"""What an ``.mlpackage`` holds, from its MIL program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from converters.inspection.report import Inspection, Layer
from converters.mil.interpreter import MilProgram
from converters.quiet import quiet
from converters.targets import need
from pocketshelf.formats.bundle import digest

__all__ = ["inspect"]


def inspect(path: Path) -> Inspection:
    """Look into ``path``.

    Raises:
        ToolchainMissing: coremltools is not installed.
    """
    need("coremltools", "coreml")
    import coremltools

    with quiet(f"reading {path.name}"):
        program = MilProgram(path)
        specification = coremltools.models.MLModel(str(path), skip_model_load=True).get_spec()
    layers = [_layer(op) for op in program.function.operations if not _constant(op)]
    description = specification.description
    notes = [f"{key}: {value[:100]}" for key, value in sorted(description.metadata.userDefined.items())]
    inputs = [_describe(each) for each in description.input]
    outputs = [_describe(each) for each in description.output]
    return Inspection(path, "coreml", digest(path)[1], inputs, outputs, layers, notes)


def _constant(op: Any) -> bool:
    return op.op_type == "const" or op.op_type.startswith("constexpr_")


def _describe(feature: Any) -> str:
    if feature.type.WhichOneof("Type") == "imageType":
        image = feature.type.imageType
        return f"{feature.name} image {image.width}x{image.height}"
    shape = "x".join(str(side) for side in feature.type.multiArrayType.shape)
    return f"{feature.name} array {shape}"


def _layer(op: Any) -> Layer:
    result = op.outputs[0]
    shape = tuple(int(side) for side in result.shape)
    weight = op.inputs.get("weight")
    return Layer(
        name=result.name,
        operation=f"{op.op_type}, depthwise" if _depthwise(op.op_type, weight) else op.op_type,
        shape=shape,
        type=getattr(result.dtype, "__name__", str(result.dtype)),
        weight_bytes=_stored_bytes(weight),
        multiply_adds=_multiply_adds(op.op_type, shape, weight),
        inputs=tuple(_read(op)),
    )


def _depthwise(operation: str, weight: Any) -> bool:
    return operation == "conv" and weight is not None and weight.shape[1] == 1


def _read(op: Any) -> Iterator[str]:
    for given in op.inputs.values():
        for each in given if isinstance(given, list | tuple) else [given]:
            if each is not None and (each.op is None or not _constant(each.op)):
                yield each.name


def _stored_bytes(weight: Any) -> int:
    """As saved: a compressed weight is a constexpr over smaller constants."""
    if weight is None:
        return 0
    if weight.op is not None and weight.op.op_type.startswith("constexpr_"):
        parts = [each.val for each in weight.op.inputs.values() if each is not None and each.val is not None]
        return sum(np.asarray(part).nbytes for part in parts if np.asarray(part).dtype.kind in "iuf")
    return np.asarray(weight.val).nbytes if weight.val is not None else 0


def _multiply_adds(operation: str, shape: tuple[int, ...], weight: Any) -> int:
    if operation not in ("conv", "linear") or weight is None:
        return 0
    # (out, in / groups, h, w) or (out, in): what each result sums over.
    return int(np.prod(shape)) * int(np.prod(weight.shape[1:]))
