"""Runtimes: the registry, missing libraries, damaged files, and the trained models themselves."""

from __future__ import annotations

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pocketshelf.errors import BundleError, RuntimeUnavailable
from pocketshelf.formats import load_bundle
from pocketshelf.runtime import open_model, register
from pocketshelf.runtime.notices import owns_process, without_notices
from pocketshelf.runtime.registry import check_input


def test_an_unknown_suffix_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(
        RuntimeUnavailable, match=r"no runtime for '.onnx' files here; there are .*\.pte, \.tflite"
    ):
        open_model(tmp_path / "m.onnx")


def test_a_registered_suffix_is_opened_by_its_opener(tmp_path: Path) -> None:
    calls: list[tuple[Path, int]] = []
    register(".own", lambda path, threads: calls.append((path, threads)))  # type: ignore[arg-type, func-returns-value]
    open_model(tmp_path / "m.OWN", threads=3)
    assert calls == [(tmp_path / "m.OWN", 3)]


@pytest.mark.parametrize(
    ("suffix", "library", "remedy"),
    [
        (".tflite", "ai_edge_litert.interpreter", "pip install ai-edge-litert"),
        (".pte", "executorch.runtime", "pip install executorch"),
        (".pte", "torch", "pip install executorch"),
    ],
)
def test_a_missing_library_names_what_to_install(
    tmp_path: Path, suffix: str, library: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(RuntimeUnavailable, match=remedy):
        open_model(tmp_path / f"m{suffix}")


@pytest.mark.parametrize("content", [b"", b"junk" * 100, b"\x1c\0\0\0TFL3" + b"\xff" * 500])
def test_a_damaged_tflite_file_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "m.tflite").write_bytes(content)
    with pytest.raises(BundleError, match="LiteRT cannot load it") as caught:
        open_model(tmp_path / "m.tflite")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [(np.float32, (1, 8, 8, 3)), (np.uint8, (1, 3, 8, 8)), (np.uint8, (8, 8, 3)), (np.uint8, (2, 8, 8, 3))],
)
def test_a_model_with_another_input_is_refused(dtype: type, shape: tuple[int, ...]) -> None:
    with pytest.raises(BundleError, match=r"not uint8 \[1, h, w, 3\]"):
        check_input(Path("m"), dtype, shape)
    check_input(Path("m"), np.uint8, (1, 8, 8, 3))


NOTICE = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"


@owns_process
def in_a_command(said: bytes, failing: bool = False) -> None:
    with without_notices():
        os.write(2, said)
        if failing:
            raise ValueError("x")


def test_a_command_drops_notices_and_passes_everything_else(capfd: pytest.CaptureFixture[str]) -> None:
    in_a_command(NOTICE + b"INFO: of another\nWARNING: a real one\n")
    os.write(2, NOTICE)
    assert capfd.readouterr().err == "INFO: of another\nWARNING: a real one\n" + NOTICE.decode()
    with pytest.raises(ValueError, match="x"):
        in_a_command(b"said before it failed\n", failing=True)
    assert capfd.readouterr().err == "said before it failed\n"


def test_outside_a_command_nothing_is_touched(capfd: pytest.CaptureFixture[str]) -> None:
    with without_notices():
        os.write(2, NOTICE)
        assert capfd.readouterr().err == NOTICE.decode()  # At once.


def test_a_command_without_anywhere_to_keep_lines_passes_all(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "memfd_create", full, raising=False)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    in_a_command(NOTICE)
    assert capfd.readouterr().err == NOTICE.decode()


def test_loading_a_trained_model_in_a_command_says_nothing(
    trained_bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    owns_process(open_model)(load_bundle(trained_bundle).embedder_path)
    assert capfd.readouterr() == ("", "")


def test_the_trained_models_give_the_outputs_that_their_bundle_names(trained_bundle: Path) -> None:
    bundle = load_bundle(trained_bundle)
    runner = open_model(bundle.embedder_path)
    pixels = np.random.default_rng(0).integers(
        0, 256, (1, *bundle.embedder.preprocessing.size, 3), dtype=np.uint8
    )
    outputs = runner.run(pixels)
    assert outputs[bundle.embedder.outputs["embedding"]].shape == (1, bundle.embedder.dimension)
    assert outputs[bundle.embedder.outputs["categories"]].shape == (1, len(bundle.embedder.categories))
    assert all(output.dtype == np.float32 and np.isfinite(output).all() for output in outputs)
    with pytest.raises(BundleError, match="takes uint8"):
        runner.run(pixels[:, :10])


def test_a_runner_is_safe_to_share_between_threads(trained_bundle: Path) -> None:
    bundle = load_bundle(trained_bundle)
    runner = open_model(bundle.embedder_path)
    rng = np.random.default_rng(0)
    shape = (8, 1, *bundle.embedder.preprocessing.size, 3)
    photos = list(rng.integers(0, 256, shape, dtype=np.uint8))
    alone = [runner.run(photo)[0] for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda photo: runner.run(photo)[0], photos))
    assert all(np.array_equal(a, b) for a, b in zip(alone, together, strict=True))
