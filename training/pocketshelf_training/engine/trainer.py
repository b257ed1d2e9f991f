"""The loop of every training: optimiser, schedule, running average, log, and going on after a kill."""

from __future__ import annotations

import json
import logging
import math
import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from pocketshelf.errors import UsageError
from pocketshelf.files import atomic_write
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.engine.average import WeightAverage
from pocketshelf_training.engine.schedule import Clock
from pocketshelf_training.engine.speed import Speed
from pocketshelf_training.engine.task import Task

__all__ = ["LOG", "STATE", "Trainer"]

log = logging.getLogger("pocketshelf.training")

STATE, LOG = "state.pt", "log.jsonl"
LOG_EVERY = 20
# What torch raises on files that are cut short or are something else.
UNREADABLE = (ValueError, TypeError, LookupError, EOFError, OSError, RuntimeError, pickle.UnpicklingError)


class Trainer:
    """One run: a task, and where it stands.

    After every epoch the folder holds ``state.pt``, from which the same command goes on, and one line more in
    ``log.jsonl``: the epoch, each loss's mean, its speed (`Speed.figures`), and what the task has to say.

    Args:
        folder: of the run; made if need be.

    Raises:
        UsageError: the run was begun with other settings, or on other data.
    """

    def __init__(self, task: Task[Any, Any], folder: Path) -> None:
        keep_freed_memory()
        self.task, self.folder = task, folder
        self._learnt_from = task.learnt_from  # Once: it may take a digest of all data.
        self.device = compute.device_of(task.network)
        self.average = WeightAverage(task.network, task.decay, task.begun) if task.decay else None
        folder.mkdir(parents=True, exist_ok=True)
        saved = self._read()
        if saved:
            task.restore(saved["task"])
        else:
            task.prepare(self.kept)
        self.optimiser = torch.optim.AdamW(task.parameter_groups())
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, lambda step: task.rate(step))
        self.epoch = self.step = 0
        if saved:
            self._resume(saved)

    @property
    def kept(self) -> Any:
        """The running average, or the network itself where there is none."""
        return self.average.module if self.average else self.task.network

    def train(self) -> None:
        """The epochs that are left."""
        task = self.task
        clock = Clock([], self.epoch)
        while self.epoch < task.epochs:
            # A task may plan anew after an epoch.
            clock.prices = [task.price(epoch) for epoch in range(task.epochs)]
            speed = Speed()
            losses = self._train_epoch(clock, speed)
            self.epoch += 1
            record = {"epoch": self.epoch, "losses": losses, "speed": self._said(speed.figures())}
            record |= task.finish_epoch(self.epoch, losses, self.kept)
            self.save()
            self.record(record)

    def record(self, line: dict[str, Any]) -> None:
        """One line more in the log."""
        with (self.folder / LOG).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def _said(self, figures: dict[str, float]) -> dict[str, float]:
        rate = f", {figures['pictures_a_second']:g} pictures/s" if "pictures_a_second" in figures else ""
        text = "epoch %s took %.1f s%s, %.0f %% of it waiting for pictures"
        log.info(text, self._counted(self.epoch), figures["seconds"], rate, 100 * figures["waiting"])
        return figures

    def _counted(self, epoch: int) -> str:
        """Of how many, unless minutes end the training."""
        return f"{epoch}/{self.task.epochs}" if self._timed is None else str(epoch)

    @property
    def _timed(self) -> float | None:
        return self.task.span.left if self.task.span else None

    def _left(self, clock: Clock, epoch: float) -> float:
        return clock.left(epoch) if self._timed is None else self._timed

    def _train_epoch(self, clock: Clock, speed: Speed) -> dict[str, float]:
        """Mean of every loss's term."""
        sums: dict[str, Tensor] = {}
        steps = self.task.steps(self.epoch)
        batches = self.task.batches(self.epoch, self.kept)
        self.task.network.train()
        for count, batch in enumerate(speed.over(batches), 1):
            speed.pictures += self.task.pictures(batch)
            for name, term in self._descend(compute.moved(batch, self.device)).items():
                sums[name] = sums[name] + term if name in sums else term
            if count % LOG_EVERY == 0 or count == steps:
                left = self._left(clock, self.epoch + count / steps) / 60
                terms = " ".join(f"{name} {float(value) / count:.3f}" for name, value in sums.items())
                where = (self._counted(self.epoch + 1), count, steps)
                log.info("epoch %s step %d/%d %s, %.0f min left", *where, terms, left)
        return {name: float(value) / steps for name, value in sums.items()}

    def _descend(self, batch: Any) -> dict[str, Tensor]:
        terms = self.task.losses(batch, self.step)
        if terms:
            self.optimiser.zero_grad()
            torch.stack(list(terms.values())).sum().backward()
            nn.utils.clip_grad_norm_(self.task.network.parameters(), self.task.clip)
            self.optimiser.step()
        self.schedule.step()
        if self.average:
            self.average.update_parameters(self.task.network)
        self.step += 1
        return {name: term.detach() for name, term in terms.items()}

    def save(self) -> None:
        """The whole state, in one file that is replaced at once."""
        state = {name: part.state_dict() for name, part in self._stateful().items()}
        counts = {"epoch": self.epoch, "step": self.step}
        task = {"settings": self.task.settings, "data": self._learnt_from, "task": self.task.state()}
        with atomic_write(self.folder / STATE) as part:
            torch.save({**task, **counts, **state}, part)

    def _stateful(self) -> dict[str, Any]:
        parts = {"network": self.task.network, "optimiser": self.optimiser, "schedule": self.schedule}
        return parts | ({"average": self.average} if self.average else {}) | self.task.parts

    def _read(self) -> dict[str, Any] | None:
        path = self.folder / STATE
        if not path.exists():
            return None
        try:
            saved = torch.load(path, map_location="cpu", weights_only=True)
            begun = saved["settings"]
        except UNREADABLE as error:
            reason = "damaged, or no training's; remove it, or name a new --run"
            raise UsageError(f"{path}: {reason}") from error
        for name, value in self.task.settings.items():
            if begun.get(name, math.nan) != value:
                option = name.replace("_", "-")
                raise UsageError(f"{path} was begun with another --{option}; name a new --run")
        # Runs of before recorded nothing of it.
        data = saved.get("data", {})
        for name, value in self._learnt_from.items():
            if data.get(name, value) != value:
                raise UsageError(f"{path} was begun with other {name} than there are now; name a new --run")
        return saved

    def _resume(self, saved: dict[str, Any]) -> None:
        for name, part in self._stateful().items():
            try:
                part.load_state_dict(saved[name])
            except (RuntimeError, ValueError, LookupError) as error:
                begun = f"{self.folder / STATE} was begun on other data"
                raise UsageError(f"{begun}: its {name} does not fit; name a new --run") from error
        self.epoch, self.step = saved["epoch"], saved["step"]
        log.info("resumed after epoch %d of %d", self.epoch, self.task.epochs)
