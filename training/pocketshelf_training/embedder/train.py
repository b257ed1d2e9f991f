"""Train the embedder: products by proxies and by the shop's own pictures, categories by a head.

``pocketshelf-train train embedder --run runs/embedder`` writes checkpoints, a log and, at the end,
``best.pt``: the averaged weights (EMA) of the epoch with the best R@1 on val. A killed run goes on
where it was. ``pocketshelf-train distill --teacher FILE`` is the same with a teacher, in whose space
the student then embeds.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pocketshelf.errors import UsageError
from pocketshelf_training.data import grocery
from pocketshelf_training.data.clothing import MAIN_LABELS
from pocketshelf_training.embedder import targets
from pocketshelf_training.embedder.augment import PERMUTATIONS
from pocketshelf_training.embedder.batches import THINGS, Batch, Batches
from pocketshelf_training.embedder.evaluate import evaluate, run_torch
from pocketshelf_training.embedder.garments import Garments
from pocketshelf_training.embedder.objective import GARMENTS, Galleries, Objective
from pocketshelf_training.embedder.options import FIXED, add_arguments, parse_left_out, parse_weights
from pocketshelf_training.embedder.pools import Pool, load_pools, load_things, without
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.models.checkpoint import load_checkpoint, save_atomically, save_checkpoint
from pocketshelf_training.models.embedder import HEADS, Embedder
from pocketshelf_training.models.ensemble import Ensemble, read_embedder
from pocketshelf_training.studies.systems.protocol import Batch as GarmentBatch
from pocketshelf_training.studies.systems.unified import LOCAL_STAGE

__all__ = ["Trainer", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

BATCH = {"grocery-train": 40, "shop": 8, "clothing-train": 16}
# Of the pools of cut-out things, where there are any.
BATCH_OF_THINGS = {"things": 4, "pasted": 12}
# Small pictures first: most of what is learnt does not need the pixels (Touvron et al., NeurIPS 2019).
SIZES = ((0.42, 0.75), (0.78, 0.9), (1.01, 1.0))
EMA_DECAY = 0.997


class Trainer:
    """The state of one run: model, its average, losses, optimiser, epoch."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        if args.size % 32:
            raise UsageError(f"--size must be a multiple of 32, not {args.size}")
        torch.manual_seed(args.seed)
        catalogue = [s for s in grocery.load(args.data) if s.domain == "shop"]
        everything = [s.identity or "" for s in catalogue]
        self.left_out = parse_left_out(args.leave_out, everything)
        self.products = [name for name in everything if name not in self.left_out]
        self.weights = parse_weights(args.weight, args.start_weights)
        categories = sorted({s.category or "" for s in catalogue}) + list(MAIN_LABELS)
        self.pools: dict[str, Pool] = without(load_pools(args.data, self.products, categories), self.left_out)
        self.garments = Garments.load(args.studio, args.data) if args.studio else None
        attributes = self.garments.attributes if self.garments else None
        self.model = Embedder(categories, variant=args.variant, size=args.size, attributes=attributes)
        self.device = compute.choose(args)
        self.looking = targets.Looking(self.device, args.workers)
        self._start()
        self.model.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model.trunk.freeze_until(2)
        self.average = copy.deepcopy(self.model).eval()
        self.turns = PERMUTATIONS if args.virtual else PERMUTATIONS[:1]
        count, dimension = len(self.turns) * len(self.products), self.model.config["dimension"]
        self.sizes = dict(BATCH)
        if args.things:
            things = load_things(args.things, count)
            self.pools |= dict.fromkeys(THINGS, things)
            self.sizes |= BATCH_OF_THINGS
            count += len(things)
            log.info("%d things beside the products", len(things))
        self.objective = Objective(count, len(categories), len(MAIN_LABELS), dimension, self.weights)
        self.objective.to(self.device)
        if self.garments:
            self.garments.join(self.model)
            self.garments.to(self.device)
        self.fixed = self._fixed_galleries()
        steps = max(1, len(self.pools["grocery-train"]) // BATCH["grocery-train"])
        self.steps = min(steps, args.limit_steps or steps)
        self.optimiser = self._optimiser()
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.epoch, self.best = 0, 0.0

    @property
    def settings(self) -> dict[str, Any]:
        known = {
            "left_out": self.left_out,
            "weights": asdict(self.weights),
            "teacher": self.args.teacher.name if self.args.teacher else None,
            "start": self.args.start.name if self.args.start else None,
            "things": str(self.args.things) if self.args.things else None,
            "studio": str(self.args.studio) if self.args.studio else None,
        }
        return {name: known[name] if name in known else getattr(self.args, name) for name in FIXED}

    def _optimiser(self) -> torch.optim.Optimizer:
        lr = self.args.lr
        new = [self.model.embedding, self.model.category, self.model.attribute_heads]
        new += [self.garments] if self.garments else []
        heads = [parameter for module in new for parameter in module.parameters()]
        return torch.optim.AdamW(
            [
                {"params": [p for p in self.model.trunk.parameters() if p.requires_grad], "lr": lr},
                {"params": heads, "lr": 4 * lr},
                {"params": [self.objective.proxies], "lr": 4 * lr, "weight_decay": 0.0},
            ],
            weight_decay=0.03,
        )

    def _rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine to a hundredth."""
        total, warm = self.args.epochs * self.steps, 100
        if step < warm:
            return (step + 1) / warm
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))

    def _fixed_galleries(self) -> Galleries:
        """What does not change during the training: the teacher's vectors, ImageNet's features."""
        pools = {name: self.pools[name] for name in self.sizes if name != "pasted"}
        found = Galleries(torch.zeros(0, 0))
        if self.weights.general or self.args.blend:
            found.general = targets.imagenet_targets(
                pools, ("shop", "things"), self.turns, looking=self.looking
            )
        if self.args.teacher:
            found.teacher = targets.teacher_targets(self._teacher(), pools, self.turns, self.looking)
        if self.args.blend:
            dimension = self.model.config["dimension"]
            found.teacher = targets.blended(found.teacher, found.general, self.args.blend, dimension)
        return found

    @torch.no_grad()
    def place_proxies(self) -> None:
        """Begin where the teacher, or the weights begun with, put each product and garment label already.

        Chance would first tear apart what those weights know.
        """
        if not (self.fixed.teacher or self.args.start):
            return
        garments = self.pools[GARMENTS]
        known = self.fixed.teacher or targets.teacher_targets(
            self.average, {GARMENTS: garments}, self.turns, self.looking
        )
        labels = torch.from_numpy(garments.categories).to(self.device) - self.objective.first_garment
        proxies = self.objective.proxies
        proxies[: self.objective.products] = self.galleries().shop
        for label in labels.unique():
            proxies[self.objective.products + label] = known[GARMENTS][0][labels == label].mean(0)

    def _start(self) -> None:
        """Weights to begin with.

        Raises:
            UsageError: they saw products that this training must not see.
            CheckpointError: of another architecture, or another catalogue.
        """
        if self.args.start is None:
            self.model.trunk.load_imagenet()
        else:
            self._refuse_what_saw_too_much(self.args.start)
            begun = load_checkpoint(self.args.start, kind="embedder")
            # Attribute heads are this training's own, whichever the other had.
            state = {name: value for name, value in begun.state.items() if not name.startswith(HEADS)}
            own = {n: v for n, v in self.model.state_dict().items() if n.startswith(HEADS)}
            replace(begun, state=state | own).load_into(self.model)

    def _teacher(self) -> Embedder | Ensemble:
        """Raises UsageError: it saw products that this training must not see."""
        self._refuse_what_saw_too_much(self.args.teacher)
        return read_embedder(self.args.teacher)

    def _refuse_what_saw_too_much(self, path: Path) -> None:
        seen = set(self.left_out) - set(load_checkpoint(path).meta.get("left_out", []))
        if seen:
            raise UsageError(f"{path} was trained on {min(seen)}, which --leave-out hides")

    def galleries(self) -> Galleries:
        """The teacher's vectors, or those of the averaged model, refreshed every epoch."""
        known = self.fixed.teacher
        if not known:
            wanted = {"shop": True, "things": self.args.things, GARMENTS: self.weights.instance}
            pools = {name: self.pools[name] for name, value in wanted.items() if value}
            known = targets.teacher_targets(self.average, pools, self.turns, self.looking)
        shop = torch.cat([known[name].flatten(0, 1) for name in ("shop", "things") if name in known])
        garments = known[GARMENTS][0] if GARMENTS in known else None
        return replace(self.fixed, shop=shop, garments=garments)

    def train_epoch(self) -> dict[str, float]:
        """Mean of every loss's term."""
        progress = self.epoch / self.args.epochs
        share = next(share for until, share in SIZES if progress < until)
        size = round(self.args.size * share / 16) * 16
        seed = self.args.seed * 1000 + self.epoch
        batches = Batches(self.pools, self.sizes, size, seed, self.args.virtual, self.args.workers)
        galleries = self.galleries()
        garments = self._garments(size)
        self.model.train()
        sums: dict[str, float] = {}
        started = time.monotonic()
        for step, batch in enumerate(batches):
            if step >= self.steps:
                break
            batch = compute.moved(batch, self.device)
            drawn = compute.moved(next(garments, None), self.device)
            for name, value in self._step(batch, drawn, galleries).items():
                sums[name] = sums.get(name, 0.0) + value
            self._follow(self.epoch * self.steps + step)
            if step % 20 == 19:
                pace = (time.monotonic() - started) / (step + 1)
                left = pace * ((self.args.epochs - self.epoch) * self.steps - step - 1)
                terms = " ".join(f"{name} {value / (step + 1):.3f}" for name, value in sums.items())
                log.info(
                    "epoch %d step %d/%d size %d %s, %.0f min left",
                    *(self.epoch + 1, step + 1, self.steps, size, terms, left / 60),
                )
        return {name: value / self.steps for name, value in sums.items()}

    def _garments(self, size: int) -> Iterator[GarmentBatch]:
        """The epoch's drawn garments; none without ``--studio``."""
        if self.garments is None:
            return iter(())
        first = self.epoch * self.steps
        return self.garments.batches(size, self.args.seed, first, first + self.steps, self.args.workers // 2)

    def _step(self, batch: Batch, garments: GarmentBatch | None, galleries: Galleries) -> dict[str, float]:
        count = len(batch.images)
        images = batch.images if garments is None else torch.cat([batch.images, garments.images])
        stages = self.model.trunk.stages(images)
        pooled = stages[-1].mean((2, 3))
        vectors = nn.functional.normalize(self.model.embedding(pooled), dim=1)
        terms = self.objective(vectors[:count], self.model.category(pooled[:count]), batch, galleries)
        if garments is not None and self.garments is not None:
            middle = stages[LOCAL_STAGE][count:]
            terms |= self.garments.losses(self.model, middle, pooled[count:], vectors[count:], garments)
        self.optimiser.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
        self.optimiser.step()
        self.schedule.step()
        return {name: term.item() for name, term in terms.items()}

    @torch.no_grad()
    def _follow(self, step: int) -> None:
        """Exponential moving average of weights and batch statistics, faster at first."""
        keep = min(EMA_DECAY, (1 + step) / (10 + step))
        current = self.model.state_dict()
        for name, value in self.average.state_dict().items():
            if value.dtype.is_floating_point:
                value.lerp_(current[name], 1 - keep)
            else:
                value.copy_(current[name])

    def save(self, figures: dict[str, float], losses: dict[str, float]) -> None:
        """``average.pt``, ``best.pt`` where it is the best on val so far, and the whole state."""
        folder: Path = self.args.run
        meta = {"epoch": self.epoch, "val": figures, "losses": losses, **self.settings}
        if self.garments:
            meta["attribute_categories"] = self.garments.said_of
        config = self.model.config
        if figures and figures["grocery_shop_R@1"] >= self.best:
            self.best = figures["grocery_shop_R@1"]
            save_checkpoint(folder / "best.pt", "embedder", config, self.average.state_dict(), meta)
        save_checkpoint(folder / "average.pt", "embedder", config, self.average.state_dict(), meta)
        state = {
            "settings": self.settings,
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "objective": self.objective.state_dict(),
            "garments": self.garments.state_dict() if self.garments else {},
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
        }
        save_atomically(folder / "state.pt", state)
        with (folder / "log.jsonl").open("a") as stream:
            stream.write(json.dumps(meta) + "\n")

    def resume(self) -> None:
        """Go on with ``state.pt``, if there is one.

        Raises:
            UsageError: it was begun with other settings.
        """
        path = self.args.run / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        begun = state.get("settings", {})
        changed = [name for name, value in self.settings.items() if begun.get(name) != value]
        if changed:
            raise UsageError(f"{path} was begun with another {changed[0]}; name a new --run")
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.objective.load_state_dict(state["objective"])
        if self.garments:
            self.garments.load_state_dict(state["garments"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best = state["epoch"], state["best"]
        log.info("resumed after epoch %d", self.epoch)

    def figures(self) -> dict[str, float]:
        """Of val, by the averaged model in bfloat16; with a teacher, its shop vectors are the gallery too."""
        run_half = lambda images: run_torch(self.average, images, half=True)  # noqa: E731
        gallery = self.fixed.teacher["shop"][0].cpu().numpy() if self.fixed.teacher else None
        return evaluate(self.pools, self.model.preprocessing, run_half, "val", gallery)


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    args.run.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(args)
    trainer.resume()
    if trainer.epoch == 0:
        trainer.place_proxies()
    while trainer.epoch < args.epochs:
        terms = trainer.train_epoch()
        trainer.epoch += 1
        figures: dict[str, float] = {}
        if trainer.epoch % 3 == 1 or trainer.epoch >= args.epochs - 2:
            figures = trainer.figures()
        log.info("epoch %d loss %.3f %s", trainer.epoch, sum(terms.values()), json.dumps(figures))
        trainer.save(figures, terms)
    return 0
