"""The command line and the whole way, with real toolchains on a tiny network."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from converters import export, exporting
from converters.errors import ConversionError
from converters.inspection.text import render
from converters.mil.interpreter import MilProgram
from converters.targets import find_target, inspect_file, target_names
from converters.tflite.metadata import associated_files, read_metadata
from pocketshelf.errors import RuntimeUnavailable
from pocketshelf.formats.bundle import FileSpec, load_bundle, write_bundle
from pocketshelf.shipped import version
from pocketshelf_training.models.checkpoint import save_checkpoint

# Of `conftest.TinyNetwork`: stem, two blocks, vector and logits.
MULTIPLY_ADDS = (
    16 * 16 * 8 * 27
    + (16 * 16 * 16 * 8 + 8 * 8 * 16 * 25 + 8 * 8 * 16 * 16)
    + (8 * 8 * 32 * 16 + 8 * 8 * 32 * 9 + 8 * 8 * 16 * 32)
    + (16 * 12 + 16 * 3)
)


def run(*arguments):
    return export.main([str(argument) for argument in arguments])


@pytest.fixture
def bundle(exported, tmp_path):
    """A copy of the bundle exported by the command to int8 TFLite."""
    return shutil.copytree(exported("tflite", "int8"), tmp_path / "tiny")


def test_the_bundle_is_whole_and_hashed(bundle):
    found = load_bundle(bundle)
    assert found.name == "tiny" and found.space == "tiny"
    assert found.embedder.precision == "int8" and found.detector is None
    assert json.loads((bundle / "parity.json").read_text())[0]["passed"]
    assert sorted(path.name for path in bundle.iterdir()) == [
        "bundle.json",
        "embedder.tflite",
        "parity.json",
        "parity.md",
    ]
    assert not list(bundle.parent.glob(".*part"))


def test_int8_is_integer_between_pixels_and_the_vector(bundle):
    found = inspect_file(bundle / "embedder.tflite")
    assert found.inputs[0].startswith("image uint8 1x32x32x3, scale 0.0078125, zero point 127")
    assert [out.split()[:2] for out in found.outputs] == [["embedding", "float32"], ["categories", "float32"]]
    floats = {layer.operation for layer in found.layers if layer.type == "float32"}
    assert floats <= {"DEQUANTIZE", "MUL", "SUM", "ADD", "RSQRT"}
    assert {"CONV_2D", "DEPTHWISE_CONV_2D"} <= {x.operation for x in found.layers if x.type == "int8"}


def test_multiply_adds_are_those_of_the_layers(bundle):
    found = inspect_file(bundle / "embedder.tflite")
    assert found.multiply_adds == MULTIPLY_ADDS
    assert "million multiply-adds" in render(found)


def test_torch_counts_as_many(tiny):
    with FlopCounterMode(display=False) as counter:
        tiny.core(torch.zeros(1, 3, 32, 32))
    assert counter.get_total_flops() == 2 * MULTIPLY_ADDS


def test_metadata_read_back(bundle):
    content = (bundle / "embedder.tflite").read_bytes()
    found = read_metadata(content)
    (graph,) = found["subgraph_metadata"]
    (image,) = graph["input_tensor_metadata"]
    assert image["name"] == "image"
    assert image["process_units"][0]["options"] == {"mean": [127.0] * 3, "std": [128.0] * 3}
    assert [each["name"] for each in graph["output_tensor_metadata"]] == ["embedding", "categories"]
    files = associated_files(content)
    assert files["categories.txt"].split() == ["a", "b", "c"]
    assert files["categories_calibration.csv"].splitlines() == ["1,1,0"] * 3


def test_the_model_file_is_an_archive_too(bundle):
    with zipfile.ZipFile(bundle / "embedder.tflite") as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("precision", ["none", "fp16", "dynamic"])
def test_other_tflite_precisions_pass_the_gate(exported, precision):
    assert load_bundle(exported("tflite", precision)).embedder.precision == precision


@pytest.mark.parametrize("precision", ["none", "int8"])
def test_executorch(exported, precision):
    found = inspect_file(exported("executorch", precision) / "embedder.pte")
    assert any("XnnpackBackend" in note for note in found.notes)
    assert {"XNNConv2d", "XNNDepthwiseConv2d"} <= set(found.operations)
    assert "aten::convolution.out" not in found.operations
    assert found.multiply_adds == MULTIPLY_ADDS


@pytest.mark.parametrize("precision", ["none", "fp16", "w8", "int8"])
def test_coreml_by_the_interpreter(exported, precision):
    found = inspect_file(exported("coreml", precision) / "embedder.mlpackage")
    assert found.inputs == ["image image 32x32"]
    assert any("labels.categories" in note for note in found.notes)
    assert found.multiply_adds == MULTIPLY_ADDS


def test_the_interpreter_notices_a_changed_weight(exported, tmp_path):
    """A check that passes everything proves nothing: spoil the stored weights."""
    path = shutil.copytree(exported("coreml", "none") / "embedder.mlpackage", tmp_path / "embedder.mlpackage")
    image = np.full((1, 32, 32, 3), 90, np.uint8)
    before = MilProgram(path)(image)
    (weights,) = path.rglob("weight.bin")
    content = bytearray(weights.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    weights.write_bytes(content)
    after = MilProgram(path)(image)
    assert max(float(np.abs(before[name] - after[name]).max()) for name in before) > 1e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--target", "onnx"), "unknown target 'onnx'; there are coreai, coreml, executorch, tflite, all"),
        (
            ("--target", "tflite", "--model", "segmenter"),
            "unknown model 'segmenter'; there are embedder, detector, all",
        ),
        (
            ("--target", "tflite", "--quantize", "p4"),
            "has no precision 'p4'; it has int8, none, fp16, dynamic",
        ),
        (("--target", "executorch", "--backend", "tpu"), "has no backend 'tpu'; it has xnnpack, coreml"),
        (("--target", "tflite", "--backend", "xnnpack"), "has no backend 'xnnpack'; it has none"),
        (
            ("--target", "executorch", "--backend", "vulkan", "--quantize", "int8"),
            "backend vulkan has no precision 'int8'; it has none",
        ),
    ],
)
def test_unknown_names_list_the_known_ones(tmp_path, capsys, arguments, message):
    assert run(*arguments, "--out", tmp_path / "out") == 2
    last = capsys.readouterr().err.strip().splitlines()
    assert len(last) == 1 and message in last[0]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", ["export", "sweep", "measure", "inspect", "document"])
def test_commands_speak_before_anything_heavy_is_loaded(command):
    heavy = "torch", "executorch", "coremltools", "litert_torch", "coreai_torch", "coreai"
    code = f"import sys, converters.{command}; print([name for name in {heavy} if name in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert found.stdout.strip() == "[]"


def test_the_version_is_the_projects(capsys):
    with pytest.raises(SystemExit) as ended:
        run("--version")
    assert ended.value.code == 0
    assert capsys.readouterr().out.split()[-1] == version()


def test_targets_are_the_files_of_the_folder():
    assert target_names() == ("coreai", "coreml", "executorch", "tflite")


def test_a_missing_toolchain_names_the_extra(tiny_embedder, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "litert_torch", None)
    assert run("--target", "tflite", "--model", "embedder", "--out", tmp_path / "out") == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: target tflite needs litert_torch: pip install 'pocketshelf[export]'")
    assert not list(tmp_path.iterdir())


def test_an_unavailable_backend_says_what_to_install():
    from converters.pte.backends import partitioner

    with pytest.raises(RuntimeUnavailable, match=r"qualcomm is not available here: .*QNN_SDK_ROOT"):
        partitioner("qualcomm")


def test_a_checkpoint_of_another_architecture(tmp_path, capsys):
    path = tmp_path / "other.pt"
    state = {"trunk._conv_stem.weight": torch.zeros(8, 3, 3, 3)}
    save_checkpoint(path, "embedder", {"categories": ["a"]}, state)
    out = tmp_path / "out"
    arguments = ("--target", "tflite", "--model", "embedder", "--checkpoint-embedder", path)
    assert run(*arguments, "--out", out) == 1
    assert "another architecture" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not out.exists()


def test_a_missing_checkpoint(tmp_path, capsys):
    arguments = ("--target", "tflite", "--model", "embedder", "--checkpoint-embedder", tmp_path / "none.pt")
    assert run(*arguments, "--out", tmp_path / "out") == 1
    assert "no such checkpoint" in capsys.readouterr().err


def test_out_is_a_file(tiny_embedder, tmp_path, capsys):
    out = tmp_path / "file"
    out.write_text("mine")
    assert run("--target", "tflite", "--model", "embedder", "--out", out) == 1
    assert "not a folder" in capsys.readouterr().err
    assert out.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder(tiny_embedder, tmp_path, capsys):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    assert run("--target", "tflite", "--model", "embedder", "--out", locked / "out") == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.fixture
def full_disk():
    """No file may grow beyond 4 kB: writing a model fails as it does on a full disk, as root, too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk(tiny_embedder, tmp_path, capsys, full_disk):
    # Not TFLite: its converter brings LLVM's signal handlers, which end the process at this limit.
    out = tmp_path / "out"
    assert run("--target", "coreml", "--model", "embedder", "--quantize", "none", "--out", out) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("error: ") and "writing data to the file" in last
    assert not list(tmp_path.iterdir())


