"""Looking into model files, and the picture of a graph."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from converters import inspect
from converters.inspection.picture import draw
from converters.targets import find_target, inspect_file

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=["tflite", "executorch", "coreml"])
def file(request, exported):
    return exported(request.param, "none") / f"embedder{find_target(request.param).suffix}"


def test_each_targets_layers_know_what_they_read(file):
    found = inspect_file(file)
    made = [layer.name for layer in found.layers]
    assert len(set(made)) == len(made)
    # One residual: an addition reads the first block's result and the last layer's.
    additions = [
        x for x in found.layers if "add" in x.operation.lower() and x.side > 1 and len(x.inputs) == 2
    ]
    assert any(made.index(first) < made.index(second) - 1 for first, second in map(ordered(made), additions))
    depthwise = [layer for layer in found.layers if "depthwise" in layer.operation.lower()]
    assert len(depthwise) == 2


def ordered(made):
    return lambda layer: sorted(layer.inputs, key=made.index)


def test_the_picture_has_a_bar_a_layer_and_an_arc_for_the_residual(file):
    found = inspect_file(file)
    root = ElementTree.fromstring(draw(found))
    titles = [title.text for title in root.iter(f"{SVG}title") if title.text]
    for layer in found.layers:
        assert any(text.startswith(f"{layer.operation} {layer.name}: ") for text in titles)
    arcs = [path for path in root.iter(f"{SVG}path") if "C" in path.get("d")]
    assert arcs
    texts = " ".join(text.text or "" for text in root.iter(f"{SVG}text"))
    assert file.name in texts and "2 depthwise convolution" in texts


def test_the_command_prints_and_draws(file, tmp_path, capsys):
    goal = tmp_path / "graph.svg"
    assert inspect.main([str(file), "--json", "--picture", str(goal)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["multiply_adds"] > 100_000 and document["inputs"]
    assert goal.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("name", "options", "code", "message"),
    [
        ("model.onnx", (), 2, "unknown kind of file; known are .aimodel, .mlpackage, .pte, .tflite"),
        ("model.tflite", (), 1, "no such file"),
        ("model.tflite", ("--picture", "graph.png"), 2, "pictures are SVG"),
        (".", (), 1, "no bundle here"),
    ],
)
def test_faults_are_one_line(tmp_path, capsys, name, options, code, message):
    assert inspect.main([str(tmp_path / name), *options]) == code
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ") and message in line


@pytest.mark.parametrize("suffix", [".tflite", ".pte"])
def test_a_damaged_file_is_one_line(tmp_path, capsys, suffix):
    path = tmp_path / f"model{suffix}"
    path.write_bytes(b"not a model" * 50)
    assert inspect.main([str(path)]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith("error: ")


def test_a_picture_that_cannot_be_written(file, tmp_path, capsys):
    goal = tmp_path / "missing" / "graph.svg"
    assert inspect.main([str(file), "--picture", str(goal)]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1] == f"error: {goal}: No such file or directory"
