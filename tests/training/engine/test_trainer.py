"""The loop on a task of two numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from pocketshelf.errors import UsageError
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer

STEPS = 5


class Line(Task[nn.Linear, Tensor]):
    """Learns y = 2x; a part beside it learns the offset 1."""

    decay = 0.9

    def __init__(self, epochs: int = 3, lr: float = 0.1, quiet: bool = False, dies_at: int = -1) -> None:
        torch.manual_seed(0)
        self.network, self.epochs, self.lr = nn.Linear(1, 1, bias=False), epochs, lr
        self.offset = nn.Linear(1, 1)
        self.parts = {"offset": self.offset}
        self.quiet, self.dies_at, self.seen = quiet, dies_at, [0]
        self.rates: list[float] = []

    @property
    def settings(self) -> dict[str, Any]:
        return {"epochs": self.epochs, "base_rate": self.lr}

    def parameter_groups(self) -> list[dict[str, Any]]:
        parameters = [*self.network.parameters(), *self.offset.parameters()]
        return [{"params": parameters, "lr": self.lr, "weight_decay": 0.0}]

    def rate(self, step: int) -> float:
        return 1 / (1 + step)

    def steps(self, epoch: int) -> int:
        return STEPS

    def batches(self, epoch: int, kept: nn.Linear) -> Iterator[Tensor]:
        rng = torch.Generator().manual_seed(epoch)
        return (torch.randn(4, 1, generator=rng) for _ in range(STEPS))

    def losses(self, batch: Tensor, step: int) -> dict[str, Tensor]:
        if step == self.dies_at:
            raise KeyboardInterrupt
        self.seen.append(step)
        if self.quiet:
            return {}
        wrong = self.network(batch) + self.offset(torch.ones(1, 1)) - (2 * batch + 1)
        return {"square": wrong.square().mean(), "again": 0.5 * wrong.square().mean()}

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: nn.Linear) -> dict[str, Any]:
        return {"slope": kept.weight.item()}

    def state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def restore(self, state: dict[str, Any]) -> None:
        self.seen = list(state["seen"])


@pytest.mark.parametrize("content", [b"", b"PK not a state", None])
def test_a_state_that_was_cut_is_one_clear_error(tmp_path: Path, content: bytes | None) -> None:
    Trainer(Line(epochs=1), tmp_path).train()
    state = tmp_path / "state.pt"
    state.write_bytes(state.read_bytes()[:-900] if content is None else content)
    with pytest.raises(UsageError, match=r"state\.pt: damaged.*name a new --run"):
        Trainer(Line(epochs=1), tmp_path)


def test_a_state_of_other_data_is_one_clear_error(tmp_path: Path) -> None:
    Trainer(Line(epochs=1), tmp_path).train()
    wider = Line(epochs=1)
    wider.parts = {"offset": nn.Linear(1, 2)}
    with pytest.raises(UsageError, match="other data: its offset does not fit; name a new --run"):
        Trainer(wider, tmp_path)


def test_a_run_goes_on_with_the_data_alone_that_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as before, so that every number fits."""
    monkeypatch.setattr(Line, "learnt_from", {"products": ["a", "b"]})
    Trainer(Line(epochs=1), tmp_path).train()
    assert Trainer(Line(epochs=1), tmp_path).epoch == 1
    monkeypatch.setattr(Line, "learnt_from", {"products": ["a", "c"]})
    with pytest.raises(UsageError, match=r"begun with other products than there are now; name a new --run"):
        Trainer(Line(epochs=1), tmp_path)


def test_a_run_killed_within_an_epoch_ends_at_the_same_weights(tmp_path: Path) -> None:
    whole = Trainer(Line(), tmp_path / "whole")
    whole.train()
    with pytest.raises(KeyboardInterrupt):
        Trainer(Line(dies_at=2 * STEPS - 1), tmp_path / "cut").train()
    resumed = Trainer(Line(), tmp_path / "cut")
    assert (resumed.epoch, resumed.step) == (1, STEPS)
    assert resumed.task.seen == [0, *range(STEPS)], "what the task keeps came back"
    resumed.train()
    pairs = [(t.task.network, t.task.offset, t.kept) for t in (whole, resumed)]
    for one, other in zip(*pairs, strict=True):
        for name, value in one.state_dict().items():
            assert torch.equal(value, other.state_dict()[name]), name


def test_the_log_has_a_line_an_epoch_with_each_loss_s_mean(tmp_path: Path) -> None:
    trainer = Trainer(Line(), tmp_path)
    trainer.train()
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    for line in lines:
        assert line["losses"]["again"] == pytest.approx(line["losses"]["square"] / 2)
    assert lines[-1]["losses"]["square"] < 0.8 * lines[0]["losses"]["square"]
    assert lines[-1]["slope"] == pytest.approx(trainer.kept.weight.item())


def test_the_schedule_goes_over_all_epochs(tmp_path: Path) -> None:
    trainer = Trainer(Line(epochs=2), tmp_path)
    trainer.train()
    assert trainer.schedule.get_last_lr() == pytest.approx([0.1 / (1 + 2 * STEPS)])


def test_steps_without_a_loss_teach_nothing(tmp_path: Path) -> None:
    trainer = Trainer(Line(quiet=True), tmp_path)
    before = trainer.task.network.weight.clone()
    trainer.train()
    assert torch.equal(trainer.task.network.weight, before)


def test_a_gradient_is_clipped(tmp_path: Path) -> None:
    task = Line(epochs=1)
    task.clip = 1e-3
    norms: list[float] = []
    trainer = Trainer(task, tmp_path)

    def look(*_: Any) -> None:
        assert task.network.weight.grad is not None
        norms.append(task.network.weight.grad.norm().item())

    trainer.optimiser.register_step_pre_hook(look)
    trainer.train()
    assert len(norms) == STEPS
    assert max(norms) <= 1e-3 + 1e-6


def test_a_run_does_not_change_its_settings(tmp_path: Path) -> None:
    Trainer(Line(), tmp_path).save()
    with pytest.raises(UsageError, match="begun with another --base-rate; name a new --run"):
        Trainer(Line(lr=0.2), tmp_path)


def test_without_an_average_the_network_itself_is_kept(tmp_path: Path) -> None:
    task = Line()
    task.decay = None  # type: ignore[misc]
    assert Trainer(task, tmp_path).kept is task.network
