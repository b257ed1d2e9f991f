"""What a ``.tflite`` file holds, from its flatbuffer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from converters.inspection.report import Inspection, Layer
from converters.tflite import flatbuffer
from converters.tflite.metadata import read_metadata

__all__ = ["inspect"]


def inspect(path: Path) -> Inspection:
    """Look into ``path``."""
    from ai_edge_litert import schema_py_generated as schema

    content = path.read_bytes()
    model = flatbuffer.read(content)
    graph = model.subgraphs[0]
    types = {v: k.lower() for k, v in vars(schema.TensorType).items() if not k.startswith("_")}
    # A constant that several operations share belongs to none alone.
    uses = Counter(int(i) for operator in graph.operators for i in operator.inputs if i >= 0)
    layers = [_layer(model, graph, operator, types, uses) for operator in graph.operators]
    inputs = [_describe(graph.tensors[int(i)], types) for i in graph.inputs]
    outputs = [_describe(graph.tensors[int(i)], types) for i in graph.outputs]
    metadata = read_metadata(content)
    notes = [f"metadata: {metadata.name}, files {', '.join(metadata.files)}"] if metadata else ["no metadata"]
    return Inspection(path, "tflite", len(content), inputs, outputs, layers, notes)


def _describe(tensor, types: dict[int, str]) -> str:
    shape = "x".join(str(side) for side in tensor.shape)
    text = f"{tensor.name.decode()} {types[tensor.type]} {shape}"
    scale = tensor.quantization.scale if tensor.quantization is not None else None
    if scale is not None and len(scale) == 1:
        text += f", scale {scale[0]:.6g}, zero point {tensor.quantization.zeroPoint[0]}"
    return text


def _layer(model, graph, operator, types: dict[int, str], uses: Counter) -> Layer:
    name = flatbuffer.operation_name(model, operator)
    result = graph.tensors[int(operator.outputs[0])]
    constants, read = [], []
    for index in (int(i) for i in operator.inputs if i >= 0):
        data = model.buffers[graph.tensors[index].buffer].data
        if data is None:
            read.append(graph.tensors[index].name.decode())
        elif uses[index] == 1:
            constants.append((graph.tensors[index], len(data)))
    shape = tuple(int(side) for side in result.shape)
    return Layer(
        name=result.name.decode(),
        operation=name,
        shape=shape,
        type=types[result.type],
        weight_bytes=sum(size for _, size in constants),
        multiply_adds=_multiply_adds(name, shape, [tensor for tensor, _ in constants]),
        inputs=tuple(read),
    )


def _multiply_adds(operation: str, shape: tuple[int, ...], constants: list) -> int:
    if not constants:
        return 0
    results = int(np.prod(shape))
    weight = [int(side) for side in constants[0].shape]
    if operation == "CONV_2D":  # (out, h, w, in)
        return results * int(np.prod(weight[1:]))
    if operation == "DEPTHWISE_CONV_2D":  # (1, h, w, out)
        return results * weight[1] * weight[2]
    if operation == "FULLY_CONNECTED":  # (out, in)
        return results * weight[1]
    return 0
