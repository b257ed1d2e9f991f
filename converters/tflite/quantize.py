"""Full-integer TFLite by ai-edge-quantizer: int8 weights per channel, int8 activations, L2 in float."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

__all__ = ["IN_FLOAT", "activation_ranges", "quantize_dynamic", "quantize_half", "quantize_static"]

# Scopes whose values span too wide a range for 8 bits, by the names of their modules.
IN_FLOAT = ("UnitLength", "BoxDistances")


def activation_ranges(model: Path, inputs: Sequence[np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Minimum and maximum of every activation of a float model over ``inputs``.

    Constants are left out: a range for a weight would replace its per-channel scales by one for
    all, which costs 0.12 of cosine.

    Args:
        inputs: normalised float (1, h, w, 3).

    Returns:
        tensor name → {"min", "max"}, as ai-edge-quantizer wants them.
    """
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(model), experimental_preserve_all_tensors=True, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    produced = {index for op in interpreter._get_ops_details() for index in op["outputs"]}
    names = {d["index"]: d["name"] for d in interpreter.get_tensor_details() if d["index"] in produced}
    ranges: dict[str, list[float]] = {}
    for values in inputs:
        interpreter.set_tensor(entry["index"], values)
        interpreter.invoke()
        for index, name in names.items():
            activation = interpreter.get_tensor(index)
            low, high = ranges.get(name, (np.inf, -np.inf))
            ranges[name] = [min(low, float(activation.min())), max(high, float(activation.max()))]
    # The whole range of (x - 127) / 128: scale 1/128, zero point -1, so that uint8 pixels are its integers.
    ranges[entry["name"]] = [-127 / 128, 1.0]
    return {name: _statistics(low, high) for name, (low, high) in ranges.items()}


def _statistics(low: float, high: float) -> dict[str, np.ndarray]:
    return {"min": np.array([low], np.float32), "max": np.array([high], np.float32)}


def quantize_static(model: Path, inputs: Sequence[np.ndarray]) -> bytes:
    """int8 weights and activations; input, outputs and the scopes `IN_FLOAT` stay float."""
    from ai_edge_quantizer import quantizer
    from ai_edge_quantizer.algorithm_manager import AlgorithmName
    from ai_edge_quantizer.qtyping import TFLOperationName

    worker = quantizer.Quantizer(str(model))
    worker.add_static_config(".*", TFLOperationName.ALL_SUPPORTED, 8, 8)
    left = AlgorithmName.NO_QUANTIZE
    for end in (TFLOperationName.INPUT, TFLOperationName.OUTPUT):
        worker.update_quantization_recipe(".*", end, algorithm_key=left)
    for scope in _float_scopes(model):
        worker.update_quantization_recipe(scope, TFLOperationName.ALL_SUPPORTED, algorithm_key=left)
    ranges = activation_ranges(model, inputs)
    return bytes(worker.quantize(ranges, enable_progress_report=False).quantized_model)


def _float_scopes(model: Path) -> list[str]:
    """Patterns for the names of the results that stay float.

    A model's last operations carry the output's name instead of their module's: they are found as
    those that follow a float scope.
    """
    import re

    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(model))
    names = {d["index"]: d["name"] for d in interpreter.get_tensor_details()}
    scopes: list[str] = []
    inside: set[int] = set()
    for op in interpreter._get_ops_details():
        in_scope = any(word in names.get(index, "") for index in op["outputs"] for word in IN_FLOAT)
        if in_scope or any(index in inside for index in op["inputs"]):
            inside.update(op["outputs"])
            scopes += [re.escape(names[index]) for index in op["outputs"]]
    return scopes


def quantize_dynamic(model: Path) -> bytes:
    """int8 weights; activations are quantized while it runs."""
    from ai_edge_quantizer import quantizer, recipe

    worker = quantizer.Quantizer(str(model), recipe.dynamic_wi8_afp32())
    return bytes(worker.quantize(enable_progress_report=False).quantized_model)


def quantize_half(model: Path) -> bytes:
    """Half-precision weights, expanded when the model is loaded."""
    from ai_edge_quantizer import quantizer

    weights = {"num_bits": 16, "dtype": "FLOAT", "symmetric": True, "granularity": "TENSORWISE"}
    config = {"weight_tensor_config": weights, "compute_precision": "FLOAT", "explicit_dequantize": True}
    rule = {"regex": ".*", "algorithm_key": "float_casting", "op_config": config}
    operations = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
    worker = quantizer.Quantizer(str(model), [{**rule, "operation": each} for each in operations])
    return bytes(worker.quantize(enable_progress_report=False).quantized_model)
