"""Core ML ``.mlpackage`` (ML Program, iOS 17): image input, normalisation in the input's description.

Core ML runs on Apple's systems only. On Linux the saved program is evaluated by
`converters.mil.interpreter`; on macOS the gate runs the real model.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from converters.inspection.model_file import ModelFile
from converters.networks import Network
from converters.target import Job, Runner, Target
from converters.toolchains import quiet

__all__ = ["TARGET", "CoremlTarget"]


class CoremlTarget(Target):
    """``.mlpackage`` for iOS 17 and macOS 14."""

    name = "coreml"
    suffix = ".mlpackage"
    toolchain = ("coremltools",)
    precisions = {  # noqa: RUF012 - read only
        "w8": "half precision with int8 weights per channel",
        "none": "float",
        "fp16": "half precision",
        "int8": "int8 weights and activations (W8A8), calibrated; pooling and L2 half precision",
        "p6": "half precision with weights from palettes of 64, depthwise layers left out",
        "p4": "the same with palettes of 16; needs training for them",
    }
    native = platform.system() == "Darwin"

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """See `Target.convert`; counts nothing: which unit runs an operation is decided on the phone."""
        self.require()
        with quiet(f"coreml conversion of the {job.network.kind}"):
            model = _convert(job)
            _describe(model, job.network, job.precision)
            model.save(str(path))
        return {}

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner:
        """See `Target.load`; Core ML itself on macOS, the interpreter elsewhere."""
        self.require()
        from converters.mil.interpreter import MilProgram

        with quiet(f"reading {path.name}"):
            evaluate = _core_ml(path) if self.native else MilProgram(path)

        def run(image: np.ndarray) -> list[np.ndarray]:
            results = evaluate(image)
            return [results[name] for name in outputs]

        return run

    def _read(self, path: Path) -> ModelFile:
        self.require()
        from converters.inspection import coreml

        return coreml.inspect(path)


def _convert(job: Job) -> Any:
    import coremltools as ct
    import torch

    half = ct.precision.FLOAT32 if job.precision == "none" else ct.precision.FLOAT16
    height, width = job.network.preprocessing.size
    mean, deviation = job.network.normalisation
    image = ct.ImageType(
        name="image",
        shape=(1, 3, height, width),
        scale=1 / deviation,
        bias=[-mean / deviation] * 3,
        color_layout=ct.colorlayout.RGB,
    )
    if job.precision == "int8":
        program = _quantized(job)
    else:
        program = torch.jit.trace(job.network.core, torch.zeros(1, 3, height, width), check_trace=False)
    model = ct.convert(
        program,
        inputs=[image],
        outputs=[ct.TensorType(name=name, dtype=np.float32) for name in job.network.outputs],
        convert_to="mlprogram",
        minimum_deployment_target=ct.target.iOS17,
        compute_precision=half,
        skip_model_load=True,
    )
    return _compress(model, job.precision)


def _quantized(job: Job) -> Any:
    import torch

    from converters.deploy import Inner, normalised
    from converters.pte.quantize import quantize

    # Core ML takes no channels_last example, which a permuted picture is.
    inputs = [normalised(torch.from_numpy(image)[None]).contiguous() for image in job.calibration]
    module = quantize(Inner(job.network.quantizable).eval(), inputs)
    return torch.export.export(module, (inputs[0],)).run_decompositions({})


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


def _core_ml(path: Path) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
    import coremltools as ct

    model = ct.models.MLModel(str(path))
    return lambda image: model.predict({"image": Image.fromarray(image[0])})


TARGET = CoremlTarget()
