"""One embedder from many sources: it trains, goes on, keeps what it should, and refuses what it must."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.embedder import universal
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import Embedder


@pytest.fixture
def data(data_with_shop: Path) -> Path:
    return data_with_shop


def options(data: Path, run: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    universal.add_arguments(parser)
    small = ["--size", "32", "--dimension", "8", "--epochs", "2", "--limit-steps", "2", "--batch", "12"]
    none = ["--weight", "general=0", "--weight", "features=0", "--device", "cpu"]
    return parser.parse_args(["--data", str(data), "--run", str(run), *small, *none, *more])


def test_it_writes_an_embedder_and_says_what_it_found(data: Path, tmp_path: Path) -> None:
    universal.run(options(data, tmp_path))
    trained = Embedder.from_checkpoint(tmp_path / "average.safetensors")
    assert trained.config["dimension"] == 8 and trained.config["bias"]
    line = json.loads((tmp_path / "log.jsonl").read_text().splitlines()[-1])
    assert {"pairs", "identity", "category"} == set(line["losses"])
    assert 0 <= line["val"]["grocery_R@1"] <= 1


def test_the_projection_whitens_what_there_is() -> None:
    rng = np.random.default_rng(0)
    network = Embedder(["a"], 4, bias=True)
    pooled = (rng.normal(size=(200, 1280)) * np.linspace(4, 0.1, 1280) + 3).astype(np.float32)
    universal.whiten(network, pooled)
    vectors = network.embedding(torch.from_numpy(pooled)).detach().numpy()
    spread = np.cov(vectors, rowvar=False)
    assert np.abs(vectors.mean(0)).max() < 0.1 * vectors.std()
    assert np.abs(spread - np.diag(np.diag(spread))).max() < 0.1 * np.diag(spread).min()


def test_another_universal_embedder_is_taken_up_whole(data: Path, tmp_path: Path) -> None:
    universal.run(options(data, tmp_path / "first", "--limit-steps", "1"))
    begun = tmp_path / "first/average.safetensors"
    task = universal.UniversalTask(options(data, tmp_path / "on", "--start", str(begun), "--share", "1"))
    known = load_checkpoint(begun).state
    assert torch.equal(task.network.embedding.weight, known["embedding.weight"])


def test_a_specialist_that_saw_too_much_is_refused(data: Path, tmp_path: Path) -> None:
    network = Embedder(["a"], 4, size=32)
    save_checkpoint(
        tmp_path / "knows.npz", "embedder", network.config, network.state_dict(), {"left_out": []}
    )
    for option in ("--specialist", "--start", "--general"):
        given = [option, str(tmp_path / "knows.npz"), "--leave-out", "0:0.3", "--weight", "general=1"]
        with pytest.raises(UsageError, match="which --leave-out hides"):
            universal.UniversalTask(options(data, tmp_path / "run", *given))


def test_an_unknown_loss_is_named(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--weight beauty=1: unknown loss; there are pairs"):
        universal.UniversalTask(options(data, tmp_path, "--weight", "beauty=1"))
