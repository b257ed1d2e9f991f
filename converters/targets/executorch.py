"""ExecuTorch ``.pte``: XNNPACK by default, other phone delegates ahead of time by ``--backend``."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from converters.deploy import Deployed, lift_dead_filters
from converters.pte.backends import BACKENDS, partitioner
from converters.quiet import quiet, swallow
from converters.targets import Job, Runner, need

__all__ = ["TARGET", "ExecutorchTarget"]

_DEFAULT = next(iter(BACKENDS))
# What the lowering report counts but no operation computes.
_NOT_OPERATIONS = ("getitem", "Total")


class ExecutorchTarget:
    """``.pte`` for ExecuTorch on Android and iOS."""

    name = "executorch"
    suffix = ".pte"
    precisions = {  # noqa: RUF012 - read only
        "int8": "PT2E int8, weights per channel, ReLU6 fused; normalisation and L2 float",
        "none": "float; half precision inside the coreml and vulkan delegates",
    }
    backends = {name: backend.precisions for name, backend in BACKENDS.items()}  # noqa: RUF012 - read only
    calibrated = frozenset({"int8"})
    native = True

    def require(self, backend: str = "") -> None:
        """See `converters.targets.Target.require`."""
        need("executorch.exir", self.name)
        with swallow():
            partitioner(backend or _DEFAULT)

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """Write ``path``.

        Returns:
            the operations that stayed outside the delegate, from ExecuTorch's own report.

        Raises:
            ToolchainMissing: executorch, or the backend's toolchain, is not installed.
            ConversionError: the toolchain failed.
        """
        self.require(job.backend)
        backend = job.backend or _DEFAULT
        with swallow():
            delegate = partitioner(backend)
        with quiet(f"executorch lowering of the {job.network.kind} for {backend}"):
            program = _lower(job, delegate)
            outside = _outside(program)
            path.write_bytes(program.to_executorch().buffer)
        return outside

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner | None:
        """Run the file with ``executorch.runtime``; None for delegates that only phones have."""
        if not BACKENDS[backend or _DEFAULT].runs_here:
            return None
        need("executorch.runtime", self.name)
        with quiet(f"loading {path.name}"):
            from executorch.runtime import Runtime

            program = Runtime.get().load_program(path.read_bytes())
            method = program.load_method("forward")

        def run(image: np.ndarray, keep: Any = program) -> list[np.ndarray]:
            return [tensor.numpy().copy() for tensor in method.execute([torch.from_numpy(image)])]

        return run


def _lower(job: Job, delegate: Any) -> Any:
    from executorch.exir import to_edge_transform_and_lower

    example = (torch.zeros(job.network.input_shape, dtype=torch.uint8),)
    cast_first = not BACKENDS[job.backend or _DEFAULT].takes_uint8
    module: torch.nn.Module = Deployed(job.network.core, cast_first).eval()
    if job.precision == "int8":
        from converters.pte.quantize import quantize

        core = copy.deepcopy(job.network.core)
        lift_dead_filters(core)
        inputs = [torch.from_numpy(image)[None] for image in job.calibration]
        own = BACKENDS[job.backend or _DEFAULT].quantizer
        module = quantize(Deployed(core).eval(), inputs, own() if own else None)
    return to_edge_transform_and_lower(torch.export.export(module, example), partitioner=[delegate])


def _outside(program: Any) -> dict[str, int]:
    from executorch.devtools.backend_debug import get_delegation_info

    info = get_delegation_info(program.exported_program().graph_module)
    counts = {b.op_type: b.non_delegated for b in info.delegation_by_operator.values()}
    return {name: count for name, count in sorted(counts.items()) if count and name not in _NOT_OPERATIONS}


TARGET = ExecutorchTarget()
