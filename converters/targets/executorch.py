"""ExecuTorch ``.pte``: XNNPACK by default, other phone delegates ahead of time by ``--backend``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converters.inspection.model_file import ModelFile
from converters.pte.backends import BACKENDS, partitioner
from converters.target import Job, Runner, Target
from converters.toolchains import quiet, swallow

__all__ = ["TARGET", "ExecutorchTarget"]

_DEFAULT = next(iter(BACKENDS))
# What the lowering report counts but no operation computes.
_NOT_OPERATIONS = ("getitem", "Total")


class ExecutorchTarget(Target):
    """``.pte`` for ExecuTorch on Android and iOS."""

    name = "executorch"
    suffix = ".pte"
    toolchain = ("executorch.exir",)
    precisions = {  # noqa: RUF012 - read only
        "int8": "PT2E int8, weights per channel, ReLU6 fused; normalisation and L2 float",
        "none": "float; half precision inside the coreml and vulkan delegates",
    }
    backends = {name: backend.precisions for name, backend in BACKENDS.items()}  # noqa: RUF012 - read only

    def require(self, backend: str = "") -> None:
        """See `Target.require`."""
        super().require()
        _partitioner(backend)

    def convert(self, job: Job, path: Path) -> dict[str, int]:
        """See `Target.convert`; counts what stayed outside the delegate, from ExecuTorch's own report."""
        super().require()
        delegate = _partitioner(job.backend)
        with quiet(f"executorch lowering of the {job.network.kind} for {job.backend or _DEFAULT}"):
            program = _lower(job, delegate)
            outside = _outside(program)
            path.write_bytes(program.to_executorch().buffer)
        return outside

    def load(self, path: Path, outputs: Sequence[str], backend: str = "") -> Runner | None:
        """See `Target.load`; None for delegates that only phones have."""
        return super().load(path, outputs) if BACKENDS[backend or _DEFAULT].runs_here else None

    def _read(self, path: Path) -> ModelFile:
        super().require()
        from converters.inspection import executorch

        return executorch.inspect(path)


def _partitioner(backend: str) -> Any:
    with swallow():
        return partitioner(backend or _DEFAULT)


def _lower(job: Job, delegate: Any) -> Any:
    import torch
    from executorch.exir import to_edge_transform_and_lower

    from converters.deploy import Deployed
    from converters.pte.quantize import quantize

    example = (torch.zeros(job.network.input_shape, dtype=torch.uint8),)
    cast_first = not BACKENDS[job.backend or _DEFAULT].takes_uint8
    module: torch.nn.Module = Deployed(job.network.core, cast_first).eval()
    if job.precision == "int8":
        inputs = [torch.from_numpy(image)[None] for image in job.calibration]
        own = BACKENDS[job.backend or _DEFAULT].quantizer
        module = quantize(Deployed(job.network.quantizable).eval(), inputs, own() if own else None)
    return to_edge_transform_and_lower(torch.export.export(module, example), partitioner=[delegate])


def _outside(program: Any) -> dict[str, int]:
    from executorch.devtools.backend_debug import get_delegation_info

    info = get_delegation_info(program.exported_program().graph_module)
    counts = {b.op_type: b.non_delegated for b in info.delegation_by_operator.values()}
    return {name: count for name, count in sorted(counts.items()) if count and name not in _NOT_OPERATIONS}


TARGET = ExecutorchTarget()
