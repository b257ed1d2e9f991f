"""One description for all targets' files, and its rendering as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from converters.errors import ConversionError, UsageError

__all__ = ["Inspection", "Layer", "inspect_file", "render"]

_BAR = 40


@dataclass(frozen=True)
class Layer:
    """One operation of a model file.

    Attributes:
        name: of its result.
        operation: in the format's own words.
        shape: of its result; NHWC in TFLite, NCHW in Core ML.
        type: of its result's numbers.
        weight_bytes: of the constants that belong to it alone.
        multiply_adds: estimated from shapes; 0 for what is no convolution or matrix product.
        inputs: names of the results that it reads; no constants.
    """

    name: str
    operation: str
    shape: tuple[int, ...] = ()
    type: str = ""
    weight_bytes: int = 0
    multiply_adds: int = 0
    inputs: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """Height of a feature map; 1 for vectors."""
        return sorted(self.shape[1:], reverse=True)[1] if len(self.shape) == 4 else 1


@dataclass(frozen=True)
class Inspection:
    """What is in a model file.

    Attributes:
        format: "tflite", "executorch" or "coreml".
        bytes: of the file, or of all files in the package.
        inputs, outputs: name, type and shape of each, as text.
        layers: in the order of execution.
        notes: metadata and anything else worth a line.
    """

    path: Path
    format: str
    bytes: int
    inputs: list[str]
    outputs: list[str]
    layers: list[Layer]
    notes: list[str] = field(default_factory=list)

    @property
    def multiply_adds(self) -> int:
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def operations(self) -> dict[str, int]:
        """Operation → how often, most frequent first."""
        return dict(Counter(layer.operation for layer in self.layers).most_common())


def inspect_file(path: Path) -> Inspection:
    """Look into ``path``.

    Raises:
        UsageError: an unknown kind of file; lists those known.
        ConversionError: it is missing or damaged.
    """
    from converters.inspection import coreml, executorch, tflite

    readers: dict[str, Callable[[Path], Inspection]] = {
        ".tflite": tflite.inspect,
        ".pte": executorch.inspect,
        ".mlpackage": coreml.inspect,
    }
    if path.suffix not in readers:
        raise UsageError(f"{path}: unknown kind of file; known are {', '.join(readers)} and bundle folders")
    if not path.exists():
        raise ConversionError(f"{path}: no such file")
    try:
        return readers[path.suffix](path)
    except (ConversionError, UsageError):
        raise
    except Exception as error:  # parsers raise anything on damaged files
        reason = " ".join(str(error).split())[:120]
        raise ConversionError(f"{path}: damaged, or not a {path.suffix} file ({reason})") from error


def render(found: Inspection, every_layer: bool = False) -> str:
    """The description as text: totals, operations, the graph's shape, and the layers.

    Args:
        every_layer: list all layers instead of the ten with the most weights.
    """
    weights = sum(layer.weight_bytes for layer in found.layers)
    lines = [f"{found.path}: {found.format}, {found.bytes:,} bytes, of them {weights:,} weights"]
    lines += [f"  in   {each}" for each in found.inputs] + [f"  out  {each}" for each in found.outputs]
    if found.multiply_adds:
        lines.append(f"  {found.multiply_adds / 1e6:.0f} million multiply-adds, estimated")
    types = Counter(layer.type for layer in found.layers if layer.type)
    if types:
        lines.append("  results: " + ", ".join(f"{count} {name}" for name, count in types.most_common()))
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
        shape = "x".join(map(str, layer.shape))
        lines.append(
            f"  {layer.weight_bytes:12,}  {layer.multiply_adds:11,}  {layer.type:8} {shape:18} "
            f"{layer.operation} {layer.name}"
        )
    return lines
