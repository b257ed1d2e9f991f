"""The description of a model file as text."""

from __future__ import annotations

from collections.abc import Sequence

from converters.inspection.model_file import Layer, ModelFile, joined

__all__ = ["render"]

_BAR = 40


def render(found: ModelFile, every_layer: bool = False) -> str:
    """The description as text: totals, operations, the graph's shape, and the layers.

    Args:
        every_layer: list all layers instead of the ten with the most weights.
    """
    weights = sum(layer.weight_bytes for layer in found.layers)
    lines = [f"{found.path}: {found.format}, {found.bytes:,} bytes, of them {weights:,} weights"]
    lines += [f"  in   {each}" for each in found.inputs] + [f"  out  {each}" for each in found.outputs]
    if found.multiply_adds:
        lines.append(f"  {found.multiply_adds / 1e6:.0f} million multiply-adds, estimated")
    if found.types:
        lines.append(f"  results: {found.types}")
    lines.append("  operations: " + ", ".join(f"{n} {name}" for name, n in found.operations.items()))
    lines += [f"  {note}" for note in found.notes]
    return "\n".join([*lines, *_picture(found.layers), *_table(found.layers, every_layer)])


def _picture(layers: Sequence[Layer]) -> list[str]:
    """The graph's shape: one line a resolution, as wide as its share of the multiply-adds."""
    rows: list[tuple[int, list[Layer]]] = []
    for layer in layers:
        if not layer.multiply_adds:
            continue
        if not rows or rows[-1][0] != layer.side:
            rows.append((layer.side, []))
        rows[-1][1].append(layer)
    most = max((sum(each.multiply_adds for each in row) for _, row in rows), default=0)
    lines = ["", "  height  layers  million multiply-adds"] if rows else []
    for side, row in rows:
        cost = sum(layer.multiply_adds for layer in row)
        bar = "█" * max(1, round(_BAR * cost / most))
        lines.append(f"  {side:6d}  {len(row):6d}  {cost / 1e6:7.1f} {bar}")
    return lines


def _table(layers: Sequence[Layer], every_layer: bool) -> list[str]:
    chosen = [layer for layer in layers if every_layer or layer.weight_bytes]
    if not every_layer:
        chosen = sorted(chosen, key=lambda layer: -layer.weight_bytes)[:10]
    lines = (
        ["", f"  {'weight bytes':>12}  {'mult-adds':>11}  {'type':8} {'shape':18} layer"] if chosen else []
    )
    for layer in chosen:
        lines.append(
            f"  {layer.weight_bytes:12,}  {layer.multiply_adds:11,}  {layer.type:8} {joined(layer.shape):18} "
            f"{layer.operation} {layer.name}"
        )
    return lines