def test_the_report_that_does_not_fit(tiny_embedder, converted, bundle, monkeypatch, capsys):
    """The disk fills behind the model's file: what was there stays, and nothing is left beside it."""
    from converters import parity

    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    monkeypatch.setattr(parity, "write_reports", lambda *_: Path("/dev/full").write_text("x" * 9999))
    assert run("--target", "tflite", "--model", "embedder", "--out", bundle) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last == f"error: {bundle}: cannot be written (No space left on device)"
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
    assert not list(bundle.parent.glob(".*part"))


def test_several_targets_keep_what_lies_in_their_folders(tiny_embedder, converted, tmp_path):
    def request():
        return exporting.Request(
            ("tflite", "coreml"), {"embedder": Path("tiny.npz")}, tmp_path / "out", "none"
        )

    exporting.export(request())
    card = tmp_path / "out" / "tflite" / "CARD.md"
    card.write_text("card")
    exporting.export(request())
    assert card.read_text() == "card"
    for target in ("tflite", "coreml"):
        assert load_bundle(tmp_path / "out" / target).embedder.precision == "none"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.fixture
def two_targets(tiny_embedder, converted, monkeypatch):
    """What the command takes for all; the first of them fails for a reason of its own."""

    def refuse(job, path):
        path.write_text("half a file")
        raise ConversionError("the compiler is on strike")

    monkeypatch.setattr(export, "target_names", lambda: ("coreml", "tflite"))
    monkeypatch.setattr(find_target("coreml"), "convert", refuse)


