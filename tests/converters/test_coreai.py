"""Core AI: a tiny network through the real packages, where they are installed, run by their own runtime."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import converters
from converters import export, parity, photos
from converters.errors import ConversionError
from converters.targets import find_target, inspect_file
from pocketshelf.formats.bundle import load_bundle


@pytest.fixture
def installed():
    for package in ("coreai_torch", "coreai_opt"):
        pytest.importorskip(
            package, reason="pip install 'pocketshelf[coreai]'; few systems have wheels of it"
        )


@pytest.fixture
def exported_here(installed, exported):
    """Precision → the tiny embedder's bundle."""
    return lambda precision: exported("coreai", precision)


@pytest.mark.parametrize(
    ("precision", "holds"), [("none", "f32"), ("fp16", "f16"), ("w8", "f16"), ("int8", "si8")]
)
def test_each_precision_passes_the_gate_and_is_what_it_says(exported_here, exported, precision, holds):
    folder = exported_here(precision)
    (report,) = json.loads((folder / "parity.json").read_text())
    assert report["passed"] and report["photos"] == 96
    found = inspect_file(folder / "embedder.aimodel")
    convolutions = {layer.type for layer in found.layers if layer.operation == "conv2d"}
    assert convolutions == {"f32" if precision == "none" else "f16"}
    assert holds in {layer.type for layer in found.layers}
    assert found.multiply_adds == inspect_file(exported("tflite", "int8") / "embedder.tflite").multiply_adds
    assert found.inputs == ["image NDArray (UInt8, 1 × 32 × 32 × 3)"]
    assert [each.split()[0] for each in found.outputs] == ["embedding", "categories"]
    assert all("Float32" in each for each in found.outputs)
    assert "labels.categories: ['a', 'b', 'c']" in found.notes


def test_int8_weights_take_a_quarter(exported_here):
    def weights(precision):
        layers = inspect_file(exported_here(precision) / "embedder.aimodel").layers
        return sum(layer.weight_bytes for layer in layers if layer.multiply_adds)

    assert weights("int8") < 0.5 * weights("none")


def test_the_bundle_names_and_hashes_the_file(exported_here):
    found = load_bundle(exported_here("int8"))
    assert (found.embedder.file, found.embedder.precision) == ("embedder.aimodel", "int8")
    assert found.space == "tiny"


def test_the_gate_tells_it_from_another_network(exported_here, other_tiny):
    """A check that passes everything proves nothing: the file of one network against another."""
    run = find_target("coreai").load(exported_here("none") / "embedder.aimodel", other_tiny.outputs)
    inputs = photos.drawn_set(12, 2).inputs(other_tiny.preprocessing, True)
    heading = parity.Heading("embedder", "coreai", "none", "embedder.aimodel")
    assert not parity.compare(other_tiny, run, inputs, heading, "drawn").passed


def test_no_path_of_this_machine_is_in_the_file(exported_here):
    source = str(Path(converters.__file__).parent).encode()
    files = [path for path in (exported_here("none") / "embedder.aimodel").rglob("*") if path.is_file()]
    assert files and not any(source in path.read_bytes() for path in files)


def test_a_damaged_file(exported_here, tmp_path):
    path = tmp_path / "embedder.aimodel"
    path.mkdir()
    (path / "main.mlirb").write_bytes(b"no program")
    with pytest.raises(ConversionError, match=r"damaged|reading embedder.aimodel failed"):
        inspect_file(path)


def test_without_its_packages_the_extra_is_named(tiny_embedder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "coreai_torch", None)
    arguments = ["--target", "coreai", "--model", "embedder", "--out", str(tmp_path / "out")]
    assert export.main(arguments) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: target coreai needs coreai_torch: pip install 'pocketshelf[coreai]'")
    assert not list(tmp_path.iterdir())
