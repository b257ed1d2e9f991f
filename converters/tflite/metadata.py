"""TFLite metadata as the Task Library reads it (metadata_schema.fbs 1.1.0, file identifier M001).

Written without tflite-support, whose protobuf < 4 excludes today's converters. The metadata are a
flatbuffer inside the model's; associated files (labels, score calibration) are a ZIP archive behind it, which
makes the file a model and an archive at once.
"""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass

import numpy as np

from converters.networks import Network
from converters.tflite.tables import Reader, Table, serialize
from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

__all__ = ["Metadata", "attach", "read_metadata", "with_files"]

BUFFER_NAME = b"TFLITE_METADATA"
_IDENTIFIER = b"M001"
_PARSER_VERSION = "1.0.0"
# Enumerators of the schema.
_AXIS_LABELS, _SCORE_CALIBRATION = np.int8(2), np.int8(4)
_FEATURE, _IMAGE = np.uint8(1), np.uint8(2)
_NORMALIZATION, _CALIBRATION_OPTIONS, _THRESHOLD_OPTIONS = np.uint8(1), np.uint8(2), np.uint8(3)
_RGB = np.int8(1)
# Archives carry times; a fixed one keeps the same export the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Metadata:
    """What a file says of itself.

    Attributes:
        inputs, outputs: tensor names.
        mean, std: of the input's normalisation.
        files: associated file → its text.
        threshold: below which scores mean nothing; None if not said.
    """

    name: str
    description: str
    license: str
    version: str
    inputs: list[str]
    outputs: list[str]
    mean: list[float]
    std: list[float]
    files: dict[str, str]
    threshold: float | None


def attach(model, network: Network) -> None:
    """Add the metadata of ``network`` to a model's object tree; see `with_files` for its files."""
    from ai_edge_litert import schema_py_generated as schema

    buffer = schema.BufferT()
    buffer.data = np.frombuffer(serialize(_model(network), _IDENTIFIER), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = BUFFER_NAME, len(model.buffers) - 1
    model.metadata = [m for m in model.metadata or [] if m.name != BUFFER_NAME] + [entry]


def with_files(content: bytes, network: Network) -> bytes:
    """``content`` with the archive of associated files behind it; stored, so that they can be mapped."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, text in _files(network).items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return stream.getvalue()


def _files(network: Network) -> dict[str, str]:
    files = {f"{output}.txt": "\n".join(labels) + "\n" for output, labels in network.labels.items()}
    if "categories" in network.labels:
        # scale, slope, offset of a sigmoid for each logit; the temperature is the slope.
        line = f"1,{1 / float(network.meta.get('temperature', 1.0)):.6g},0\n"
        files["categories_calibration.csv"] = line * len(network.labels["categories"])
    return files


def _model(network: Network) -> Table:
    graph: Table = {
        0: network.kind,
        2: [_input(network)],
        3: [_output(network, name) for name in network.outputs],
    }
    description = f"Pocketshelf {network.kind}; preprocessing {network.preprocessing.hash}"
    texts = {0: f"pocketshelf-{network.kind}", 1: description, 2: "1", 4: "Pocketshelf", 5: "Apache-2.0"}
    return {**texts, 3: [graph], 7: _PARSER_VERSION}


def _input(network: Network) -> Table:
    height, width = network.preprocessing.size
    size = {0: np.uint32(width), 1: np.uint32(height)}
    normalization = {0: np.full(3, IMAGENET_MEAN, np.float32), 1: np.full(3, IMAGENET_STD, np.float32)}
    statistics = {0: np.full(3, 255, np.float32), 1: np.zeros(3, np.float32)}
    return {
        0: "image",
        1: "uint8 RGB; the normalisation is inside the model, given here for the Task Library",
        3: {0: _IMAGE, 1: {0: _RGB, 1: size}},
        4: [{0: _NORMALIZATION, 1: normalization}],
        5: statistics,
    }


def _output(network: Network, name: str) -> Table:
    labels = network.labels.get(name)
    description = {
        "embedding": "vector of unit length; cosine similarity compares two",
        "categories": "logits",
        "scores": "one row a grid point, one column a group, 0 to 1",
        "distances": "left, top, right, bottom from the grid point in strides of its level",
    }.get(name, "logits of an attribute" if labels else name)
    table: Table = {0: name, 1: description, 3: {0: _FEATURE, 1: {}}}
    if labels:
        table[6] = [{0: f"{name}.txt", 1: "one label a column", 2: _AXIS_LABELS}]
    if name == "categories":
        table[4] = [{0: _CALIBRATION_OPTIONS, 1: {}}]
        table[6].append({0: "categories_calibration.csv", 1: "sigmoid a column", 2: _SCORE_CALIBRATION})
    if name == "scores":
        threshold = np.float32(network.meta.get("score_threshold", 0.3))
        table[4] = [{0: _THRESHOLD_OPTIONS, 1: {0: threshold}}]
    return table


def read_metadata(content: bytes) -> Metadata | None:
    """The metadata in a TFLite file; None if it has none."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(bytearray(content), 0)
    entries = [model.Metadata(i) for i in range(model.MetadataLength())]
    buffers = [entry.Buffer() for entry in entries if entry.Name() == BUFFER_NAME]
    if not buffers:
        return None
    root = Reader(bytes(model.Buffers(buffers[0]).DataAsNumpy()))
    graph = root.tables(3)[0]
    (image,) = graph.tables(2)
    normalization = image.tables(4)[0].table(1)
    assert normalization is not None
    return Metadata(
        name=root.text(0) or "",
        description=root.text(1) or "",
        version=root.text(2) or "",
        license=root.text(5) or "",
        inputs=[image.text(0) or ""],
        outputs=[tensor.text(0) or "" for tensor in graph.tables(3)],
        mean=normalization.array(0, np.float32).tolist(),
        std=normalization.array(1, np.float32).tolist(),
        files=_read_files(content),
        threshold=_threshold(graph.tables(3)),
    )


def _read_files(content: bytes) -> dict[str, str]:
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def _threshold(outputs: list[Reader]) -> float | None:
    for tensor in outputs:
        for unit in tensor.tables(4):
            options = unit.table(1)
            if unit.scalar(0, np.uint8) == _THRESHOLD_OPTIONS and options is not None:
                return round(options.scalar(0, np.float32), 6)
    return None
