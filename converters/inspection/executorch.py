"""What a ``.pte`` file holds: its kernels, its delegates and, for XNNPACK, what is inside them.

The inside of other delegates is their own format; each counts as one layer.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converters.inspection import xnnpack
from converters.inspection.model_file import Layer, ModelFile, joined
from converters.toolchains import quiet

__all__ = ["inspect"]


def inspect(path: Path) -> ModelFile:
    """Look into ``path``."""
    content = path.read_bytes()
    with quiet(f"reading {path.name}"):
        from executorch.exir._serialize._program import deserialize_pte_binary

        program = deserialize_pte_binary(content).program
        plan = program.execution_plan[0]
        layers: list[Layer] = []
        notes: list[str] = []
        for call in (instruction.instr_args for instruction in plan.chains[0].instructions):
            if hasattr(call, "delegate_index"):
                inside, note = _delegate(plan, program, call)
                layers += inside
                notes.append(note)
            elif hasattr(call, "op_index"):
                layers.append(_kernel(plan, call))
    inputs = [_describe(plan.values[index].val) for index in plan.inputs]
    outputs = [_describe(plan.values[index].val) for index in plan.outputs]
    return ModelFile(path, "executorch", len(content), inputs, outputs, layers, notes)


def _describe(value: Any) -> str:
    return f"{value.scalar_type.name.lower()} {joined(value.sizes)}"


def _delegate(plan: Any, program: Any, call: Any) -> tuple[list[Layer], str]:
    delegate, name = plan.delegates[call.delegate_index], f"delegate {call.delegate_index}"
    payload = bytes(program.backend_delegate_data[delegate.processed.index].data)
    arguments = [_named(index) for index in call.args]
    inside = xnnpack.layers(payload, name, arguments)
    if inside is None:
        whole = Layer(arguments[-1], delegate.id, weight_bytes=len(payload), inputs=tuple(arguments[:-1]))
        return [whole], f"{name}: {delegate.id}, {len(payload):,} bytes"
    return inside, f"{name}: {delegate.id}, {len(inside)} operations"


def _kernel(plan: Any, call: Any) -> Layer:
    operator = plan.operators[call.op_index]
    *arguments, result = call.args  # The result comes last, once or twice.
    value = plan.values[result].val
    return Layer(
        name=_named(result),
        operation=f"{operator.name}.{operator.overload}".rstrip("."),
        shape=tuple(getattr(value, "sizes", ())),
        type=value.scalar_type.name.lower() if hasattr(value, "scalar_type") else "",
        inputs=tuple(_named(i) for i in arguments if i != result and hasattr(plan.values[i].val, "sizes")),
    )


def _named(index: int) -> str:
    return f"value {index}"
