"""TFLite through litert-torch and ai-edge-quantizer, run by LiteRT. Only built-in operations."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from converters.inspection.model_file import ModelFile
from converters.networks import Network
from converters.target import Job, Target
from converters.toolchains import quiet

__all__ = ["TARGET", "TfliteTarget"]


class TfliteTarget(Target):
    """``.tflite`` for LiteRT on Android, iOS and Linux."""

    name = "tflite"
    suffix = ".tflite"
    toolchain = ("litert_torch", "ai_edge_quantizer")
    precisions = {  # noqa: RUF012 - read only
        "int8": "int8 weights per channel and activations, calibrated on photos; L2 and outputs float",
        "none": "float",
        "fp16": "half-precision weights, float arithmetic",
        "dynamic": "int8 weights, activations quantized while it runs",
    }

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """See `Target.convert`; counts the float operations of an integer file, none for other precisions."""
        self.require()
        from converters.tflite import flatbuffer, metadata

        with quiet(f"tflite conversion of the {job.network.kind}"):
            model = flatbuffer.read(_converted(job))
            if job.precision == "int8":
                flatbuffer.take_uint8(model)
            flatbuffer.finish(model, job.network.outputs, f"pocketshelf {job.network.kind}")
            metadata.attach(model, job.network)
            path.write_bytes(metadata.with_files(flatbuffer.write(model), job.network))
        return flatbuffer.float_operations(model) if job.precision == "int8" else {}

    def _read(self, path: Path) -> ModelFile:
        from converters.inspection import tflite

        return tflite.inspect(path)


def _converted(job: Job) -> bytes:
    from converters.tflite import quantize

    static = job.precision == "int8"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.tflite"
        _write_float(job.network, static, path)
        match job.precision:
            case "none":
                return path.read_bytes()
            case "dynamic":
                return quantize.quantize_dynamic(path)
            case "fp16":
                return quantize.quantize_half(path)
        return quantize.quantize_static(path, [_normalised(image, job.network) for image in job.calibration])


def _normalised(image: np.ndarray, network: Network) -> np.ndarray:
    mean, deviation = network.normalisation
    return ((image.astype(np.float32) - mean) / deviation)[None]


def _write_float(network: Network, normalised_input: bool, path: Path) -> None:
    """The network as a float TFLite file that takes uint8, or normalised float, (1, h, w, 3)."""
    import litert_torch
    import torch

    from converters.deploy import ChannelsLast

    if normalised_input:
        module: torch.nn.Module = ChannelsLast(network.quantizable).eval()
        example = torch.zeros(network.input_shape)
    else:
        module, example = network.deployed, torch.zeros(network.input_shape, dtype=torch.uint8)
    litert_torch.convert(module, (example,)).export(str(path))


TARGET = TfliteTarget()
