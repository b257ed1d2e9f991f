"""Core AI ``.aimodel`` (OS 27), Apple's successor of Core ML, by coreai-torch and coreai-opt.

Its runtime comes with the package and runs on Linux as well: slowly, as an interpreter, but the very program.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from converters.inspection.model_file import ModelFile
from converters.networks import Network
from converters.target import Job, Runner, Target
from converters.toolchains import need, quiet

__all__ = ["TARGET", "CoreaiTarget"]


class CoreaiTarget(Target):
    """``.aimodel`` for iOS 27 and macOS 27."""

    name = "coreai"
    suffix = ".aimodel"
    toolchain = ("coreai_torch", "coreai_opt")
    precisions = {  # noqa: RUF012 - read only
        # Not int8: `models/universal` misses the gate in it (docs/conversion.md).
        "fp16": "half precision; L2 and outputs float",
        "int8": "int8 weights per channel and activations (W8A8), calibrated; the rest half precision",
        "none": "float",
        "w8": "half precision with int8 weights per channel",
    }
    native = False

    def require(self, backend: str = "") -> None:
        """See `Target.require`; an extra of its own, since few systems have wheels of its packages."""
        for module in self.toolchain:
            need(module, self.name, "coreai")

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """See `Target.convert`; counts nothing: which unit runs an operation is decided on the phone."""
        self.require()
        with quiet(f"coreai conversion of the {job.network.kind}"):
            _program(job).save_asset(path, metadata=_metadata(job.network, job.precision))
        return {}

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner:
        """See `Target.load`."""
        self.require()
        from converters.aimodel.run import AimodelRunner

        return AimodelRunner(path, outputs)

    def _read(self, path: Path) -> ModelFile:
        self.require()
        from converters.inspection import coreai

        return coreai.inspect(path)


def _program(job: Job) -> Any:
    import torch
    from coreai_opt.casting import cast_fp32_to_fp16
    from coreai_torch import TorchConverter, get_decomp_table

    from converters.deploy import Contiguous, FloatOutputs

    example = (torch.zeros(job.network.input_shape, dtype=torch.uint8),)
    module: torch.nn.Module = Contiguous(job.network.core).eval()
    if job.precision in ("int8", "w8"):
        module = _quantized(job)
    program = torch.export.export(module, example).run_decompositions(get_decomp_table())
    if job.precision != "none":
        half = cast_fp32_to_fp16(program, ignored_ops=_in_unit_length).module(check_guards=False)
        program = torch.export.export(FloatOutputs(half), example).run_decompositions(get_decomp_table())
    # The default mode writes each operation's stack trace, with this machine's paths, into the file.
    converter = TorchConverter(mode=TorchConverter.Mode.RELEASE)
    outputs = list(job.network.outputs)
    return converter.add_exported_program(program, input_names=["image"], output_names=outputs).to_coreai()


def _quantized(job: Job) -> Any:
    import torch

    from converters.aimodel.quantize import quantize
    from converters.deploy import Contiguous

    activations = job.precision == "int8"
    images = job.calibration if activations else [np.zeros(job.network.input_shape[1:], np.uint8)]
    inputs = [torch.from_numpy(image)[None] for image in images]
    return quantize(Contiguous(job.network.quantizable).eval(), inputs, activations)


def _in_unit_length(node: Any) -> bool:
    """Whether it belongs to L2, whose sum of squares may leave half precision's range."""
    modules = (node.meta.get("nn_module_stack") or {}).values()
    return any("unit" in name for name, _ in modules)


def _metadata(network: Network, precision: str) -> Any:
    from coreai.runtime import AIModelAssetMetadata

    metadata = AIModelAssetMetadata()
    metadata.author = "Pocketshelf"
    metadata.license = "Apache-2.0"
    metadata.model_description = f"Pocketshelf {network.kind}, {precision}"
    metadata.set_custom("preprocessing_hash", network.preprocessing.hash)
    for name, labels in network.labels.items():
        metadata.set_custom(f"labels.{name}", [*labels])
    return metadata


TARGET = CoreaiTarget()
