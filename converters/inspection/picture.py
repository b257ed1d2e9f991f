"""A picture of a graph's shape, as SVG.

One bar a layer, from left to right in the order of execution, as tall as its feature map (by powers of
two), coloured by what it does; an arc for every result that is read later than by the next layer. Below: the
multiply-adds and the weights of each layer.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from html import escape

from converters.inspection.model_file import Layer, ModelFile, joined

__all__ = ["draw"]

_STEP, _BAR, _LEFT, _RIGHT = 9, 7, 70, 24
_ARCS, _SHAPE, _CHART, _GAP = 90, 190, 80, 34
_NARROWEST = 1100  # The legend fits in.
# Kind → (what belongs to it, in the formats' own words; colour). The first that fits counts.
_KINDS = {
    "depthwise convolution": (r"depthwise", "#e69f00"),
    "convolution": (r"conv(?!ert)", "#0072b2"),
    "matrix product": (r"fully.?connected|linear|matmul", "#009e73"),
    "another delegate's inside": (r"backend|delegate", "#999933"),
    "to and from integers, casts": (r"quantize|convert|cast|to_dim_order", "#cc79a7"),
    "shape and memory": (
        r"reshape|transpose|permute|pad|concat|squeeze|expand|resize|upsample|strided|slice",
        "#999999",
    ),
    "element by element, pooling": (r"", "#56b4e9"),
}


def draw(found: ModelFile) -> str:
    """The picture of ``found``, an SVG document."""
    layers = found.layers
    width = max(_NARROWEST, _LEFT + _STEP * len(layers) + _RIGHT)
    floor = 60 + _ARCS + _SHAPE
    charts = [
        ("million multiply-adds", lambda layer: layer.multiply_adds / 1e6),
        ("thousand bytes of weights", lambda layer: layer.weight_bytes / 1e3),
    ]
    parts = _heading(found)
    parts += _arcs(layers, floor) + _shape(layers, floor)
    for index, (name, size) in enumerate(charts):
        parts += _chart(layers, name, size, floor + (index + 1) * (_CHART + _GAP))
    bottom = floor + len(charts) * (_CHART + _GAP)
    parts += _legend(layers, bottom + _GAP)
    height = bottom + 2 * _GAP
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">\n'
        + "\n".join(['<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])
    )


def _kind(layer: Layer) -> str:
    return next(
        kind for kind, (words, _) in _KINDS.items() if re.search(words, layer.operation, re.IGNORECASE)
    )


def _middle(index: int) -> float:
    return _LEFT + _STEP * index + _BAR / 2


def _text(x: float, y: float, text: str, **style: object) -> str:
    attributes = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.0f}" y="{y:.0f}"{attributes}>{escape(text)}</text>'


def _rectangle(x: float, y: float, width: float, height: float, colour: str, title: str = "") -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}">'
        f"<title>{escape(title)}</title></rect>"
    )


def _heading(found: ModelFile) -> list[str]:
    cost = f"{found.multiply_adds / 1e6:.0f} million multiply-adds"
    facts = f"{found.bytes / 1e6:.2f} MB, {cost}; results: {found.types}"
    ends = f"in {'; '.join(found.inputs)}   out {'; '.join(found.outputs)}"
    return [
        _text(
            _LEFT,
            20,
            f"{found.path.name} ({found.format}), {len(found.layers)} operations",
            font_weight="bold",
        ),
        _text(_LEFT, 37, facts),
        _text(_LEFT, 54, ends, fill="#555555"),
    ]


def _tall(layer: Layer) -> float:
    """Height of a layer's bar in points: 0 for unknown shapes, a step for each doubling."""
    return 10 + (_SHAPE - 30) * math.log2(max(layer.side, 1)) / 9


def _shape(layers: Sequence[Layer], floor: float) -> list[str]:
    parts = [_text(_LEFT - 8, floor + 16, "height", text_anchor="end", fill="#555555")]
    lowest = -math.inf
    for layer in sorted((each for each in layers if each.shape), key=lambda each: -each.side):
        y = floor - _tall(layer)
        if y - lowest >= 12:  # Labels would overlap otherwise; padded maps lie beside plain ones.
            parts.append(_text(_LEFT - 8, y + 4, str(layer.side), text_anchor="end"))
            parts.append(f'<path d="M{_LEFT} {y:.1f}h{_STEP * len(layers)}" stroke="#dddddd" fill="none"/>')
            lowest = y
    for index, layer in enumerate(layers):
        title = f"{layer.operation} {layer.name}: {joined(layer.shape)} {layer.type}"
        tall = _tall(layer)
        parts.append(
            _rectangle(_LEFT + _STEP * index, floor - tall, _BAR, tall, _KINDS[_kind(layer)][1], title)
        )
    return parts


def _arcs(layers: Sequence[Layer], floor: float) -> list[str]:
    """Results that are read later than by the next layer: residuals, pyramids, branches."""
    made = {layer.name: index for index, layer in enumerate(layers)}
    parts = []
    for index, layer in enumerate(layers):
        for start in sorted({made[name] for name in layer.inputs if made.get(name, index) < index - 1}):
            rise = min(_ARCS, 8 + 5 * (index - start))
            low = [floor - _tall(each) for each in (layers[start], layer)]
            top = min(low) - rise
            ends = [f"{_middle(start):.1f} {{:.1f}}", f"{_middle(index):.1f} {{:.1f}}"]
            curve = f"M{ends[0]}C{ends[0]} {ends[1]} {ends[1]}".format(low[0], top, top, low[1])
            parts.append(f'<path d="{curve}" stroke="#444444" fill="none"/>')
    return parts


def _chart(layers: Sequence[Layer], name: str, size: Callable[[Layer], float], floor: float) -> list[str]:
    most = max((size(layer) for layer in layers), default=0)
    parts = [_text(_LEFT, floor - _CHART - 4, f"{name}, at most {most:.1f}", fill="#555555")]
    parts.append(f'<path d="M{_LEFT} {floor}h{_STEP * len(layers)}" stroke="#888888"/>')
    for index, layer in enumerate(layers):
        if tall := _CHART * size(layer) / most if most else 0:
            title = f"{layer.operation} {layer.name}: {size(layer):,.2f} {name}"
            colour = _KINDS[_kind(layer)][1]
            parts.append(_rectangle(_LEFT + _STEP * index, floor - tall, _BAR, tall, colour, title))
    return parts


def _legend(layers: Sequence[Layer], y: float) -> list[str]:
    counts = Counter(_kind(layer) for layer in layers)
    parts, x = [], float(_LEFT)
    for kind, (_, colour) in _KINDS.items():
        if not counts[kind]:
            continue
        label = f"{counts[kind]} {kind}"
        parts += [_rectangle(x, y - 10, 10, 10, colour), _text(x + 14, y, label)]
        x += 30 + 6.3 * len(label)
    return parts
