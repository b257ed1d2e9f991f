"""What a ``.pte`` file holds: its kernels, its delegates and their sizes.

A delegate's inside is its own format; its operations count as one layer each.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converters.inspection.report import Inspection, Layer
from converters.quiet import quiet
from converters.targets import need

__all__ = ["inspect"]


def inspect(path: Path) -> Inspection:
    """Look into ``path``.

    Raises:
        ToolchainMissing: executorch is not installed.
    """
    need("executorch.exir", "executorch")
    content = path.read_bytes()
    with quiet(f"reading {path.name}"):
        from executorch.exir._serialize._program import deserialize_pte_binary

        program = deserialize_pte_binary(content).program
    plan = program.execution_plan[0]
    layers = [_layer(plan, program, instruction.instr_args) for instruction in plan.chains[0].instructions]
    inputs = [_describe(plan.values[index].val) for index in plan.inputs]
    outputs = [_describe(plan.values[index].val) for index in plan.outputs]
    return Inspection(path, "executorch", len(content), inputs, outputs, [x for x in layers if x is not None])


def _describe(value: Any) -> str:
    return f"{value.scalar_type.name.lower()} {'x'.join(str(side) for side in value.sizes)}"


def _layer(plan: Any, program: Any, call: Any) -> Layer | None:
    if hasattr(call, "delegate_index"):
        delegate = plan.delegates[call.delegate_index]
        data = program.backend_delegate_data[delegate.processed.index].data
        return Layer(f"delegate {call.delegate_index}", delegate.id, weight_bytes=len(data))
    if hasattr(call, "op_index"):
        operator = plan.operators[call.op_index]
        return Layer(f"kernel {call.op_index}", f"{operator.name}.{operator.overload}".rstrip("."))
    return None
