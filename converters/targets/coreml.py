"""Core ML ``.mlpackage`` (ML Program, iOS 17): image input, normalisation in the input's description.

Core ML runs on Apple's systems only. On Linux the saved program is evaluated by
`converters.mil.interpreter`; on macOS the gate runs the real model.
"""

from __future__ import annotations

import copy
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from converters.deploy import Core, lift_dead_filters, normalised
from converters.networks import Network
from converters.quiet import quiet
from converters.targets import Job, Runner, need
from pocketshelf_training.models.efficientnet_lite import IMAGENET_MEAN, IMAGENET_STD

__all__ = ["TARGET", "CoremlTarget"]


class CoremlTarget:
    """``.mlpackage`` for iOS 17 and macOS 14."""

    name = "coreml"
    suffix = ".mlpackage"
    precisions = {  # noqa: RUF012 - read only
        "w8": "half precision with int8 weights per channel",
        "none": "float",
        "fp16": "half precision",
        "int8": "int8 weights and activations (W8A8), calibrated; pooling and L2 half precision",
        "p6": "half precision with weights from palettes of 64, depthwise layers left out",
        "p4": "the same with palettes of 16; needs training for them",
    }
    backends: Mapping[str, Sequence[str]] = {}
    calibrated = frozenset({"int8"})
    native = platform.system() == "Darwin"

    def require(self, backend: str = "") -> None:
        """See `converters.targets.Target.require`."""
        need("coremltools", self.name)

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """Write ``path``.

        Returns:
            nothing: which unit runs an operation is decided on the phone, and no tool on Linux reports it.

        Raises:
            ToolchainMissing: coremltools is not installed.
            ConversionError: the toolchain failed.
        """
        self.require()
        with quiet(f"coreml conversion of the {job.network.kind}"):
            model = _convert(job)
            _describe(model, job.network, job.precision)
            model.save(str(path))
        return {}

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner:
        """Core ML itself on macOS, the interpreter elsewhere."""
        need("coremltools", self.name)
        if platform.system() == "Darwin":
            return _predictor(path, outputs)
        from converters.mil.interpreter import MilProgram

        with quiet(f"reading {path.name}"):
            program = MilProgram(path)
        order = [program.outputs.index(name) for name in outputs]

        def run(image: np.ndarray) -> list[np.ndarray]:
            results = program(image)
            return [results[index] for index in order]

        return run


def _convert(job: Job) -> Any:
    import coremltools as ct

    half = ct.precision.FLOAT32 if job.precision == "none" else ct.precision.FLOAT16
    height, width = job.network.preprocessing.size
    image = ct.ImageType(
        name="image",
        shape=(1, 3, height, width),
        scale=1 / IMAGENET_STD,
        bias=[-IMAGENET_MEAN / IMAGENET_STD] * 3,
        color_layout=ct.colorlayout.RGB,
    )
    example = torch.zeros(1, 3, height, width)
    model = ct.convert(
        _quantized(job)
        if job.precision == "int8"
        else torch.jit.trace(job.network.core, example, check_trace=False),
        inputs=[image],
        outputs=[ct.TensorType(name=name, dtype=np.float32) for name in job.network.outputs],
        convert_to="mlprogram",
        minimum_deployment_target=ct.target.iOS17,
        compute_precision=half,
        skip_model_load=True,
    )
    return _compress(model, job.precision)


def _quantized(job: Job) -> torch.export.ExportedProgram:
    from converters.pte.quantize import quantize

    core = copy.deepcopy(job.network.core)
    lift_dead_filters(core)
    # Core ML takes no channels_last example, which a permuted picture is.
    inputs = [normalised(torch.from_numpy(image)[None]).contiguous() for image in job.calibration]
    module = quantize(_Named(core).eval(), inputs)
    return torch.export.export(module, (inputs[0],)).run_decompositions({})


class _Named(torch.nn.Module):
    """Gives the network the module name "core", by which the quantizer knows it."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self.core = core

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.core(x)


def _compress(model: Any, precision: str) -> Any:
    import coremltools.optimize.coreml as cto

    if precision == "w8":
        config = cto.OpLinearQuantizerConfig(mode="linear_symmetric", granularity="per_channel")
        return cto.linear_quantize_weights(model, cto.OptimizationConfig(global_config=config))
    if precision in ("p6", "p4"):
        config = cto.OpPalettizerConfig(nbits=int(precision[1]), mode="kmeans")
        depthwise = dict.fromkeys(_depthwise_weights(model))
        return cto.palettize_weights(
            model, cto.OptimizationConfig(global_config=config, op_name_configs=depthwise)
        )
    return model


def _depthwise_weights(model: Any) -> list[str]:
    """Names of the constants that are depthwise filters, which have one input channel each.

    With nine or 25 weights a channel, palettes cost accuracy there and save next to nothing.
    """
    program = model._mil_program
    names = []
    for op in program.functions["main"].find_ops(op_type="conv"):
        weight = op.inputs["weight"]
        if weight.shape[1] == 1:
            names.append(weight.op.name)
    return names


def _describe(model: Any, network: Network, precision: str) -> None:
    """Metadata as Core ML's own fields and, for labels, as user-defined ones."""
    import json

    model.author = "Pocketshelf"
    model.license = "Apache-2.0"
    model.version = "1"
    model.short_description = f"Pocketshelf {network.kind}, {precision}"
    model.input_description["image"] = "RGB, resized as the bundle's preprocessing says"
    for name in network.outputs:
        labels = network.labels.get(name)
        model.output_description[name] = f"{len(labels)} columns: {', '.join(labels)}" if labels else name
    metadata = model.user_defined_metadata
    metadata["preprocessing_hash"] = network.preprocessing.hash
    for name, labels in network.labels.items():
        metadata[f"labels.{name}"] = json.dumps(labels, ensure_ascii=False)
    metadata["classes"] = ",".join(next(iter(network.labels.values()), []))


def _predictor(path: Path, outputs: Sequence[str]) -> Runner:
    import coremltools as ct
    from PIL import Image

    model = ct.models.MLModel(str(path))

    def run(image: np.ndarray) -> list[np.ndarray]:
        results = model.predict({"image": Image.fromarray(image[0])})
        return [results[name] for name in outputs]

    return run


TARGET = CoremlTarget()
