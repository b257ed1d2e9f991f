"""The inside of an XNNPACK delegate, from its payload.

The payload is a header (``XH00``: at byte 10 offset and size of a flatbuffer, little-endian), the flatbuffer
of the graph (``schema.fbs`` in executorch/backends/xnnpack/serialization), and constants, or their keys.
"""

from __future__ import annotations

import importlib.resources
import json
import re
import struct
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from converters.inspection.report import Layer

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
    from executorch.exir._serialize._flatbuffer import _flatc_decompile

    offset, size = struct.unpack_from("<II", payload, 10)
    schema = importlib.resources.files("executorch.backends.xnnpack.serialization") / "schema.fbs"
    with tempfile.TemporaryDirectory() as folder:
        for file, content in (
            ("schema.fbs", schema.read_bytes()),
            ("graph.bin", payload[offset : offset + size]),
        ):
            (Path(folder) / file).write_bytes(content)
        _flatc_decompile(folder, str(Path(folder) / "schema.fbs"), str(Path(folder) / "graph.bin"))
        text = (Path(folder) / "graph.json").read_text(encoding="utf-8")
    # A clamp without a limit: flatc writes "inf", which Python's JSON calls "Infinity".
    return json.loads(re.sub(r"(?<=: )(-?)inf\b", r"\1Infinity", text))


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
        multiply_adds=_multiply_adds(kind, shape, filter_.get("dims", [])),
        inputs=tuple(called(i) for i in ids if i != fields["output_id"] and not stored[i]),
    )


def _multiply_adds(kind: str, shape: tuple[int, ...], filter_: Sequence[int]) -> int:
    if kind == "XNNDepthwiseConv2d":  # (1, h, w, out)
        return int(np.prod(shape)) * int(np.prod(filter_[1:3]))
    if kind in ("XNNConv2d", "XNNFullyConnected"):  # (out, h, w, in), (out, in)
        return int(np.prod(shape)) * int(np.prod(filter_[1:]))
    return 0
