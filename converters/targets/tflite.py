"""TFLite through litert-torch and ai-edge-quantizer, run by LiteRT. Only built-in operations."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from converters.deploy import ChannelsLast, lift_dead_filters
from converters.networks import Network
from converters.quiet import quiet
from converters.targets import Job, Runner, need
from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

__all__ = ["TARGET", "TfliteTarget"]


class TfliteTarget:
    """``.tflite`` for LiteRT on Android, iOS and Linux."""

    name = "tflite"
    suffix = ".tflite"
    precisions = {  # noqa: RUF012 - read only
        "int8": "int8 weights per channel and activations, calibrated on photos; L2 and outputs float",
        "none": "float",
        "fp16": "half-precision weights, float arithmetic",
        "dynamic": "int8 weights, activations quantized while it runs",
    }
    backends: Mapping[str, Sequence[str]] = {}
    calibrated = frozenset({"int8"})
    native = True

    def require(self, backend: str = "") -> None:
        """See `converters.targets.Target.require`."""
        need("litert_torch", self.name)
        need("ai_edge_quantizer", self.name)

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """Write ``path``.

        Returns:
            the float operations of an integer file; none for the other precisions.

        Raises:
            ToolchainMissing: litert-torch or ai-edge-quantizer is not installed.
            ConversionError: the toolchain failed.
        """
        self.require()
        from converters.tflite import flatbuffer, metadata

        with quiet(f"tflite conversion of the {job.network.kind}"):
            content = self._quantized(job) if job.precision != "none" else _float_file(job.network, False)
            model = flatbuffer.read(content)
            flatbuffer.take_uint8(model)
            flatbuffer.finish(model, job.network.outputs, f"pocketshelf {job.network.kind}")

            metadata.attach(model, job.network)
            path.write_bytes(metadata.with_files(flatbuffer.write(model), job.network))
        return flatbuffer.float_operations(model) if job.precision == "int8" else {}

    def _quantized(self, job: Job) -> bytes:
        from converters.tflite import quantize

        static = job.precision == "int8"
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "float.tflite"
            file.write_bytes(_float_file(job.network, normalised_input=static))
            if job.precision == "dynamic":
                return quantize.quantize_dynamic(file)
            if job.precision == "fp16":
                return quantize.quantize_half(file)
            return quantize.quantize_static(file, [_normalised(image) for image in job.calibration])

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner:
        """Run the file with LiteRT, one thread."""
        need("ai_edge_litert.interpreter", self.name)
        from ai_edge_litert.interpreter import Interpreter

        with quiet(f"loading {path.name}"):
            interpreter = Interpreter(str(path), num_threads=1)
            interpreter.allocate_tensors()
        entry = interpreter.get_input_details()[0]["index"]
        results = [detail["index"] for detail in interpreter.get_output_details()]

        def run(image: np.ndarray) -> list[np.ndarray]:
            interpreter.set_tensor(entry, image)
            interpreter.invoke()
            return [interpreter.get_tensor(index) for index in results]

        return run


def _normalised(image: np.ndarray) -> np.ndarray:
    return ((image.astype(np.float32) - IMAGENET_MEAN) / IMAGENET_STD)[None]


def _float_file(network: Network, normalised_input: bool) -> bytes:
    """The network as a float TFLite file that takes uint8, or normalised float, (1, h, w, 3)."""
    import copy

    import litert_torch
    import torch

    if normalised_input:
        core = copy.deepcopy(network.core)
        lift_dead_filters(core)
        module: torch.nn.Module = ChannelsLast(core).eval()
        example = torch.zeros(network.input_shape)
    else:
        module, example = network.deployed, torch.zeros(network.input_shape, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        litert_torch.convert(module, (example,)).export(str(path))
        return path.read_bytes()


TARGET = TfliteTarget()
