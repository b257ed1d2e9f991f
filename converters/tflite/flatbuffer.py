"""Edits of a finished TFLite file (schema: tensorflow/lite/schema/schema.fbs, version 3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import flatbuffers
import numpy as np

__all__ = ["finish", "float_operations", "operation_name", "read", "take_uint8", "type_name", "write"]

_FILE_IDENTIFIER = b"TFL3"


def read(content: bytes):
    """The file as the schema's object tree (``ModelT``)."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(bytearray(content), 0))
    for buffer in model.buffers:
        if buffer.offset > 1:  # The quantizer appends weights behind the flatbuffer; bring them inside.
            stored = content[buffer.offset : buffer.offset + buffer.size]
            buffer.data = np.frombuffer(stored, np.uint8)
            buffer.offset = buffer.size = 0
    return model


class _SharingBuilder(flatbuffers.Builder):
    """Writes equal vectors once: a filter's zero points, eight bytes a channel, are the zeros of all others.

    Tables refer to vectors by offset, so that every reader of the format reads a shared one.
    """

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: np.ndarray) -> int:
        key = x.dtype.str, x.tobytes()
        if key not in self._written:
            self._written[key] = super().CreateNumpyVector(x)
        return self._written[key]


def write(model) -> bytes:
    """The object tree as a file, equal vectors once."""
    builder = _SharingBuilder(1024 * 1024)
    builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
    return bytes(builder.Output())


def take_uint8(model) -> None:
    """Let a float input that QUANTIZE makes int8 accept uint8: the same operation then shifts by 128.

    The input's scale 1/128 and zero point 127 *are* the normalisation: pixels go in as they come.
    """
    from ai_edge_litert import schema_py_generated as schema

    graph = model.subgraphs[0]
    entry = int(graph.inputs[0])
    (quantize,) = (operator for operator in graph.operators if entry in operator.inputs)
    inner = graph.tensors[int(quantize.outputs[0])].quantization
    tensor = graph.tensors[entry]
    tensor.type = schema.TensorType.UINT8
    tensor.quantization = schema.QuantizationParametersT(scale=inner.scale, zeroPoint=inner.zeroPoint + 128)


def operation_name(model, operator) -> str:
    """The schema's name of an operator's built-in code, such as ``CONV_2D``."""
    from ai_edge_litert.tools.flatbuffer_utils import opcode_to_name

    return opcode_to_name(model, operator.opcodeIndex)


def type_name(tensor) -> str:
    """The schema's name of the type of a tensor's numbers, such as ``int8``."""
    from ai_edge_litert.tools.flatbuffer_utils import type_to_name

    return type_to_name(tensor.type).lower()


def float_operations(model) -> dict[str, int]:
    """Built-in name → count of the operations whose result is float."""
    graph = model.subgraphs[0]
    return dict(
        Counter(
            operation_name(model, operator)
            for operator in graph.operators
            if type_name(graph.tensors[int(operator.outputs[0])]) == "float32"
        )
    )


def finish(model, outputs: Sequence[str], description: str) -> None:
    """Name input and outputs, and shorten the other tensors' names, which take 3 % of a file."""
    graph = model.subgraphs[0]
    for index, tensor in enumerate(graph.tensors):
        tensor.name = f"{_short((tensor.name or b'').decode())}:{index}".encode()
    graph.tensors[int(graph.inputs[0])].name = b"image"
    for index, name in zip(graph.outputs, outputs, strict=True):
        graph.tensors[int(index)].name = name.encode()
    for signature in model.signatureDefs or []:
        signature.inputs[0].name = b"image"
        by_index = {int(i): name for i, name in zip(graph.outputs, outputs, strict=True)}
        for entry in signature.outputs:
            entry.name = by_index[int(entry.tensorIndex)].encode()
    model.description = description.encode()


def _short(name: str) -> str:
    """``pkg.Core/pkg.Net_network/pkg.MBConv_3/…Conv2d__expand_conv;…`` to ``network.3._expand_conv``."""
    parts = []
    for part in name.split(";")[0].split("/"):
        found = re.search(r"[A-Za-z0-9]_(_?[A-Za-z0-9]\w*)$", part.rsplit(".", 1)[-1])
        if found:
            parts.append(found.group(1))
    return ".".join(parts) or name.split("/")[-1][:40]
