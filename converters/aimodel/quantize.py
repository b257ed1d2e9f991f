"""int8 for Core AI by Apple's coreai-opt, with other settings than its own in two points.

* Activations are asymmetric and take the minimum and maximum over all calibration pictures. By default they
  are symmetric, which leaves the half of int8 below zero empty behind a ReLU6, and a moving average lets
  the last pictures decide.
* `converters.deploy.UnitLength`, and what is outside a module called "core", stay float.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

__all__ = ["quantize"]


def quantize(module: nn.Module, inputs: Sequence[torch.Tensor], activations: bool) -> nn.Module:
    """A copy of ``module`` with int8 weights per channel, as Core AI's own operations.

    Args:
        module: has its network in a module called "core".
        inputs: what ``module`` takes; the first is the example, all calibrate the activations.
        activations: quantize them, too (W8A8); else weights only.
    """
    from coreai_opt import ExportBackend
    from coreai_opt.quantization import Quantizer, QuantizerConfig

    inside = {"core": _config(activations), "core.unit": None}
    quantizer = Quantizer(module, QuantizerConfig(global_config=None, module_name_configs=inside))
    prepared = quantizer.prepare((inputs[0],))
    if activations:
        with torch.no_grad(), quantizer.calibration_mode():
            for image in inputs:
                prepared(image)
    return quantizer.finalize(backend=ExportBackend.CoreAI)


def _config(activations: bool) -> Any:
    from coreai_opt.quantization import ModuleQuantizerConfig, QuantizationSpec

    whole_range = {
        "dtype": torch.int8,
        "qscheme": "asymmetric",
        "granularity": {"type": "per_tensor"},
        "qparam_calculator_cls": "global_minmax",
        "range_calculator_cls": "minmax",
    }
    spec = {"*": QuantizationSpec.model_validate(whole_range)} if activations else None
    # Weights by its default: int8, symmetric, one scale a filter.
    return ModuleQuantizerConfig.model_validate({"op_input_spec": spec, "op_output_spec": spec})
