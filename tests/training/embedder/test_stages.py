"""The universal embedder in stages: what each one saw, and that a finished one is not done again."""

import argparse
from pathlib import Path

import pytest

from pocketshelf.errors import UsageError
from pocketshelf_training.embedder import stages
from pocketshelf_training.models.checkpoint import load_checkpoint


def options(root: Path, run: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    stages.add_arguments(parser)
    small = ["--size", "32", "--dimension", "8", "--limit-steps", "1", "--batch", "24", "--minutes", "0.02"]
    none = ["--weight", "general=0", "--weight", "features=0", "--device", "cpu", "--draws", "1"]
    return parser.parse_args(["--data", str(root), "--run", str(run), *small, *none, *more])


def test_a_draw_saw_less_than_the_last_and_more_than_the_first(data_with_shop: Path, tmp_path: Path) -> None:
    stages.run(options(data_with_shop, tmp_path))
    seen = {
        name: load_checkpoint(tmp_path / name / "average.safetensors").meta["left_out"]
        for name in ("without", "draw-0", "all")
    }
    assert set(seen["all"]) < set(seen["draw-0"]) < set(seen["without"])
    before = (tmp_path / "without/average.safetensors").stat().st_mtime_ns
    stages.run(options(data_with_shop, tmp_path))
    assert (tmp_path / "without/average.safetensors").stat().st_mtime_ns == before


def test_what_the_stages_set_cannot_be_given(data_with_shop: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--leave-out"):
        stages.run(options(data_with_shop, tmp_path, "--leave-out", "0:0.25"))
    with pytest.raises(UsageError, match="less than 1 together"):
        stages.run(options(data_with_shop, tmp_path, "--all-share", "0.8"))
