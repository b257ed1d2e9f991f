"""The delegates a ``.pte`` can be lowered for on this machine, and what the others want installed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from converters.errors import ToolchainMissing

__all__ = ["BACKENDS", "Backend", "partitioner"]

_ETHOS = "ethos-u85-256"


@dataclass(frozen=True)
class Backend:
    """One delegate.

    Attributes:
        build: makes its partitioner; raises ImportError where its toolchain is missing.
        wants: what to install then.
        runs_here: whether ``executorch.runtime`` on Linux executes it.
        precisions: those that make sense for it.
        quantizer: makes the delegate's own; None: XNNPACK's, as `converters.pte.quantize` corrects it.
        takes_uint8: whether pictures go into it as they are; else the cast stays outside.
    """

    build: Callable[[], Any]
    wants: str
    runs_here: bool = False
    precisions: tuple[str, ...] = ("none", "int8")
    quantizer: Callable[[], Any] | None = None
    takes_uint8: bool = True


def _xnnpack() -> Any:
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner

    return XnnpackPartitioner()


def _coreml() -> Any:
    import coremltools
    from executorch.backends.apple.coreml.compiler import CoreMLBackend
    from executorch.backends.apple.coreml.partition import CoreMLPartitioner

    specs = CoreMLBackend.generate_compile_specs(
        minimum_deployment_target=coremltools.target.iOS17, compute_precision=coremltools.precision.FLOAT16
    )
    # The partitioner claims the cast from uint8, which its compiler then refuses.
    cast = "dim_order_ops._to_dim_order_copy.default"
    return CoreMLPartitioner(compile_specs=specs, skip_ops_for_coreml_delegation=[cast])


def _vulkan() -> Any:
    from executorch.backends.vulkan.partitioner.vulkan_partitioner import VulkanPartitioner

    return VulkanPartitioner({"force_fp16": True})


def _arm() -> Any:
    importlib.import_module("tosa_serializer")
    importlib.import_module("ethosu.vela")
    from executorch.backends.arm.ethosu import EthosUCompileSpec, EthosUPartitioner

    return EthosUPartitioner(EthosUCompileSpec(_ETHOS))


def _arm_quantizer() -> Any:
    from executorch.backends.arm.ethosu import EthosUCompileSpec
    from executorch.backends.arm.quantizer import EthosUQuantizer, get_symmetric_quantization_config

    return EthosUQuantizer(EthosUCompileSpec(_ETHOS)).set_global(get_symmetric_quantization_config())


def _qualcomm() -> Any:
    importlib.import_module("executorch.backends.qualcomm.python.PyQnnManagerAdaptor")
    raise ImportError("lowering needs the Qualcomm AI Engine Direct SDK")


BACKENDS = {
    "xnnpack": Backend(_xnnpack, "pip install 'pocketshelf[export]'", runs_here=True),
    "coreml": Backend(_coreml, "pip install coremltools==9.0", precisions=("none",), takes_uint8=False),
    "vulkan": Backend(_vulkan, "pip install 'pocketshelf[export]'", precisions=("none",)),
    "arm": Backend(
        _arm, "pip install 'executorch[ethos-u]==1.5.1'", precisions=("int8",), quantizer=_arm_quantizer
    ),
    "qualcomm": Backend(
        _qualcomm,
        "install Qualcomm's AI Engine Direct SDK, set QNN_SDK_ROOT and build executorch with it",
        precisions=("int8",),
    ),
}


def partitioner(name: str) -> Any:
    """The partitioner of backend ``name``.

    Raises:
        ToolchainMissing: its toolchain is not installed; says what to install.
    """
    backend = BACKENDS[name]
    try:
        return backend.build()
    except Exception as error:  # a missing or a broken native library raises anything
        reason = " ".join(str(error).split())[:120]
        raise ToolchainMissing(
            f"executorch backend {name} is not available here: {backend.wants} ({reason})"
        ) from error
