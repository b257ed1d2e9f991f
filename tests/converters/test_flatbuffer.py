"""TFLite files written anew: the same content, equal vectors once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from converters.tflite.flatbuffer import read, write

MODELS = Path(__file__).resolve().parents[2] / "models/first"


def outputs(content: bytes) -> list[np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    (entry,) = interpreter.get_input_details()
    image = np.random.default_rng(0).integers(0, 256, entry["shape"], dtype=np.uint8)
    interpreter.set_tensor(entry["index"], image)
    interpreter.invoke()
    return [interpreter.get_tensor(each["index"]) for each in interpreter.get_output_details()]


@pytest.mark.parametrize("name", ["embedder.tflite", "detector.tflite"])
def test_a_file_with_shared_vectors_computes_the_same_to_the_bit(name: str) -> None:
    before = (MODELS / name).read_bytes()
    after = write(read(before))
    for one, other in zip(outputs(before), outputs(after), strict=True):
        assert np.array_equal(one, other)
    assert write(read(after)) == after


def test_the_zero_points_of_filters_take_room_once() -> None:
    model = read((MODELS / "detector.tflite").read_bytes())
    written = write(model)
    for graph in model.subgraphs:
        for number, tensor in enumerate(graph.tensors):
            # Their own zero points again: no two alike.
            if tensor.quantization is not None and tensor.quantization.zeroPoint is not None:
                count = len(tensor.quantization.zeroPoint)
                tensor.quantization.zeroPoint = np.arange(count) + 10_000 * number
    apart = write(model)
    assert len(apart) - len(written) > 200_000
