"""An embedder trained on to see spoilt photos: what it looks at, what it keeps, and that it learns."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pocketshelf.errors import UsageError
from pocketshelf_training.embedder import robust
from pocketshelf_training.embedder.robust import RobustTask, seen_twice
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.embedder import Embedder


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    torch.manual_seed(3)
    network = Embedder(["Coat", "Milk"], 8, size=32, bias=True, attributes={"pattern": ["plain", "dotted"]})
    network.trunk.load_imagenet()
    file = tmp_path / "begun.npz"
    save_checkpoint(file, "embedder", network.config, network.state_dict(), {"left_out": ["Milk-1"]})
    return file


def options(data: Path, run: Path, begun: Path, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    robust.add_arguments(parser)
    small = ["--start", str(begun), "--epochs", "2", "--limit-steps", "2", "--batch", "6", "--device", "cpu"]
    return parser.parse_args(["--data", str(data), "--run", str(run), *small, *more])


def test_it_writes_an_embedder_of_the_same_heads(data_with_shop: Path, tmp_path: Path, begun: Path) -> None:
    run = tmp_path / "run"
    robust.run(options(data_with_shop, run, begun))
    before, after = (Embedder.from_checkpoint(file) for file in (begun, run / "average.safetensors"))
    assert after.config == before.config
    for name in ("category.weight", "attribute_heads.0.weight", "trunk._bn0.running_mean"):
        assert torch.equal(after.state_dict()[name], before.state_dict()[name]), f"{name} stays"
    assert not torch.equal(after.embedding.weight, before.embedding.weight)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2]
    assert set(lines[0]["losses"]) == {"vector", "ranks", "features", "found", "kinds"}
    assert not lines[0]["val"] and 0 <= lines[1]["val"]["grocery_spoilt_R@1"] <= 1
    assert lines[1]["left_out"] == ["Milk-1"], "what its beginning had not seen, it has not"


def test_it_learns_to_see_through(data_with_shop: Path, tmp_path: Path, begun: Path) -> None:
    task = RobustTask(options(data_with_shop, tmp_path / "run", begun, "--lr", "3e-5"))
    task.network.train()
    batch = next(task.batches(0, task.network))
    optimiser = torch.optim.AdamW(task.parameter_groups())
    sums = []
    for _ in range(12):
        terms = torch.stack(list(task.losses(batch, 0).values()))
        sums.append(float(terms.sum().detach()))
        optimiser.zero_grad()
        terms.sum().backward()
        optimiser.step()
    assert min(sums[-3:]) < 0.9 * sums[0]
    batch = batch._replace(finds=torch.full_like(batch.finds, -1))
    good = task.losses(batch._replace(seen=batch.good), 0)
    task.network.load_state_dict(task.teacher.state_dict())
    same = task.losses(batch._replace(seen=batch.good), 0)
    for name in ("vector", "ranks"):
        assert same[name].item() == pytest.approx(0, abs=1e-3) and good[name].item() > same[name].item()


def test_a_photo_is_to_find_its_shops_picture(data_with_shop: Path, tmp_path: Path, begun: Path) -> None:
    task = RobustTask(options(data_with_shop, tmp_path / "run", begun, "--batch", "64"))
    batch = next(task.batches(0, task.network))
    finds = batch.finds.numpy()
    assert (finds >= 0).any() and (finds < 0).any()
    for good, place in zip(batch.good.numpy(), finds, strict=True):
        if place >= 0:
            picture = task.images[task.shown[place]]
            assert np.abs(good.mean((0, 1)) - picture.mean((0, 1))).max() < 3, "the teacher sees that picture"
    places = torch.tensor([0, 1])
    assert (
        task._found(task.gallery[places], places) < task._found(task.gallery[places.flip(0)], places)
    ).all()


def test_a_part_is_seen_as_it_is_and_spoilt() -> None:
    y, x = np.mgrid[:64, :64]
    picture = np.stack([4 * x, 4 * y, np.full_like(x, 90)], axis=-1).astype(np.uint8)
    pairs = [seen_twice(picture, 32, np.random.default_rng(seed)) for seed in range(60)]
    assert {part.shape for pair in pairs for part in pair} == {(32, 32, 3)}
    alike = np.mean([np.array_equal(good, seen) for good, seen in pairs])
    assert robust.AS_IT_IS < alike < 0.7, "some are seen as they are"
    reds = [good[16, :, 0].astype(int) for good, _ in pairs]
    assert {bool(row[-1] > row[0]) for row in reds} == {True, False}, "half of them mirrored"
    widths = [abs(int(row[-1]) - int(row[0])) for row in reds]
    assert max(widths) > 230 and min(widths) < 200, "whole pictures and parts"


def test_minutes_end_it_and_the_log_counts_them(
    data_with_shop: Path, tmp_path: Path, begun: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "pocketshelf.training"):
        robust.run(options(data_with_shop, tmp_path / "run", begun, "--minutes", "0.0001"))
    lines = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1] and lines[0]["val"], "over after one, and looked at"
    assert "epoch 1 step 2/2" in caplog.text and "0 min left" in caplog.text


def test_a_loss_may_weigh_more_or_nothing(data_with_shop: Path, tmp_path: Path, begun: Path) -> None:
    def losses(*more: str) -> dict[str, float]:
        task = RobustTask(options(data_with_shop, tmp_path / "run", begun, *more))
        batch = next(task.batches(0, task.network))
        return {name: float(term.detach()) for name, term in task.losses(batch, 0).items()}

    usual, other = losses(), losses("--weight", "found=0", "--weight", "ranks=1.5")
    assert other["found"] == 0
    assert other["ranks"] == pytest.approx(5 * usual["ranks"], rel=1e-4)
    assert other["vector"] == pytest.approx(usual["vector"], rel=1e-4)
    with pytest.raises(UsageError, match="--weight sorts=1: unknown loss; there are vector, ranks, features"):
        losses("--weight", "sorts=1")
