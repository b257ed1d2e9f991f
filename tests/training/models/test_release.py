"""The weights that are committed: half precision, and only the attribute heads that are good enough."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.models import release
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.embedder import Embedder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    heads = {"sleeve": ["short", "long"], "length": ["a", "b", "c"], "pattern": ["plain", "dotted", "x", "y"]}
    model = Embedder(["Shirt", "Apple"], dimension=16, size=32, attributes=heads)
    path = tmp_path_factory.mktemp("run") / "best.safetensors"
    said_of = {name: ["Shirt"] for name in heads}
    save_checkpoint(path, "embedder", model.config, model.state_dict(), {"attribute_categories": said_of})
    return path


def released(checkpoint: Path, out: Path, *more: str) -> Embedder:
    parser = argparse.ArgumentParser()
    release.add_arguments(parser)
    assert release.run(parser.parse_args([f"--embedder={checkpoint}", f"--out={out}", *more])) == 0
    return Embedder.from_checkpoint(out / "embedder.npz")


def test_chosen_heads_stay_what_they_were(checkpoint: Path, tmp_path: Path) -> None:
    whole = released(checkpoint, tmp_path)
    part = released(checkpoint, tmp_path, "--attributes=pattern,sleeve")
    assert part.attributes == {name: whole.attributes[name] for name in ("pattern", "sleeve")}
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (vector, _, sleeve, _, pattern), (same, _, first, second) = whole(images), part(images)
    assert torch.equal(vector, same) and torch.equal(pattern, first) and torch.equal(sleeve, second)
    assert load_checkpoint(tmp_path / "embedder.npz").meta["attribute_categories"]["pattern"] == ["Shirt"]


def test_no_head_need_stay_and_an_unknown_one_is_named(checkpoint: Path, tmp_path: Path) -> None:
    assert released(checkpoint, tmp_path, "--attributes=").attributes == {}
    with pytest.raises(UsageError, match="no head 'hem'; there are sleeve, length, pattern"):
        released(checkpoint, tmp_path, "--attributes=hem")


def test_a_detector_is_released_for_another_size_of_its_input(tmp_path: Path) -> None:
    model = Detector(size=64, width=8, tower=1)
    checkpoint, parser = tmp_path / "run.safetensors", argparse.ArgumentParser()
    save_checkpoint(checkpoint, "detector", model.config, model.state_dict(), {"score_threshold": 0.4})
    release.add_arguments(parser)
    given = [f"--detector={checkpoint}", f"--out={tmp_path}"]
    assert release.run(parser.parse_args([*given, "--detector-size=96"])) == 0
    released = load_checkpoint(tmp_path / "detector.npz", kind="detector")
    assert released.config == {**model.config, "size": 96} and released.meta == {"score_threshold": 0.4}
    assert Detector.of(released).preprocessing.size == (96, 96)
    with pytest.raises(UsageError, match="a multiple of 32"):
        release.run(parser.parse_args([*given, "--detector-size=100"]))
