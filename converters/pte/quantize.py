"""int8 by PT2E (torchao) with ExecuTorch's XNNPACK quantizer, corrected in three points.

* The stock quantizer fuses a convolution with ReLU only. These networks use ReLU6: every
  convolution's output would be quantized before the clamp (cosine to float 0.876).
* Its weights' scales are at least 2**-12, so that filters with weights under 0.03 lose their bits
  (0.968). Here they may be as small as they are.
* It gives a pool's result the scale of its input, of which the means fill a tenth: see `_free_pooling`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

__all__ = ["quantize"]

_SMALLEST_WEIGHT_SCALE = 1e-12


def quantize(module: nn.Module, inputs: Iterable[torch.Tensor], quantizer: Any = None) -> nn.Module:
    """A statically quantized copy of ``module``, per channel, calibrated on ``inputs``.

    `converters.deploy.UnitLength`, and what is outside a module called "core", stay float.

    Args:
        inputs: what ``module`` takes; the first also serves as example.
        quantizer: another delegate's own, which decides by itself what stays float.
    """
    from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

    first, *others = inputs
    # Arm's passes refuse the call of a module that guards would be.
    graph = torch.export.export(module, (first,)).module(check_guards=False)
    with _relu6_as_relu():
        prepared = prepare_pt2e(graph, quantizer or _quantizer())
    with torch.no_grad():
        for image in (first, *others):
            prepared(image)
    return convert_pt2e(prepared)


def _quantizer() -> Any:
    from executorch.backends.xnnpack.quantizer.xnnpack_quantizer import XNNPACKQuantizer
    from torchao.quantization.pt2e import MinMaxObserver, PerChannelMinMaxObserver
    from torchao.quantization.pt2e.quantizer import QuantizationConfig, QuantizationSpec

    activation = QuantizationSpec(
        dtype=torch.int8,
        quant_min=-128,
        quant_max=127,
        qscheme=torch.per_tensor_affine,
        # The stock histogram observer takes ten times as long and clips what int8 can hold.
        observer_or_fake_quant_ctr=MinMaxObserver.with_args(eps=2**-12),
    )
    weight = QuantizationSpec(
        dtype=torch.int8,
        quant_min=-127,
        quant_max=127,
        qscheme=torch.per_channel_symmetric,
        ch_axis=0,
        observer_or_fake_quant_ctr=PerChannelMinMaxObserver.with_args(eps=_SMALLEST_WEIGHT_SCALE),
    )
    config = QuantizationConfig(activation, activation, weight, None)

    class Quantizer(XNNPACKQuantizer):
        def annotate(self, model: torch.fx.GraphModule) -> torch.fx.GraphModule:
            annotated = super().annotate(model)
            _free_pooling(annotated)
            return annotated

    return Quantizer().set_global(config).set_filter_function(_in_core)


def _free_pooling(model: torch.fx.GraphModule) -> None:
    """Leave pooling, and the reshaping behind it, in float.

    The quantizer gives a pool's result the scale of its input, 0 to 6, where the means fill a tenth of it.
    """
    free: set[torch.fx.Node] = set()
    aten = torch.ops.aten
    for node in model.graph.nodes:
        pools = node.target is aten.adaptive_avg_pool2d.default
        reshapes = node.target in (aten.flatten.using_ints, aten.view.default, aten.reshape.default)
        if pools or (reshapes and node.args[0] in free):
            free.add(node)
            node.meta.pop("quantization_annotation", None)


def _in_core(node: torch.fx.Node) -> bool:
    """Inside the network proper; constants have no module and count as inside."""
    stack = node.meta.get("nn_module_stack") or {}
    names = [name for name, _ in stack.values()]
    return not names or (any("core" in name for name in names) and not any("unit" in name for name in names))


@contextlib.contextmanager
def _relu6_as_relu() -> Iterator[None]:
    """Widen the quantizer's own test of what fuses with a convolution to the clamp at 6."""
    from executorch.backends.xnnpack.quantizer import xnnpack_quantizer_utils as rules

    aten = torch.ops.aten
    fusing = {aten.relu.default, aten.relu_.default, aten.hardtanh.default, aten.hardtanh_.default}
    stock = rules.is_relu_node
    rules.is_relu_node = lambda node: node.op == "call_function" and node.target in fusing
    try:
        yield
    finally:
        rules.is_relu_node = stock
