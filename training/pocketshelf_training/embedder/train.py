"""Train the embedder: products by proxies and by the shop's own pictures, categories by a head.

``pocketshelf-train train embedder --run runs/embedder`` writes checkpoints, a log and, at the end,
``best.safetensors``: the averaged weights (EMA) of the epoch with the best R@1 on val. A killed run goes on
where it was. ``pocketshelf-train distill --teacher FILE`` is the same with a teacher, in whose space
the student then embeds.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import repeat
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import load_given
from pocketshelf_training.data.clothing import MAIN_LABELS
from pocketshelf_training.embedder import targets
from pocketshelf_training.embedder.evaluate import evaluate
from pocketshelf_training.embedder.garments import Garments
from pocketshelf_training.embedder.objective import Objective
from pocketshelf_training.embedder.options import add_arguments, parse_left_out, parse_weights
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.options import recipe
from pocketshelf_training.engine.schedule import warm_cosine
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.losses.embedder import GARMENTS, Galleries
from pocketshelf_training.models.checkpoint import load_checkpoint, save_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.ensemble import Ensemble, read_embedder
from pocketshelf_training.models.landmark_attention import LOCAL_STAGE
from pocketshelf_training.models.start import begin_with, refuse_what_saw, weights_of
from pocketshelf_training.samplers.labelled import Batch as GarmentBatch
from pocketshelf_training.samplers.pool_batches import THINGS, Batch, PoolSampler
from pocketshelf_training.samplers.pools import Pool, learnable, load_pools, load_things, without
from pocketshelf_training.samplers.views import PERMUTATIONS

__all__ = ["EmbedderTask", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

BATCH = {"grocery-train": 40, "shop": 8, "clothing-train": 16}
# Of the pools of cut-out things, where there are any.
BATCH_OF_THINGS = {"things": 4, "pasted": 12}
# Small pictures first: most of what is learnt does not need the pixels (Touvron et al., NeurIPS 2019).
SIZES = ((0.42, 0.75), (0.78, 0.9), (1.01, 1.0))


class Step(NamedTuple):
    """One step's pictures, and the drawn garments beside them."""

    batch: Batch
    garments: GarmentBatch | None


