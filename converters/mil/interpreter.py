"""Run an ``.mlpackage`` on Linux: its MIL program, read back from the saved file, evaluated in torch.

Only the operations that the networks here become are known; another one is an error, never skipped.
Half precision is emulated as neural units do it: every result is rounded to float16, sums are
carried in float32. Specification of the operations: coremltools' MIL documentation, iOS 15 to 17 op sets.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from converters.errors import ConversionError

__all__ = ["MilProgram", "is_constant"]

Operation = Callable[..., Any]


class MilProgram:
    """The main function of a saved ML Program, and its ``specification``.

    Args:
        path: the ``.mlpackage``.

    Raises:
        ConversionError: not an ML Program.
    """

    def __init__(self, path: Path) -> None:
        import coremltools
        from coremltools.converters.mil.frontend.milproto.load import load

        model = coremltools.models.MLModel(str(path), skip_model_load=True)
        self.specification = model.get_spec()
        if self.specification.WhichOneof("Type") != "mlProgram":
            raise ConversionError(f"{path.name}: not an ML Program")
        program = load(self.specification, self.specification.specificationVersion, model.weights_dir)
        self.function = program.functions["main"]
        # Expanding compressed weights takes longer than computing with them: once is enough.
        self._constants: dict[str, Any] = {}

    def __call__(self, image: np.ndarray) -> dict[str, np.ndarray]:
        """The outputs by name for ``image``, uint8 RGB (1, h, w, 3), as an ImageType input hands it over.

        Raises:
            ConversionError: the program has an operation that is not known here.
        """
        (entry,) = self.function.inputs
        values: dict[str, Any] = {entry: torch.from_numpy(image).permute(0, 3, 1, 2).float()}
        with torch.no_grad():
            for op in self.function.operations:
                if not is_constant(op):
                    _evaluate(op, values, self._constants)
        return {output.name: values[output.name].float().numpy() for output in self.function.outputs}


def is_constant(op: Any) -> bool:
    """Whether a MIL operation is a constant, compressed or not, and computes nothing."""
    return op.op_type == "const" or op.op_type.startswith("constexpr_")


def _evaluate(op: Any, values: dict[str, Any], constants: dict[str, Any]) -> None:
    if op.op_type not in _OPERATIONS:
        raise ConversionError(f"the MIL operation {op.op_type} is not known to the interpreter")
    given = {name: value for name, value in op.inputs.items() if value is not None}
    arguments = {name: _value(value, values, constants) for name, value in given.items()}
    results = _OPERATIONS[op.op_type](**arguments)
    results = results if isinstance(results, tuple) else (results,)
    for variable, result in zip(op.outputs, results, strict=True):
        values[variable.name] = _rounded(result, variable)


def _value(given: Any, values: dict[str, Any], constants: dict[str, Any]) -> Any:
    if isinstance(given, list | tuple):
        return [_value(each, values, constants) for each in given]
    if given.name in values:
        return values[given.name]
    if given.name not in constants:
        constants[given.name] = _constant(given)
    return constants[given.name]


def _constant(given: Any) -> Any:
    constant = given.val
    if constant is None and given.op is not None and given.op.op_type.startswith("constexpr_"):
        constant = given.op.materialized_val_inference()
    if isinstance(constant, np.ndarray):
        wide = constant.astype(np.float32) if constant.dtype == np.float16 else constant
        constant = torch.from_numpy(np.array(wide))
    return constant


def _rounded(result: Tensor, variable: Any) -> Tensor:
    """To the precision that the program declares."""
    if "fp16" in getattr(variable.dtype, "__name__", str(variable.dtype)):
        return result.half().float()
    return result


def _numbers(value: Any) -> list[int]:
    return [int(each) for each in np.asarray(value).reshape(-1)]


def _conv(x, weight, strides=(1, 1), pad_type="valid", pad=None, dilations=(1, 1), groups=1, bias=None):
    if str(pad_type) not in ("custom", "valid"):
        raise ConversionError(f"a convolution with padding {pad_type} is not known to the interpreter")
    padded = _pad(x, pad) if str(pad_type) == "custom" else x
    return functional.conv2d(padded, weight, bias, _numbers(strides), 0, _numbers(dilations), int(groups))


def _pad(x, pad, mode="constant", constant_val=0.0):
    amounts = _numbers(pad)
    pairs = [amounts[i : i + 2] for i in range(0, len(amounts), 2)]
    flat = [amount for pair in reversed(pairs) for amount in pair]
    return functional.pad(x, flat, mode=str(mode), value=float(constant_val))


def _quantize(input, scale, zero_point=None, output_dtype="int8", axis=None):
    low, high = (0, 255) if str(output_dtype) == "uint8" else (-128, 127)
    zero = 0 if zero_point is None else torch.as_tensor(zero_point).float()
    return torch.clamp(torch.round(input / _along(scale, input, axis)) + zero, low, high)


def _dequantize(input, scale, zero_point=None, axis=None):
    zero = 0 if zero_point is None else _along(zero_point, input, axis)
    return (torch.as_tensor(input).float() - zero) * _along(scale, input, axis)


def _along(values: Any, x: Tensor, axis: Any) -> Tensor:
    tensor = torch.as_tensor(values).float()
    if axis is None or tensor.ndim == 0:
        return tensor
    shape = [1] * x.ndim
    shape[int(axis)] = -1
    return tensor.reshape(shape)


def _reduce(function: Callable) -> Operation:
    def reduce(x, axes=None, keep_dims=False):
        return function(x, dim=_numbers(axes) if axes is not None else None, keepdim=bool(keep_dims))

    return reduce


def _average_pool(x, kernel_sizes, strides=(1, 1), pad_type="valid", pad=None, **_):
    if str(pad_type) != "valid":
        raise ConversionError("average pooling with padding is not known to the interpreter")
    return functional.avg_pool2d(x, _numbers(kernel_sizes), _numbers(strides))


def _matmul(x, y, transpose_x=False, transpose_y=False):
    return (x.mT if transpose_x else x) @ (y.mT if transpose_y else y)


def _linear(x, weight, bias=None):
    return functional.linear(x, weight, bias)


def _concat(values, axis, interleave=False):
    if interleave:
        raise ConversionError("an interleaving concatenation is not known to the interpreter")
    return torch.cat(values, int(axis))


def _upsample(x, scale_factor_height=1, scale_factor_width=1):
    factors = (float(scale_factor_height), float(scale_factor_width))
    return functional.interpolate(x, scale_factor=factors, mode="nearest")


def _squeeze(x, axes=None):
    return x.squeeze(_numbers(axes)) if axes is not None else x.squeeze()


def _expand(x, axes):
    for axis in sorted(_numbers(axes)):
        x = x.unsqueeze(axis)
    return x


_OPERATIONS: dict[str, Operation] = {
    "add": lambda x, y: x + y,
    "avg_pool": _average_pool,
    "cast": lambda x, dtype: x,
    "clip": lambda x, alpha, beta: torch.clamp(x, float(alpha), float(beta)),
    "concat": _concat,
    "conv": _conv,
    "dequantize": _dequantize,
    "expand_dims": _expand,
    "linear": _linear,
    "matmul": _matmul,
    "mul": lambda x, y: x * y,
    "pad": _pad,
    "quantize": _quantize,
    "real_div": lambda x, y: x / y,
    "reduce_mean": _reduce(torch.mean),
    "reduce_sum": _reduce(torch.sum),
    "relu": lambda x: torch.relu(x),
    "relu6": lambda x: torch.clamp(x, 0, 6),
    "reshape": lambda x, shape: x.reshape(_numbers(shape)),
    "rsqrt": lambda x, epsilon=0.0: torch.rsqrt(x + float(epsilon)),
    "sigmoid": lambda x: torch.sigmoid(x),
    "squeeze": _squeeze,
    "sub": lambda x, y: x - y,
    "transpose": lambda x, perm: x.permute(_numbers(perm)),
    "upsample_nearest_neighbor": _upsample,
}
