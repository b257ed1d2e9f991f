"""The inside of an XNNPACK delegate, from its payload.

The payload is a header (``XH00``: at byte 10 offset and size of a flatbuffer, little-endian), the flatbuffer
of the graph (``schema.fbs`` in executorch/backends/xnnpack/serialization), and constants, or their keys.
"""

from __future__ import annotations

import importlib.resources
import struct
from collections.abc import Mapping, Sequence
from typing import Any

from converters import flatc
from converters.inspection.model_file import Layer, multiply_adds

__all__ = ["layers"]

_MAGIC = b"XH00"


def layers(payload: bytes, name: str, externals: Sequence[str]) -> list[Layer] | None:
    """The delegate's operations, one layer each; None if the payload is of another format.

    Args:
        name: of the delegate; results inside it are named after it.
        externals: names of the values that it is called with, by their external ids.
    """
    if payload[4:8] != _MAGIC:
        return None
    graph = _decoded(payload)
    values: dict[int, dict] = {}
    for each in graph["xvalues"]:
        value = each["xvalue_union"]
        value |= value.pop("tensor_value", {})
        values[value["id_out"]] = value

    def called(index: int) -> str:
        external = values[index]["external_id"]
        return externals[external] if external < len(externals) else f"{name}.{index}"

    return [_layer(node, values, graph["constant_data"], called) for node in graph["xnodes"]]


def _decoded(payload: bytes) -> dict[str, Any]:
    offset, size = struct.unpack_from("<II", payload, 10)
    schema = importlib.resources.files("executorch.backends.xnnpack.serialization") / "schema.fbs"
    return flatc.decode(schema.read_bytes(), payload[offset : offset + size])


def _layer(node: dict[str, Any], values: Mapping[int, dict], constants: Sequence[dict], called: Any) -> Layer:
    kind, fields = node["xnode_union_type"], node["xnode_union"]
    ids = [index for field, index in fields.items() if field.endswith("_id") and index in values]
    result = values[fields["output_id"]]
    stored = {i: int(constants[values[i]["constant_buffer_idx"]]["size"]) for i in ids}
    filter_ = values.get(fields.get("filter_id", -1), {})
    shape = tuple(result["dims"])
    return Layer(
        name=called(fields["output_id"]),
        operation=kind,
        shape=shape,
        type=result["datatype"].removeprefix("xnn_datatype_"),
        weight_bytes=sum(stored.values()),
        multiply_adds=multiply_adds(kind, shape, filter_.get("dims", [])),
        inputs=tuple(called(i) for i in ids if i != fields["output_id"] and not stored[i]),
    )
