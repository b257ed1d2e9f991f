"""Train the detector on street photos, goods photos, garment photos and composites.

With ``--teacher``, a larger detector that was trained before is imitated as well
(`pocketshelf_training.losses.imitation`).

Writes to the run's folder: `log.jsonl`, `state.pt` and `detector.safetensors` after every epoch (to go on
after a kill: start the same command again), and at the end the small `detector.npz`. The kept weights are
the running average after the last epoch; the street photos kept apart are measured, never chosen by.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import time
from bisect import bisect
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict, replace
from itertools import accumulate, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pocketshelf.cli import values
from pocketshelf.cli.output import say_lines
from pocketshelf_training.data.street import load_photos
from pocketshelf_training.detector.evaluate import evaluate, table
from pocketshelf_training.detector.pictures import add_sources, build_mixture
from pocketshelf_training.detector.schedule import Schedule, fitting
from pocketshelf_training.engine import compute, options
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.losses.boxes import grid_points
from pocketshelf_training.losses.detection import detection_losses
from pocketshelf_training.losses.imitation import Teacher
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import STRIDES, Detector
from pocketshelf_training.models.efficientnet_lite import VARIANTS, normalise
from pocketshelf_training.models.specs import TUNED
from pocketshelf_training.models.start import weights_of
from pocketshelf_training.samplers.mixture import Order
from pocketshelf_training.samplers.mixture_batches import Batch, PlanSampler
from pocketshelf_training.samplers.replay import LARGER, Replay, replayed

__all__ = ["DetectorTask", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

# The trunk knows pictures already; it moves at this share of the learning rate.
TRUNK_RATE = 0.4
FROZEN_STAGES = 2
# Pictures in the pool of ``--looks``.
POOL = 4096
# The checkpoint; the first is written after every epoch, too, the second is small.
NAMES = ("detector.safetensors", "detector.npz")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_arguments(parser, Path("runs/detector"), seed=0)
    add_sources(parser)
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="lite0", help="of the trunk")
    parser.add_argument(
        "--width", type=values.count, default=80, help="channels of pyramid and head (default 80)"
    )
    parser.add_argument(
        "--tower", type=values.count, default=2, help="convolutions before the outputs (default 2)"
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="detector, or bundle, to begin with, which says variant, width and tower",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="FILE",
        action="append",
        default=[],
        help="larger detector to imitate as well; may repeat: they are asked by turns",
    )
    parser.add_argument(
        "--epochs", type=values.count, default=20, help="passes over the street photos (default 20)"
    )
    parser.add_argument(
        "--passes",
        type=values.count,
        default=1,
        help="over the street photos in an epoch; more where they are short",
    )
    parser.add_argument(
        "--minutes",
        type=values.amount,
        help="fit the epochs into this time, counted from the start: by a few steps, and by the pace so far "
        "after every epoch",
    )
    parser.add_argument(
        "--half",
        action="store_true",
        help="compute the network in bfloat16: faster on a GPU, a little coarser",
    )
    parser.add_argument(
        "--looks",
        type=values.count,
        default=1,
        help="at each picture that was made, every time another part of it in another light, from a pool on "
        "the device; for a GPU that would wait for pictures (default 1: no pool)",
    )
    parser.add_argument(
        "--small-size", type=values.count, default=224, help="of the first part (default 224)"
    )
    parser.add_argument(
        "--small-share", type=values.share, default=0.6, help="how much that part is (default 0.6)"
    )
    parser.add_argument("--batch", type=values.count, default=8)
    parser.add_argument(
        "--rate", type=values.amount, default=1e-3, help="learning rate of new layers (default 0.001)"
    )
    parser.add_argument(
        "--evaluate-every", type=values.whole, default=10, help="epochs between measurements; 0: at the end"
    )


class DetectorTask(Task[Detector, Batch]):
    """Boxes and groups of the mixture's pictures."""

    clip = 10.0
    decay, begun = 0.998, 2

    def __init__(self, args: argparse.Namespace) -> None:
        self.began = time.monotonic()
        self.args, self.parts = args, {}
        # What `tune` chose for the detector that this one begins with, until it chooses for this one.
        self.tuned: dict[str, Any] = {}
        self.paced: tuple[float, int] | None = None
        self.lengths: dict[int, int] = {}
        torch.manual_seed(args.seed)
        self.mixture = build_mixture(args)
        self.device = compute.choose(args)
        self.network = self.begin()
        self.network.trunk.freeze_until(FROZEN_STAGES)
        compute.placed(self.network, self.device)
        self.teachers = [Teacher(path, self.network) for path in args.teacher]
        if args.workers:
            self.mixture.decode_all()
        self.follow(Schedule(args.epochs, args.size, args.small_size, args.small_share))

    def begin(self) -> Detector:
        """A detector on ImageNet's trunk, or the one of ``--start``.

        Raises:
            CheckpointError: that is no detector's checkpoint.
        """
        args = self.args
        if args.start is None:
            shape = {"variant": args.variant, "width": args.width, "tower": args.tower}
            model = Detector(size=args.size, tied=True, **shape)
            model.trunk.load_imagenet()
            return model
        begun = weights_of(args.start, Detector.kind)
        self.tuned = {name: begun.meta[name] for name in TUNED if name in begun.meta}
        return Detector.of(begun, size=args.size, tied=True)

    def follow(self, schedule: Schedule) -> None:
        """Plan by ``schedule``; epochs differ in length, as rare groups' photos are repeated by chance."""
        self.schedule, self.epochs = schedule, schedule.epochs
        looks, batch = self.args.looks, self.args.batch
        lengths = [self._planned(epoch) // batch * looks for epoch in range(self.epochs)]
        self.ends = list(accumulate(lengths))

    def _planned(self, epoch: int) -> int:
        """How many pictures."""
        limit = self.args.limit_steps
        if epoch not in self.lengths:
            self.lengths[epoch] = len(self._plan(epoch))
        planned = self.lengths[epoch]
        return min(planned, limit * self.args.batch) if limit else planned

    def _plan(self, epoch: int) -> list[Order]:
        """All passes of an epoch, one after the other."""
        passes = range(epoch * self.args.passes, (epoch + 1) * self.args.passes)
        return [order for each in passes for order in self.mixture.plan(self.args.seed, each)]

    @property
    def settings(self) -> dict[str, Any]:
        teachers = [str(path) for path in self.args.teacher]
        return options.recipe(self.args, free=["evaluate_every"], teacher=teachers)

    @property
    def learnt_from(self) -> dict[str, Any]:
        """The photos and their boxes: a plan numbers them."""
        digest = hashlib.sha256()
        for source, photos in sorted(self.mixture.photos.items()):
            for photo in photos:
                digest.update(f"{source} {photo.image.name} {photo.groups.tolist()}".encode())
                digest.update(photo.boxes.astype(np.float32).tobytes())
        return {"pictures": digest.hexdigest()}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The trunk slower than the rest; decay for filters, none for norms and biases."""
        groups = []
        for slow in (True, False):
            for decays in (True, False):
                chosen = [
                    p
                    for name, p in self.network.named_parameters()
                    if p.requires_grad and name.startswith("trunk.") == slow and (p.ndim > 1) == decays
                ]
                rate = self.args.rate * (TRUNK_RATE if slow else 1.0)
                groups.append({"params": chosen, "lr": rate, "weight_decay": 0.02 if decays else 0.0})
        return groups

    def rate(self, step: int) -> float:
        epoch = min(bisect(self.ends, step), self.epochs - 1)
        steps = max(1, self.steps(epoch))
        return self.schedule.rate(epoch + (step + 1 - self.ends[epoch] + steps) / steps)

    def steps(self, epoch: int) -> int:
        return self.ends[epoch] - (self.ends[epoch - 1] if epoch else 0)

    def price(self, epoch: int) -> float:
        return self.schedule.price(epoch)

    def prepare(self, kept: Detector) -> None:
        """With ``--minutes``, as many epochs as fit, at least two."""
        if not self.args.minutes:
            return
        share = sum(map(self.price, range(self.epochs))) / self.epochs
        epochs = max(2, int(self.args.minutes * 60 / (self.time_epoch() * share)))
        self.follow(replace(self.schedule, epochs=epochs))

    def time_epoch(self) -> float:
        """Seconds that an epoch at full size would take, from a few steps without learning anything."""
        network, size = self.network, self.schedule.size
        times = []
        network.train()
        state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        for batch in islice(self._made(0, size, 1.0), 8):
            start = time.monotonic()
            torch.stack(list(self.losses(compute.moved(batch, self.device), 0).values())).sum().backward()
            if self.device.type == "cuda":
                torch.cuda.synchronize()
            times.append(time.monotonic() - start)
        network.zero_grad()
        network.load_state_dict(state)
        # The first steps allocate; the optimiser and the average add about a tenth.
        return sorted(times)[len(times) // 2] * 1.1 * self.steps(0)

    def batches(self, epoch: int, kept: Detector) -> Iterator[Batch]:
        # Loading is over: from here on an epoch takes what epochs take.
        self.paced = self.paced or (time.monotonic(), epoch)
        return self._made(epoch, self.schedule.input_size(epoch), self.schedule.strength(epoch))

    def _made(self, epoch: int, size: int, strength: float) -> Iterator[Batch]:
        args = self.args
        plan = self._plan(epoch)[: self._planned(epoch)]
        made_size = size if args.looks == 1 else round(LARGER * size)
        sampler = PlanSampler(self.mixture, plan, args.batch, made_size, strength, (args.seed, epoch))
        made = sampler.batches(0, sampler.steps, args.workers)
        if args.looks == 1:
            return made
        return replayed(made, args.looks, size, strength, Replay(POOL, (args.seed, epoch), self.device))

    def pictures(self, batch: Batch) -> int:
        return len(batch.images)

    def losses(self, batch: Batch, step: int) -> dict[str, Tensor]:
        points, strides = (part.to(self.device) for part in grid_points(batch.images.shape[1], STRIDES))
        images = normalise(batch.images)
        with compute.half(self.device) if self.args.half else nullcontext():
            logits, distances = self.network.logits(images)
        logits, distances = logits.float(), distances.float()
        terms = detection_losses(logits, distances, points, strides, batch.boxes, batch.groups)
        if self.teachers:
            teacher = self.teachers[step % len(self.teachers)]
            terms["imitation"] = teacher.loss(images, logits, distances, points, strides)
        return terms

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: Detector) -> dict[str, Any]:
        self.fit(epoch)
        self.write(NAMES[0], epoch, kept)
        every = self.args.evaluate_every
        measured = every and epoch % every == 0 and epoch < self.epochs and not self.args.pictures
        size = self.schedule.input_size(epoch - 1)
        return {"size": size} | ({"val": self.measure(kept)} if measured else {})

    def fit(self, done: int) -> None:
        """With ``--minutes``, end when they do: plan as many epochs more as the pace so far allows."""
        if not self.args.minutes or done >= self.epochs:
            return
        now = time.monotonic()
        since, first = self.paced or (self.began, 0)
        pace = (now - since) / sum(map(self.price, range(first, done)))
        left = self.args.minutes * 60 - (now - self.began)
        epochs = fitting(self.schedule, done, left / pace)
        if epochs != self.epochs:
            log.info("%d epochs fit instead of %d", epochs, self.epochs)
            self.follow(replace(self.schedule, epochs=epochs))

    def write(self, name: str, epochs: int, kept: Detector, **said: Any) -> None:
        """What is kept after so many epochs, as a checkpoint."""
        meta = {"settings": self.settings, "epochs": epochs, **self.tuned, **said}
        save_checkpoint(self.args.run / name, "detector", self.network.config, kept.state_dict(), meta)

    def measure(self, kept: Detector) -> dict[str, Any]:
        """Average precision on the street photos kept apart."""
        result = evaluate(kept, load_photos("val", self.args.data))
        mean = result["mean"]
        log.info("val mAP@0.5 %.3f, @0.5:0.95 %.3f", mean["ap50"], mean["ap"])
        return result

    def finish(self, trainer: Trainer) -> None:
        """Measure what is kept and write it in both forms."""
        kept = trainer.kept
        said: dict[str, Any] = {}
        if self.args.pictures:
            log.info("not measured: photos kept apart are not among packed pictures")
        else:
            said["val"] = self.measure(kept)
            trainer.record({"epoch": self.epochs, **said})
            say_lines(table(said["val"]))
        for name in NAMES:
            self.write(name, self.epochs, kept, **said)
            log.info("wrote %s", self.args.run / name)

    def state(self) -> dict[str, Any]:
        return {"schedule": asdict(self.schedule), "spent": time.monotonic() - self.began}

    def restore(self, state: dict[str, Any]) -> None:
        self.began -= state["spent"]
        self.follow(Schedule(**state["schedule"]))


def run(args: argparse.Namespace) -> int:
    task = DetectorTask(args)
    trainer = Trainer(task, args.run)
    trainer.train()
    task.finish(trainer)
    return 0