def test_what_passed_is_kept_when_another_target_fails(two_targets, tmp_path, capsys):
    out = tmp_path / "out"
    assert run("--target", "all", "--model", "embedder", "--quantize", "none", "--out", out) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last == ("error: 1 of 2 targets failed (coreml: the compiler is on strike); exported: tflite")
    assert load_bundle(out / "tflite").embedder.precision == "none"
    assert [path.name for path in out.iterdir()] == ["tflite"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_missing_toolchain_does_not_keep_the_others(two_targets, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "coremltools", None)
    out = tmp_path / "out"
    assert run("--target", "all", "--model", "embedder", "--quantize", "none", "--out", out) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert "coreml: target coreml needs coremltools: pip install 'pocketshelf[export]'" in last
    assert load_bundle(out / "tflite").embedder.precision == "none"


def test_the_report_says_what_int8_was_calibrated_and_compared_on(bundle):
    heading = json.loads((bundle / "parity.json").read_text())[0]["heading"]
    assert heading["calibration"] == "256 drawn pictures (synthetic: no real photos were found)"
    text = (bundle / "parity.md").read_text()
    assert "Calibrated on 256 drawn pictures (synthetic" in text
    assert "Compared on 96 drawn pictures (synthetic" in text


def test_missed_parity_leaves_the_old_bundle(tiny_embedder, converted, bundle, monkeypatch, capsys):
    from converters import parity

    before = {path.name: path.read_bytes() for path in bundle.iterdir()}
    impossible = parity.THRESHOLDS["int8"]._replace(cosine_min=1.1)
    monkeypatch.setitem(parity.THRESHOLDS, "int8", impossible)
    assert run("--target", "tflite", "--model", "embedder", "--out", bundle) == 1
    assert "parity with PyTorch missed" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in bundle.iterdir()} == before
    assert not list(bundle.parent.glob(".*part"))


def test_exporting_again_keeps_other_files_and_gives_the_same_bytes(tiny_embedder, bundle):
    (bundle / "CARD.md").write_text("card")
    for name in ("enrolment.npz", "outfit.npz"):
        (bundle / name).write_bytes(b"of the same space")
    parts = {"enrolment": FileSpec("enrolment.npz"), "outfit": FileSpec("outfit.npz")}
    groups = {"space": "of one"}
    known = replace(load_bundle(bundle), recall={"bias": 1.0}, groups=groups, **parts)
    write_bundle(known)
    before = (bundle / "embedder.tflite").read_bytes()
    assert run("--target", "tflite", "--model", "embedder", "--out", bundle) == 0
    assert (bundle / "CARD.md").read_text() == "card"
    again = load_bundle(bundle)
    kept = write_bundle(known)
    assert (again.recall, again.enrolment, again.outfit) == (known.recall, kept.enrolment, kept.outfit)
    assert again.groups == groups
    assert (bundle / "embedder.tflite").read_bytes() == before
