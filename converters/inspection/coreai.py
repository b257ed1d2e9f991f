"""What an ``.aimodel`` holds, from its program."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from converters.inspection.model_file import Layer, ModelFile, multiply_adds
from converters.toolchains import quiet
from pocketshelf.formats.bundle import digest

__all__ = ["inspect"]

# What a constant goes through before an operation reads it: int8 to float, and the turn of a matrix.
_UNPACKING = ("blockwise_shift_scale", "transpose", "reshape", "cast")


def inspect(path: Path) -> ModelFile:
    """Look into ``path``."""
    with quiet(f"reading {path.name}"):
        from coreai.authoring import AIModelAsset

        asset: Any = AIModelAsset.load(path)
        signature = asset.summary(include_statistics=False)
        inputs, outputs = (
            [f"{name} {kind}" for name, kind in side("main")]
            for side in (signature.function_inputs, signature.function_outputs)
        )
        program = asset.program  # Its operations live as long as it does.
        operations = [each.operation for each in program._get_graph("main").entry_block.operations]
        layers = list(_layers(operations))
        known = asset.metadata.creator_defined_metadata
        notes = [f"{key}: {str(known[key])[:100]}" for key in sorted(known)]
    return ModelFile(path, "coreai", digest(path)[1], inputs, outputs, layers, notes)


def _layers(operations: list[Any]) -> Iterator[Layer]:
    """Those that compute something of the picture, in the order of execution."""
    for operation in operations:
        if list(operation.results) and _stored_bytes(operation) is None:
            yield _layer(operation)


def _layer(operation: Any) -> Layer:
    name, shape = _name(operation), _shape(operation.results[0])
    given = [(each, _stored_bytes(each.owner)) for each in operation.operands if not _is_argument(each)]
    weight = max((pair for pair in given if pair[1]), key=lambda pair: pair[1] or 0, default=None)
    filter_ = _shape(weight[0]) if weight else ()
    return Layer(
        name=operation.results[0].get_name(),
        operation=f"{name}, depthwise" if name == "conv2d" and filter_[1:2] == (1,) else name,
        shape=shape,
        type=str(operation.results[0].type.element_type),
        weight_bytes=sum(stored or 0 for _, stored in given),
        multiply_adds=multiply_adds(name, shape, filter_) if filter_ else 0,
        inputs=tuple(each.get_name() for each in operation.operands if _is_computed(each)),
    )


def _name(operation: Any) -> str:
    return operation.name.rsplit(".", 1)[-1].removeprefix("broadcasting_")


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(int(side) for side in value.type.shape)


def _is_argument(value: Any) -> bool:
    return not hasattr(value.owner, "operands")


def _is_computed(value: Any) -> bool:
    return _is_argument(value) or _stored_bytes(value.owner) is None


def _stored_bytes(operation: Any) -> int | None:
    """Of the constants that ``operation`` unpacks; None if it reads anything else."""
    if operation.name == "coreai.constant":
        result = operation.results[0]
        return math.prod(_shape(result)) * _bits(str(result.type.element_type)) // 8
    if _name(operation) not in _UNPACKING or any(map(_is_argument, operation.operands)):
        return None
    parts = [_stored_bytes(each.owner) for each in operation.operands]
    return None if None in parts else sum(part or 0 for part in parts)


def _bits(type_: str) -> int:
    return int("".join(filter(str.isdigit, type_)) or 8)
