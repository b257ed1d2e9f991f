"""What a ``.tflite`` file holds, from its flatbuffer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from converters.inspection.model_file import Layer, ModelFile, joined, multiply_adds
from converters.tflite import flatbuffer
from converters.tflite.metadata import associated_files, read_metadata

__all__ = ["inspect"]


def inspect(path: Path) -> ModelFile:
    """Look into ``path``."""
    content = path.read_bytes()
    model = flatbuffer.read(content)
    graph = model.subgraphs[0]
    # A constant that several operations share belongs to none alone.
    uses = Counter(int(i) for operator in graph.operators for i in operator.inputs if i >= 0)
    layers = [_layer(model, graph, operator, uses) for operator in graph.operators]
    inputs = [_describe(graph.tensors[int(i)]) for i in graph.inputs]
    outputs = [_describe(graph.tensors[int(i)]) for i in graph.outputs]
    metadata = read_metadata(content)
    files = ", ".join(associated_files(content))
    notes = [f"metadata: {metadata['name']}, files {files}"] if metadata else ["no metadata"]
    return ModelFile(path, "tflite", len(content), inputs, outputs, layers, notes)


def _describe(tensor) -> str:
    text = f"{tensor.name.decode()} {flatbuffer.type_name(tensor)} {joined(tensor.shape)}"
    scale = tensor.quantization.scale if tensor.quantization is not None else None
    if scale is not None and len(scale) == 1:
        text += f", scale {scale[0]:.6g}, zero point {tensor.quantization.zeroPoint[0]}"
    return text


def _layer(model, graph, operator, uses: Counter) -> Layer:
    operation = flatbuffer.operation_name(model, operator)
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
        operation=operation,
        shape=shape,
        type=flatbuffer.type_name(result),
        weight_bytes=sum(size for _, size in constants),
        multiply_adds=multiply_adds(operation, shape, constants[0][0].shape) if constants else 0,
        inputs=tuple(read),
    )
