"""Beginning with the weights of a network whose heads differ."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.models.checkpoint import Checkpoint, CheckpointError, save_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.start import begin_with, weights_of


def network(categories: list[str], **more: object) -> Embedder:
    return Embedder(categories, **{"dimension": 8, "size": 32, **more})


def checkpoint(of: Embedder) -> Checkpoint:
    return Checkpoint("embedder", of.config, {k: v.clone() for k, v in of.state_dict().items()}, {})


def test_what_both_know_is_taken_over() -> None:
    first = network(["a", "b", "c"], attributes={"sleeve": ["short", "long"]})
    second = network(["d", "b"])
    assert begin_with(second, checkpoint(first)) == ["the categories d"]
    assert torch.equal(second.category.weight[1], first.category.weight[1])
    assert torch.equal(second.embedding.weight, first.embedding.weight)
    assert torch.equal(second.trunk._conv_stem.weight, first.trunk._conv_stem.weight)


def test_an_embedding_of_another_length_begins_anew() -> None:
    first, second = network(["a"]), network(["a"], dimension=12)
    before = second.embedding.weight.detach().clone()
    assert begin_with(second, checkpoint(first)) == ["the embedding, of 12 numbers"]
    assert torch.equal(second.embedding.weight, before)


def test_another_trunk_is_refused() -> None:
    with pytest.raises(CheckpointError, match="architecture"):
        begin_with(network(["a"], variant="lite2"), checkpoint(network(["a"])))


def test_a_bundle_that_ships_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(["a"])
    save_checkpoint(tmp_path / "embedder.npz", "embedder", net.config, net.state_dict())
    monkeypatch.setattr("pocketshelf.formats.bundle.shipped", lambda name: {"models/ours": tmp_path}[name])
    assert weights_of(Path("ours"), "embedder").config == net.config


def test_a_folder_without_weights_says_where_they_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no embedder\.npz"):
        weights_of(tmp_path, "embedder")