class EmbedderTask(Task[Embedder, Step]):
    """Products, categories, and what else the options ask for."""

    decay = 0.997

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.epochs = args, args.epochs
        if args.size % 32:
            raise UsageError(f"--size must be a multiple of 32, not {args.size}")
        torch.manual_seed(args.seed)
        samples = learnable(*load_given(args.data_set, args.data))
        catalogue = [sample for sample in samples if sample.domain == "shop"]
        everything = [s.identity or "" for s in catalogue]
        self.left_out = parse_left_out(args.leave_out, everything)
        self.products = [name for name in everything if name not in self.left_out]
        self.weights = parse_weights(args.weight, args.start_weights)
        categories = sorted({s.category or "" for s in catalogue} - {*MAIN_LABELS}) + list(MAIN_LABELS)
        pools = load_pools(args.data, self.products, categories, samples)
        self.pools: dict[str, Pool] = without(pools, self.left_out)
        self.garments = Garments.load(args.studio, args.data) if args.studio else None
        attributes = self.garments.attributes if self.garments else None
        self.device = compute.choose(args)
        self.extractor = targets.Extractor(self.device, args.workers)
        self.network = Embedder(
            categories, variant=args.variant, size=args.size, attributes=attributes, **self._space()
        )
        self._start()
        compute.placed(self.network, self.device).trunk.freeze_until(2)
        self.turns = PERMUTATIONS if args.virtual else PERMUTATIONS[:1]
        self._add_losses(len(categories))
        self.fixed = self.galleries = self._fixed_galleries()
        self.length = max(1, len(self.pools["grocery-train"]) // BATCH["grocery-train"])
        self.length = min(self.length, args.limit_steps or self.length)
        self.best = 0.0

    def _add_losses(self, categories: int) -> None:
        """The proxies, the landmarks' maps, and the pools that they need."""
        count, dimension = len(self.turns) * len(self.products), self.network.config["dimension"]
        self.sizes = {name: size for name, size in BATCH.items() if name in self.pools}
        if self.args.things:
            things = load_things(self.args.things, count)
            self.pools |= dict.fromkeys(THINGS, things)
            self.sizes |= BATCH_OF_THINGS
            count += len(things)
            log.info("%d things beside the products", len(things))
        self.objective = Objective(count, categories, len(MAIN_LABELS), dimension, self.weights)
        self.parts = {"objective": self.objective.to(self.device)}
        if self.garments:
            self.garments.join(self.network)
            self.parts["garments"] = self.garments.to(self.device)

    @property
    def settings(self) -> dict[str, Any]:
        files = {"teacher": self.args.teacher, "start": self.args.start}
        names = {name: path.name if path else None for name, path in files.items()}
        known = {"left_out": self.left_out, "weights": asdict(self.weights)}
        return recipe(self.args, free=("leave_out", "weight", "start_weights"), **names) | known

    @property
    def learnt_from(self) -> dict[str, Any]:
        return {"products": self.products, "categories": self.network.categories}

    def parameter_groups(self) -> list[dict[str, Any]]:
        lr, network = self.args.lr, self.network
        new = [network.embedding, network.category, network.attribute_heads]
        new += [self.garments] if self.garments else []
        heads = [parameter for module in new for parameter in module.parameters()]
        trunk = [p for p in network.trunk.parameters() if p.requires_grad]
        return [
            {"params": trunk, "lr": lr, "weight_decay": 0.03},
            {"params": heads, "lr": 4 * lr, "weight_decay": 0.03},
            {"params": [self.objective.proxies], "lr": 4 * lr, "weight_decay": 0.0},
        ]

    def rate(self, step: int) -> float:
        return warm_cosine(step, self.epochs * self.length)

    def _fixed_galleries(self) -> Galleries:
        """What does not change during the training: the teacher's vectors, ImageNet's features."""
        pools = {name: self.pools[name] for name in self.sizes if name != "pasted"}
        found = Galleries(torch.zeros(0, 0))
        if self.weights.general or self.args.blend:
            found.general = targets.imagenet_targets(pools, ("shop", "things"), self.turns, self.extractor)
        if self.args.teacher:
            found.teacher = targets.teacher_targets(self._teacher(), pools, self.turns, self.extractor)
        if self.args.blend:
            dimension = self.network.config["dimension"]
            found.teacher = targets.blended(found.teacher, found.general, self.args.blend, dimension)
        return found

    @torch.no_grad()
    def prepare(self, kept: Embedder) -> None:
        """Begin where the teacher, or the weights begun with, put each product and garment label already.

        Chance would first tear apart what those weights know.
        """
        if not (self.fixed.teacher or self.args.start):
            return
        proxies = self.objective.proxies
        proxies[: self.objective.products] = self._galleries(kept).shop
        if (garments := self.pools.get(GARMENTS)) is None:
            return
        known = self.fixed.teacher or targets.teacher_targets(
            kept, {GARMENTS: garments}, self.turns, self.extractor
        )
        labels = torch.from_numpy(garments.categories).to(self.device) - self.objective.first_garment
        for label in labels.unique():
            proxies[self.objective.products + label] = known[GARMENTS][0][labels == label].mean(0)

    def _start(self) -> None:
        """Weights to begin with.

        Raises:
            UsageError: they saw products that this training must not see.
            CheckpointError: of another architecture.
        """
        if self.args.start is None:
            self.network.trunk.load_imagenet()
        else:
            self._refuse_what_saw_too_much(self.args.start)
            for part in begin_with(self.network, weights_of(self.args.start, Embedder.kind)):
                log.info("%s begins anew: %s has none", part, self.args.start)

    def _space(self) -> dict[str, Any]:
        """The length of the teacher's vectors, which are the student's as well."""
        config = load_checkpoint(self.args.teacher).config if self.args.teacher else {}
        return {"dimension": config["dimension"]} if "dimension" in config else {}

    def _teacher(self) -> Embedder | Ensemble:
        """Raises UsageError: it saw products that this training must not see."""
        self._refuse_what_saw_too_much(self.args.teacher)
        return read_embedder(self.args.teacher)

    def _refuse_what_saw_too_much(self, path: Path) -> None:
        begun = weights_of(path, Embedder.kind) if path.is_dir() else load_checkpoint(path)
        refuse_what_saw(path, begun, self.left_out)

    def _galleries(self, kept: Embedder) -> Galleries:
        """The teacher's vectors, or those of the averaged network as it is now."""
        known = self.fixed.teacher
        if not known:
            wanted = {"shop": True, "things": self.args.things, GARMENTS: self.weights.instance}
            pools = {name: self.pools[name] for name, value in wanted.items() if value}
            known = targets.teacher_targets(kept, pools, self.turns, self.extractor)
        shop = torch.cat([known[name].flatten(0, 1) for name in ("shop", "things") if name in known])
        garments = known[GARMENTS][0] if GARMENTS in known else None
        return replace(self.fixed, shop=shop, garments=garments)

    def _size(self, epoch: int) -> int:
        """Of the pictures, in pixels."""
        share = next(share for until, share in SIZES if epoch / self.epochs < until)
        return round(self.args.size * share / 16) * 16

    def price(self, epoch: int) -> float:
        return self._size(epoch) ** 2

    def steps(self, epoch: int) -> int:
        return self.length

    def batches(self, epoch: int, kept: Embedder) -> Iterator[Step]:
        """The galleries are refreshed before."""
        args, size = self.args, self._size(epoch)
        self.galleries = self._galleries(kept)
        drawn: Iterator[GarmentBatch | None] = repeat(None)
        if self.garments:
            first = epoch * self.length
            drawn = self.garments.batches(size, args.seed, first, first + self.length, args.workers // 2)
        sampler = PoolSampler(self.pools, self.sizes, size, args.seed * 1000 + epoch, args.virtual)
        return map(Step, sampler.batches(0, self.length, args.workers), drawn)

    def pictures(self, batch: Step) -> int:
        return len(batch.batch.images) + (0 if batch.garments is None else len(batch.garments.images))

    def losses(self, batch: Step, step: int) -> dict[str, Tensor]:
        pictures, garments = batch
        count = len(pictures.images)
        images = pictures.images if garments is None else torch.cat([pictures.images, garments.images])
        stages = self.network.trunk.stages(images)
        pooled = stages[-1].mean((2, 3))
        vectors = nn.functional.normalize(self.network.embedding(pooled), dim=1)
        logits = self.network.category(pooled[:count])
        terms = self.objective(vectors[:count], logits, pictures, self.galleries)
        if garments is not None and self.garments is not None:
            middle = stages[LOCAL_STAGE][count:]
            terms |= self.garments.losses(self.network, middle, pooled[count:], vectors[count:], garments)
        return terms

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: Embedder) -> dict[str, Any]:
        """Write the average, and the best on val so far; it is measured now and then."""
        measured = epoch % 3 == 1 or epoch >= self.epochs - 2
        gallery = self.fixed.teacher["shop"][0].cpu().numpy() if self.fixed.teacher else None
        figures = evaluate(kept, self.pools, self.extractor, gallery) if measured else {}
        meta = {"epoch": epoch, "val": figures, "losses": losses, **self.settings}
        if self.garments:
            meta["attribute_categories"] = self.garments.attribute_categories
        names = ["average.safetensors"]
        if figures and figures["grocery_shop_R@1"] >= self.best:
            self.best = figures["grocery_shop_R@1"]
            names.append("best.safetensors")
        for name in names:
            save_checkpoint(self.args.run / name, "embedder", self.network.config, kept.state_dict(), meta)
        log.info("epoch %d loss %.3f %s", epoch, sum(losses.values()), figures)
        return meta

    def state(self) -> dict[str, Any]:
        return {"best": self.best}

    def restore(self, state: dict[str, Any]) -> None:
        self.best = state["best"]


def run(args: argparse.Namespace) -> int:
    Trainer(EmbedderTask(args), args.run).train()
    return 0
