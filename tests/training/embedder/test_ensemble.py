"""Ensembles of embedders with random weights: what a teacher of several must keep."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.embedder.ensemble import ensemble_of
from pocketshelf_training.embedder.targets import blended, principal
from pocketshelf_training.models.checkpoint import CheckpointError, save_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.ensemble import Ensemble, read_embedder


def member(seed: int, size: int = 32, categories: tuple[str, ...] = ("a", "b")) -> Embedder:
    torch.manual_seed(seed)
    return Embedder(list(categories), dimension=8, size=size).eval()


@torch.no_grad()
def test_with_all_directions_cosines_are_the_mean_of_the_members() -> None:
    one, other = member(0), member(1)
    both = ensemble_of([one, other], 16)
    images = torch.randn(6, 3, 32, 32)
    both.projection.weight.data.copy_(principal(torch.randn(40, 16), 16))
    vectors, logits = both(images)
    (a, scores, *_), (b, *_) = one(images), other(images)
    assert torch.allclose(vectors @ vectors.T, (a @ a.T + b @ b.T) / 2, atol=1e-5)
    assert logits.shape == scores.shape


@torch.no_grad()
def test_a_member_works_at_its_own_size() -> None:
    small, large = member(0, 32), member(1, 64)
    both = ensemble_of([small, large], 4)
    assert both.preprocessing.size == (64, 64)
    even = torch.full((1, 3, 64, 64), 0.3)
    found = both.side_by_side(even)[0]
    assert torch.allclose(found[:, :8], small(even[..., :32, :32])[0], atol=1e-4)


def test_a_checkpoint_of_an_ensemble_comes_back_as_one(tmp_path: Path) -> None:
    both = ensemble_of([member(0), member(1)], 4)
    save_checkpoint(tmp_path / "t.safetensors", Ensemble.kind, both.config, both.state_dict())
    again = read_embedder(tmp_path / "t.safetensors")
    assert isinstance(again, Ensemble)
    images = torch.randn(2, 3, 32, 32)
    assert torch.equal(again(images)[0], both(images)[0])
    with pytest.raises(CheckpointError, match="ensemble"):
        Embedder.from_checkpoint(tmp_path / "t.safetensors")


def test_members_must_fit_together() -> None:
    with pytest.raises(UsageError, match="two members"):
        ensemble_of([member(0)], 4)
    with pytest.raises(UsageError, match="categories"):
        ensemble_of([member(0), member(1, categories=("a", "c"))], 4)
    with pytest.raises(UsageError, match="fewer"):
        ensemble_of([member(0), member(1)], 17)


def test_blended_vectors_tell_apart_what_the_teacher_does_not() -> None:
    teacher = {"shop": torch.tensor([[[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]])}
    general = {"shop": torch.eye(3)[None]}
    found = blended(teacher, general, 0.7, 4)["shop"][0]
    cosines = found @ found.T
    assert torch.allclose(cosines.diagonal(), torch.ones(3), atol=1e-5)
    assert cosines[0, 1] < 0.8  # the teacher's own: 1
    assert cosines[0, 1] > cosines[0, 2] + 0.3
