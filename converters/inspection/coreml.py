"""What an ``.mlpackage`` holds, from its MIL program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from converters.inspection.model_file import Layer, ModelFile, joined, multiply_adds
from converters.mil.interpreter import MilProgram, is_constant
from converters.toolchains import quiet
from pocketshelf.formats.bundle import digest

__all__ = ["inspect"]


def inspect(path: Path) -> ModelFile:
    """Look into ``path``."""
    with quiet(f"reading {path.name}"):
        program = MilProgram(path)
    layers = [_layer(op) for op in program.function.operations if not is_constant(op)]
    description = program.specification.description
    notes = [f"{key}: {value[:100]}" for key, value in sorted(description.metadata.userDefined.items())]
    inputs = [_describe(each) for each in description.input]
    outputs = [_describe(each) for each in description.output]
    return ModelFile(path, "coreml", digest(path)[1], inputs, outputs, layers, notes)


def _describe(feature: Any) -> str:
    if feature.type.WhichOneof("Type") == "imageType":
        image = feature.type.imageType
        return f"{feature.name} image {image.width}x{image.height}"
    return f"{feature.name} array {joined(feature.type.multiArrayType.shape)}"


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
        multiply_adds=multiply_adds(op.op_type, shape, weight.shape) if weight is not None else 0,
        inputs=tuple(_read(op)),
    )


def _depthwise(operation: str, weight: Any) -> bool:
    return operation == "conv" and weight is not None and weight.shape[1] == 1


def _read(op: Any) -> Iterator[str]:
    for given in op.inputs.values():
        for each in given if isinstance(given, list | tuple) else [given]:
            if each is not None and (each.op is None or not is_constant(each.op)):
                yield each.name


def _stored_bytes(weight: Any) -> int:
    """As saved: a compressed weight is a constexpr over smaller constants."""
    if weight is None:
        return 0
    if weight.op is not None and weight.op.op_type.startswith("constexpr_"):
        parts = [each.val for each in weight.op.inputs.values() if each is not None and each.val is not None]
        return sum(np.asarray(part).nbytes for part in parts if np.asarray(part).dtype.kind in "iuf")
    return np.asarray(weight.val).nbytes if weight.val is not None else 0
