"""Train the detector on street photos, goods photos, garment photos and composites.

With ``--teacher``, a larger detector that was trained before is imitated as well (`imitation.py`).

Writes to the run's folder: `log.jsonl` (a line every few steps and every measurement), `last.pt` (to go on
after a kill: start the same command again), and at the end `detector.pt` and the small `detector.npz`. The
kept weights are the running average after the last epoch; the street photos kept apart are measured, never
chosen by.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from pocketshelf.errors import PocketshelfError
from pocketshelf_training.data.goods import load_cut_outs
from pocketshelf_training.data.grocery import load as load_grocery
from pocketshelf_training.data.street import load_photos
from pocketshelf_training.detector.average import WeightAverage
from pocketshelf_training.detector.boxes import grid_points
from pocketshelf_training.detector.evaluate import evaluate, table
from pocketshelf_training.detector.imitation import Teacher
from pocketshelf_training.detector.loader import Batch, batches
from pocketshelf_training.detector.losses import Loss, detection_loss
from pocketshelf_training.detector.mixture import Mixture
from pocketshelf_training.detector.schedule import Clock, Schedule
from pocketshelf_training.detector.sources import PhotoCache, garment_photos, goods_photos, street_photos
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.models.checkpoint import (
    export_npz,
    load_checkpoint,
    save_atomically,
    save_checkpoint,
)
from pocketshelf_training.models.detector import STRIDES, Detector
from pocketshelf_training.models.efficientnet_lite import VARIANTS
from pocketshelf_training.models.embedder import normalise

__all__ = ["add_arguments", "run"]

log = logging.getLogger(__name__)

# The trunk knows pictures already; it moves at this share of the learning rate.
TRUNK_RATE = 0.4
FROZEN_STAGES = 2
GRADIENT_NORM = 10.0
LOG_EVERY = 20
# Arguments that name what a run is made from.
FILES = ("goods_boxes", "garment_boxes", "start", "teacher")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run", type=Path, required=True, help="folder of this run; goes on where it stopped"
    )
    parser.add_argument("--data", type=Path, help="folder of the real photos (default: $POCKETSHELF_DATA)")
    parser.add_argument("--goods-boxes", type=Path, help="CSV photo,x,y,w,h for grocery training photos")
    parser.add_argument("--garment-boxes", type=Path, help="CSV photo,x,y,w,h for clothing training photos")
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="lite0", help="of the trunk")
    parser.add_argument("--width", type=int, default=80, help="channels of pyramid and head (default 80)")
    parser.add_argument("--tower", type=int, default=2, help="convolutions before the outputs (default 2)")
    parser.add_argument(
        "--start",
        type=Path,
        metavar="FILE",
        help="detector to begin with, which says variant, width and tower",
    )
    parser.add_argument("--teacher", type=Path, metavar="FILE", help="larger detector to imitate as well")
    parser.add_argument(
        "--hard",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="of the street photos shown with two people, cropped closely, or from afar",
    )
    parser.add_argument("--epochs", type=int, default=20, help="passes over the street photos (default 20)")
    parser.add_argument("--minutes", type=float, help="choose the epochs to fit, by a few steps' time")
    parser.add_argument("--size", type=int, default=320, help="input side in pixels (default 320)")
    parser.add_argument("--small-size", type=int, default=224, help="of the first part (default 224)")
    parser.add_argument("--small-share", type=float, default=0.6, help="how much that part is (default 0.6)")
    parser.add_argument("--others", type=float, default=0.35, help="other pictures to a street photo")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument(
        "--rate", type=float, default=1e-3, help="learning rate of new layers (default 0.001)"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--evaluate-every", type=int, default=10, help="epochs between measurements; 0: at the end"
    )
    compute.add_arguments(parser)
    parser.add_argument("--steps", type=int, help="only so many steps an epoch, to try things out")


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    torch.manual_seed(args.seed)
    mixture = build_mixture(args)
    trainer = Trainer(args, mixture)
    trainer.train()
    return 0


def build_mixture(args: argparse.Namespace) -> Mixture:
    """All sources that the arguments name; training photos only."""
    shop = [s for s in load_grocery(args.data) if s.domain == "street" and s.split == "train"]
    mixture = Mixture(
        street=street_photos(args.data),
        goods_photos=goods_photos(args.goods_boxes, args.data) if args.goods_boxes else [],
        garments=garment_photos(args.garment_boxes, args.data) if args.garment_boxes else [],
        cut_outs=load_cut_outs(args.data),
        grounds=[sample.image for sample in shop],
        cache=PhotoCache(round(1.5 * args.size)),
        others=args.others,
        hard=args.hard,
    )
    counts = {
        name: len(getattr(mixture, name)) for name in ("street", "goods_photos", "garments", "cut_outs")
    }
    log.info("pictures: %s", ", ".join(f"{count} {name}" for name, count in counts.items()))
    return mixture


def parameter_groups(model: Detector, rate: float) -> list[dict]:
    """The trunk slower than the rest; decay for filters, none for norms and biases."""
    groups = []
    for slow in (True, False):
        for decays in (True, False):
            chosen = [
                p
                for name, p in model.named_parameters()
                if p.requires_grad and name.startswith("trunk.") == slow and (p.ndim > 1) == decays
            ]
            factor = rate * (TRUNK_RATE if slow else 1.0)
            groups.append(
                {"params": chosen, "lr": factor, "base": factor, "weight_decay": 0.02 if decays else 0.0}
            )
    return groups


class Trainer:
    """One run: model, optimiser, running average, and where it stands."""

    def __init__(self, args: argparse.Namespace, mixture: Mixture) -> None:
        self.args, self.mixture = args, mixture
        self.device = compute.choose(args)
        self.model = self.begin()
        self.model.trunk.freeze_until(FROZEN_STAGES)
        self.model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.teacher = Teacher(args.teacher, self.model) if args.teacher else None
        if args.workers:
            mixture.decode_all()
        self.optimiser = torch.optim.AdamW(parameter_groups(self.model, args.rate))
        self.average = WeightAverage(self.model)
        self.epoch = 0
        args.run.mkdir(parents=True, exist_ok=True)
        self.schedule = self.resume() or self.plan_schedule()

    def begin(self) -> Detector:
        """A detector on ImageNet's trunk, or the one of ``--start``.

        Raises:
            CheckpointError: that is no detector's checkpoint.
        """
        args = self.args
        if args.start is None:
            model = Detector(
                size=args.size, variant=args.variant, width=args.width, tower=args.tower, tied=True
            )
            model.trunk.load_imagenet()
            return model
        checkpoint = load_checkpoint(args.start, kind="detector")
        model = Detector(**{**checkpoint.config, "size": args.size}, tied=True)
        checkpoint.load_into(model)
        return model

    @property
    def settings(self) -> dict:
        """What a run may not change on its way."""
        names = (
            "variant",
            "width",
            "tower",
            "hard",
            "epochs",
            "minutes",
            "size",
            "small_size",
            "small_share",
            "others",
            "batch",
            "rate",
            "seed",
            "steps",
        )
        files = {name: str(getattr(self.args, name)) for name in FILES}
        return {name: getattr(self.args, name) for name in names} | files

    def resume(self) -> Schedule | None:
        """Go on from `last.pt`, if there is one.

        Raises:
            PocketshelfError: it was started with other settings.
        """
        path = self.args.run / "last.pt"
        if not path.exists():
            return None
        last = torch.load(path, map_location="cpu", weights_only=True)
        changed = [name for name, value in self.settings.items() if last["settings"].get(name) != value]
        if changed:
            raise PocketshelfError(
                f"{path}: started with another --{changed[0].replace('_', '-')}; take another --run"
            )
        self.model.load_state_dict(last["model"])
        self.average.model.load_state_dict(last["average"])
        self.average.steps = last["average_steps"]
        self.optimiser.load_state_dict(last["optimiser"])
        self.epoch = last["epoch"]
        log.info("going on after epoch %d", self.epoch)
        return Schedule(**last["schedule"])

    def plan_schedule(self) -> Schedule:
        args = self.args
        schedule = Schedule(args.epochs, args.size, args.small_size, args.small_share)
        if args.minutes:
            epoch_seconds = self.time_epoch(schedule)
            share = schedule.cost() / schedule.epochs
            epochs = max(2, int(args.minutes * 60 / (epoch_seconds * share)))
            schedule = Schedule(epochs, args.size, args.small_size, args.small_share)
        return schedule

    def time_epoch(self, schedule: Schedule) -> float:
        """Seconds that an epoch at full size would take, from a few steps without learning anything."""
        plan = self.mixture.plan(self.args.seed, 0)
        steps = self.args.steps or len(plan) // self.args.batch
        seed = (self.args.seed, 0)
        made = batches(self.mixture, plan, self.args.batch, schedule.size, 1.0, seed)
        times = []
        self.model.train()
        state = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        for _, batch in zip(range(8), made, strict=False):
            start = time.monotonic()
            self.losses(batch, schedule.size).total.backward()
            times.append(time.monotonic() - start)
        self.optimiser.zero_grad()
        self.model.load_state_dict(state)
        # The first steps allocate; the optimiser and the average add about a tenth.
        return sorted(times)[len(times) // 2] * 1.1 * steps

    def train(self) -> None:
        """The epochs that are left, then the files."""
        clock = Clock(self.schedule, self.epoch)
        log.info("%d epochs, of which %d are done", self.schedule.epochs, self.epoch)
        while self.epoch < self.schedule.epochs:
            self.train_epoch(clock)
            self.epoch += 1
            self.save()
            every = self.args.evaluate_every
            if every and self.epoch % every == 0 and self.epoch < self.schedule.epochs:
                self.measure()
        self.finish()

    def train_epoch(self, clock: Clock) -> None:
        args, size = self.args, self.schedule.input_size(self.epoch)
        plan = self.mixture.plan(args.seed, self.epoch)[: args.steps and args.steps * args.batch]
        steps = len(plan) // args.batch
        self.model.train()
        strength = self.schedule.strength(self.epoch)
        seed = (args.seed, self.epoch)
        made = batches(self.mixture, plan, args.batch, size, strength, seed, args.workers)
        start = time.monotonic()
        for step, batch in enumerate(made, 1):
            now = self.epoch + step / steps
            loss = self.step(batch, size, self.schedule.rate(now))
            if step % LOG_EVERY == 0 or step == steps:
                pace = (time.monotonic() - start) / step
                self.report(loss, step, steps, size, pace, clock.left(now))

    def step(self, batch: Batch, size: int, factor: float) -> Loss:
        for group in self.optimiser.param_groups:
            group["lr"] = group["base"] * factor
        loss = self.losses(batch, size)
        self.optimiser.zero_grad(set_to_none=True)
        loss.total.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        self.average.update(self.model)
        return loss

    def losses(self, batch: Batch, size: int) -> Loss:
        batch = compute.moved(batch, self.device)
        points, strides = (part.to(self.device) for part in grid_points(size, STRIDES))
        images = normalise(batch.images)
        logits, distances = self.model.logits(images)
        loss = detection_loss(logits, distances, points, strides, batch.boxes, batch.groups)
        if self.teacher is None:
            return loss
        imitation = self.teacher.loss(images, logits, distances, points, strides)
        return loss._replace(total=loss.total + imitation, imitation=imitation.detach())

    def report(self, loss: Loss, step: int, steps: int, size: int, pace: float, left: float) -> None:
        values = {"loss": loss.total, "score": loss.score, "box": loss.box, "imitation": loss.imitation}
        line = {"epoch": self.epoch + 1, "step": step, "size": size, "seconds_a_step": round(pace, 3)}
        self.write(line | {name: round(float(value.detach()), 4) for name, value in values.items()})
        log.info(
            "epoch %d/%d step %d/%d at %d px: loss %.3f (score %.3f, box %.3f, imitation %.3f), "
            "%.2f s a step, %.0f min left",
            self.epoch + 1,
            self.schedule.epochs,
            step,
            steps,
            size,
            *(float(value.detach()) for value in values.values()),
            pace,
            left / 60,
        )

    def write(self, line: dict) -> None:
        with (self.args.run / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def save(self) -> None:
        """Everything that `resume` needs."""
        content = {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "average_steps": self.average.steps,
            "optimiser": self.optimiser.state_dict(),
            "epoch": self.epoch,
            "schedule": asdict(self.schedule),
            "settings": self.settings,
        }
        save_atomically(self.args.run / "last.pt", content)

    def measure(self) -> dict:
        """Average precision of the running average on the street photos kept apart."""
        result = evaluate(self.average.model, load_photos("val", self.args.data))
        self.write({"epoch": self.epoch, "val": result})
        mean = result["mean"]
        log.info("epoch %d: val mAP@0.5 %.3f, @0.5:0.95 %.3f", self.epoch, mean["ap50"], mean["ap"])
        return result

    def finish(self) -> None:
        result = self.measure()
        print(table(result), file=sys.stderr)
        meta = {"settings": self.settings, "epochs": self.schedule.epochs, "val": result}
        state = self.average.model.state_dict()
        save_checkpoint(self.args.run / "detector.pt", "detector", self.model.config, state, meta)
        export_npz(self.args.run / "detector.npz", "detector", self.model.config, state, meta)
        log.info("wrote %s and .npz", self.args.run / "detector.pt")


def main() -> int:
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(message)s", datefmt="%H:%M:%S"
    )
    parser = argparse.ArgumentParser(prog="pocketshelf-train train detector", description=__doc__)
    add_arguments(parser)
    try:
        return run(parser.parse_args())
    except PocketshelfError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
