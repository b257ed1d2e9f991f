"""Our own architectures, small, through a toolchain that asks a network for everything it has."""

from __future__ import annotations

import json

import pytest
import torch

from converters import export
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.embedder import Embedder


def small_detector() -> Detector:
    torch.manual_seed(0)
    return Detector(size=64, width=16, tower=1).eval()


def test_a_detector_for_core_ml(tmp_path):
    detector = small_detector()
    checkpoint, out = tmp_path / "detector.npz", tmp_path / "out"
    save_checkpoint(checkpoint, "detector", detector.config, detector.state_dict())
    words = ["--target", "coreml", "--model", "detector", "--quantize", "none"]
    assert export.main([*words, "--out", str(out), "--checkpoint-detector", str(checkpoint)]) == 0
    (report,) = json.loads((out / "parity.json").read_text())
    assert (report["heading"]["kind"], report["heading"]["target"]) == ("detector", "coreml")
    assert (out / "detector.mlpackage").is_dir()


@pytest.mark.parametrize(
    "make", [small_detector, lambda: Embedder(["a", "b"], size=64)], ids=["detector", "embedder"]
)
def test_whatever_a_tracer_asks_of_a_network_it_has_or_has_not(make):
    """`hasattr` of every name of all its parts, as `torch.jit` asks: nothing else may be raised."""
    for part in make().modules():
        asked = {name: hasattr(part, name) for name in dir(type(part))}
        assert any(asked.values())
