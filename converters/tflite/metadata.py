"""TFLite metadata as the Task Library reads it (``metadata.fbs`` beside this file).

Written without tflite-support, whose protobuf < 4 excludes today's converters. The metadata are a
flatbuffer inside the model's; associated files (labels, score calibration) are a ZIP archive behind it, which
makes the file a model and an archive at once.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from converters import flatc

if TYPE_CHECKING:
    from converters.networks import Network

__all__ = ["associated_files", "attach", "read_metadata", "with_files"]

BUFFER_NAME = b"TFLITE_METADATA"
_PARSER_VERSION = "1.0.0"
# Archives carry times; a fixed one keeps the same export the same bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
_DESCRIPTIONS = {
    "embedding": "vector of unit length; cosine similarity compares two",
    "categories": "logits",
    "scores": "one row a grid point, one column a group, 0 to 1",
    "distances": "left, top, right, bottom from the grid point in strides of its level",
}


def attach(model, network: Network) -> None:
    """Add the metadata of ``network`` to a model's object tree; see `with_files` for its files."""
    from ai_edge_litert import schema_py_generated as schema

    content = np.frombuffer(flatc.encode(_schema(), _model(network)), np.uint8)
    entry = schema.MetadataT(name=BUFFER_NAME, buffer=len(model.buffers))
    model.buffers.append(schema.BufferT(data=content))
    model.metadata = [m for m in model.metadata or [] if m.name != BUFFER_NAME] + [entry]


def with_files(content: bytes, network: Network) -> bytes:
    """``content`` with the archive of associated files behind it; stored, so that they can be mapped."""
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_STORED) as archive:
        for name, text in _files(network).items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text)
    return stream.getvalue()


def _schema() -> bytes:
    return Path(__file__).with_name("metadata.fbs").read_bytes()


def _files(network: Network) -> dict[str, str]:
    files = {f"{output}.txt": "\n".join(labels) + "\n" for output, labels in network.labels.items()}
    if "categories" in network.labels:
        # scale, slope, offset of a sigmoid for each logit; the temperature is the slope.
        line = f"1,{1 / float(network.meta.get('temperature', 1.0)):.6g},0\n"
        files["categories_calibration.csv"] = line * len(network.labels["categories"])
    return files


def _model(network: Network) -> dict[str, Any]:
    graph = {
        "name": network.kind,
        "input_tensor_metadata": [_input(network)],
        "output_tensor_metadata": [_output(network, name) for name in network.outputs],
    }
    return {
        "name": f"pocketshelf-{network.kind}",
        "description": f"Pocketshelf {network.kind}; preprocessing {network.preprocessing.hash}",
        "version": "1",
        "subgraph_metadata": [graph],
        "author": "Pocketshelf",
        "license": "Apache-2.0",
        "min_parser_version": _PARSER_VERSION,
    }


def _input(network: Network) -> dict[str, Any]:
    height, width = network.preprocessing.size
    image = {"color_space": "RGB", "default_size": {"width": width, "height": height}}
    mean, deviation = network.normalisation
    normalisation = {"mean": [mean] * 3, "std": [deviation] * 3}
    return {
        "name": "image",
        "description": "uint8 RGB; the normalisation is inside the model, given here for the Task Library",
        "content": {"content_properties_type": "ImageProperties", "content_properties": image},
        "process_units": [_unit("NormalizationOptions", normalisation)],
        "stats": {"max": [255] * 3, "min": [0] * 3},
    }


def _output(network: Network, name: str) -> dict[str, Any]:
    labels = network.labels.get(name)
    units, files = [], []
    if labels:
        files.append(_file(f"{name}.txt", "one label a column", "TENSOR_AXIS_LABELS"))
    if name == "categories":
        units.append(_unit("ScoreCalibrationOptions", {}))
        files.append(_file("categories_calibration.csv", "sigmoid a column", "TENSOR_AXIS_SCORE_CALIBRATION"))
    if name == "scores":
        threshold = float(network.meta.get("score_threshold", 0.3))
        units.append(_unit("ScoreThresholdingOptions", {"global_score_threshold": threshold}))
    return {
        "name": name,
        "description": _DESCRIPTIONS.get(name, "logits of an attribute" if labels else name),
        "content": {"content_properties_type": "FeatureProperties", "content_properties": {}},
        **({"process_units": units} if units else {}),
        **({"associated_files": files} if files else {}),
    }


def _unit(kind: str, options: dict[str, Any]) -> dict[str, Any]:
    return {"options_type": kind, "options": options}


def _file(name: str, description: str, kind: str) -> dict[str, str]:
    return {"name": name, "description": description, "type": kind}


def read_metadata(content: bytes) -> dict[str, Any] | None:
    """The metadata in a TFLite file, called as in ``metadata.fbs``; None if it has none."""
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAsModel(bytearray(content), 0)
    entries = [model.Metadata(i) for i in range(model.MetadataLength())]
    buffers = [entry.Buffer() for entry in entries if entry.Name() == BUFFER_NAME]
    return flatc.decode(_schema(), bytes(model.Buffers(buffers[0]).DataAsNumpy())) if buffers else None


def associated_files(content: bytes) -> dict[str, str]:
    """File → its text, of the archive behind a TFLite file; empty if there is none."""
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
