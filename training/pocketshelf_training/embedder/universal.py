"""Train one embedder for products of any shop: ``pocketshelf-train train universal``.

Every batch has two pictures of each of some things, from many sources: groceries and the shop's items
(real pairs), things pasted, dressed or photographed again (synthetic pairs), and pictures of which nothing
is known, seen twice (instance discrimination: Wu et al., CVPR 2018; SimCLR, Chen et al., ICML 2020). They
find one another among all others of the batch. Beside it the network keeps how ImageNet's trunks see the same
pictures, and how a specialist, the embedder that shipped before, sees the groceries. All pictures lie on the
device as uint8.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.data import clothing, composites, grocery, pairs, shop, street
from pocketshelf_training.data.clothing import MAIN_LABELS
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.embedder.general import both_ways, features_of, imagenet_view, specialist_view
from pocketshelf_training.embedder.options import parse_left_out, weights_with
from pocketshelf_training.engine import compute, options
from pocketshelf_training.engine.schedule import cosine, warm_cosine
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.losses.contrastive import contrastive
from pocketshelf_training.losses.distillation import relational
from pocketshelf_training.losses.known import known_cross_entropy
from pocketshelf_training.losses.proxies import cosface
from pocketshelf_training.metrics.ranking import recall_at
from pocketshelf_training.models import pca
from pocketshelf_training.models.average import interpolated
from pocketshelf_training.models.checkpoint import Checkpoint, save_checkpoint
from pocketshelf_training.models.efficientnet_lite import VARIANTS
from pocketshelf_training.models.embedder import Embedder, trunk_of
from pocketshelf_training.models.start import refuse_what_saw, weights_of
from pocketshelf_training.samplers import device_views, resident
from pocketshelf_training.samplers.resident import Pairs, Resident

__all__ = ["UniversalTask", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

# Things of each source in a batch of 384.
THINGS = {"grocery": 81, "shop": 64, "clothing": 56, "street": 28, "pairs": 155}
SCALE, IDENTITY_SCALE, MARGIN, SMOOTHING = 16.0, 20.0, 0.1, 0.1
WEIGHTS = {"pairs": 1.0, "identity": 0.5, "category": 0.3, "general": 2.0, "features": 1.0, "specialist": 2.0}
STEPS = 50
# Steps in which the rates rise.
WARM = 60
# Where --minutes ends the training.
MOST_EPOCHS = 2000
# Of the shop's pictures that are to be found as if they were photos.
PASTED = 0.5
PROJECTION_POWER = 0.5


class Step(NamedTuple):
    """One batch: rows of the pictures (2, n)."""

    rows: Tensor
    seed: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_arguments(parser, Path("runs/universal"))
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="lite0", help="of the trunk")
    parser.add_argument("--size", type=values.count, default=224, help="input in pixels (default: 224)")
    parser.add_argument(
        "--dimension", type=values.count, default=256, help="numbers of a vector (default: 256)"
    )
    parser.add_argument("--epochs", type=values.count, default=20, help=f"of {STEPS} steps (default: 20)")
    parser.add_argument(
        "--minutes", type=values.amount, help="end after so long instead; the rates follow the clock"
    )
    parser.add_argument(
        "--batch", type=values.count, default=384, help="things, two pictures each (default: 384)"
    )
    parser.add_argument(
        "--lr", type=values.amount, default=6e-4, help="of the trunk; the rest learns 4 times as fast"
    )
    parser.add_argument(
        "--pairs", type=Path, action="append", default=[], metavar="DIR", help="more pairs; see data/pairs.py"
    )
    parser.add_argument(
        "--things",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="of `prepare composites`: cut-out things on white and in other places (synthetic)",
    )
    parser.add_argument(
        "--without", action="append", default=[], choices=tuple(THINGS), help="leave a source out"
    )
    parser.add_argument(
        "--weight", action="append", default=[], metavar="LOSS=VALUE", help=f"of {', '.join(WEIGHTS)}"
    )
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="embedder, or bundle, whose trunk to mix into ImageNet's"
    )
    parser.add_argument("--share", type=values.share, default=0.5, help="of it in the mixture (default: 0.5)")
    parser.add_argument(
        "--general",
        type=Path,
        metavar="FILE",
        help="embedder whose view to keep instead of ImageNet's trunks'",
    )
    parser.add_argument("--specialist", type=Path, metavar="FILE", help="embedder that knows the groceries")
    parser.add_argument(
        "--freeze", type=values.whole, default=2, help="first stages that stay as they are (default: 2)"
    )
    parser.add_argument(
        "--leave-out", metavar="SEED:SHARE", help="groceries that the training must not see, as in 0:0.25"
    )


class UniversalTask(Task[Embedder, Step]):
    """Pairs from many sources, beside what was known before."""

    decay = 0.995

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.began = args, 0.0
        self.epochs = MOST_EPOCHS if args.minutes else args.epochs
        torch.manual_seed(args.seed)
        self.weights = weights_with(args.weight, WEIGHTS)
        self.device = compute.choose(args)
        goods = grocery.load(args.data)
        catalogue = [sample for sample in goods if sample.domain == "shop"]
        self.left_out = parse_left_out(args.leave_out, [s.identity or "" for s in catalogue])
        self.names, sources, held = self._sources(goods)
        categories = sorted({s.category or "" for s in catalogue}) + list(MAIN_LABELS)
        log.info("reading %s", ", ".join(f"{n} {len(s)}" for n, s in zip(self.names, sources, strict=True)))
        self.held = {name: resident.read([s], categories, args.workers) for name, s in held.items()}
        known = resident.read(sources, categories, args.workers)
        self.images = known.images.to(self.device)
        self.things = torch.from_numpy(known.things).to(self.device)
        self.categories = torch.from_numpy(known.categories).to(self.device)
        self.grocery = torch.from_numpy(known.sources == self.names.index("grocery")).to(self.device)
        self.shop = torch.from_numpy(known.shop).to(self.device)
        self.photos = torch.nonzero(~self.shop)[:, 0]
        self.pairs = Pairs(known, self._shares())
        self.network = Embedder(categories, args.dimension, args.variant, args.size, bias=True)
        self._start(known)
        compute.placed(self.network, self.device).trunk.freeze_until(args.freeze)
        self._add_teachers(known)

    def _sources(self, goods: list[Sample]) -> tuple[list[str], list[list[Sample]], dict[str, list[Sample]]]:
        """Names and samples of what is learnt, and of what is held for looking on the way."""
        data, items = self.args.data, shop.load(self.args.data)
        loaders: dict[str, Callable[[], list[Sample]]] = {
            "grocery": lambda: [s for s in goods if s.identity not in self.left_out],
            "shop": lambda: items,
            "clothing": lambda: clothing.load(data),
            "street": lambda: street.load(data),
        }
        found = {name: load() for name, load in loaders.items() if name not in self.args.without}
        found |= {f"pairs {folder.name}": pairs.load(folder) for folder in self.args.pairs}
        found |= {f"pairs {folder.name}": composites.load(folder) for folder in self.args.things}
        there = {name: [s for s in samples if s.split == "train"] for name, samples in found.items()}
        held = {
            name: [s for s in samples if s.domain == "shop" or s.split == "val"]
            for name, samples in (("grocery", goods), ("shop", items))
        }
        return list(there), list(there.values()), held

    def _shares(self) -> list[int]:
        """Things of each source in a batch; lists of pairs share theirs."""
        lists = max(1, len(self.args.pairs) + len(self.args.things))
        wanted = [THINGS.get(name, THINGS["pairs"] / lists) for name in self.names]
        return [max(1, round(self.args.batch * each / sum(wanted))) for each in wanted]

    def _start(self, known: Resident) -> None:
        """ImageNet's trunk with a share of another's; a projection that whitens the pictures there are."""
        trunk = self.network.trunk.load_imagenet()
        if self.args.start:
            other = self._weights(self.args.start)
            if self.args.share == 1 and self._continues(other):
                return
            trunk.load_state_dict(interpolated(trunk.state_dict(), trunk_of(other.state), self.args.share))
        compute.placed(self.network, self.device).eval()
        some = torch.from_numpy(np.random.default_rng(self.args.seed).permutation(len(known))[:4000])
        look = both_ways(self.network.pooled)
        whiten(self.network, features_of(look, known.images[some], self.args.size, self.device).cpu().numpy())

    def _weights(self, path: Path) -> Checkpoint:
        """Raises UsageError: they saw products that this training must not see."""
        found = weights_of(path, Embedder.kind)
        refuse_what_saw(path, found, self.left_out)
        return found

    def _view(self, path: Path, known: Resident) -> Tensor:
        """How another embedder sees the pictures."""
        return specialist_view(Embedder.of(self._weights(path)), known, self.device)

    def _continues(self, other: Checkpoint) -> bool:
        """Take up another universal embedder whole, if that is what it is."""
        own = self.network.config | {"size": other.config["size"]}
        if other.config != own:
            return False
        self.network.load_state_dict(other.state)
        return True

    def _add_teachers(self, known: Resident) -> None:
        args, classes = self.args, int(self.things[self.grocery].max()) + 1
        self.general = self._general_view(known)
        self.special = self._view(args.specialist, known) if args.specialist else None
        self.proxies = torch.nn.Linear(args.dimension, classes, bias=False).to(self.device)
        self.regression = torch.nn.Linear(self.network.trunk.channels, self.general.shape[1]).to(self.device)
        self.parts = {"proxies": self.proxies, "regression": self.regression}

    def _general_view(self, known: Resident) -> Tensor:
        if not (self.weights["general"] or self.weights["features"]):
            return self.images.new_zeros(len(known), 1)
        if self.args.general:
            return self._view(self.args.general, known)
        return imagenet_view(known, self.device)

    @property
    def settings(self) -> dict[str, Any]:
        files = {name: getattr(self.args, name) for name in ("start", "general", "specialist")}
        names = {name: path.name if path else None for name, path in files.items()}
        lists = [folder.name for folder in (*self.args.pairs, *self.args.things)]
        free = ("leave_out", "weight", "pairs", "things", "minutes", "epochs")
        return options.recipe(self.args, free, **names) | {
            "left_out": self.left_out,
            "weights": self.weights,
            "lists": lists,
        }

    def parameter_groups(self) -> list[dict[str, Any]]:
        trunk = [p for p in self.network.trunk.parameters() if p.requires_grad]
        heads = [*self.network.embedding.parameters(), *self.network.category.parameters()]
        rest = [*heads, *self.proxies.parameters(), *self.regression.parameters()]
        return [
            {"params": trunk, "lr": self.args.lr, "weight_decay": 0.03},
            {"params": rest, "lr": 4 * self.args.lr, "weight_decay": 0.01},
        ]

    def rate(self, step: int) -> float:
        if not self.args.minutes:
            return warm_cosine(step, self.epochs * STEPS, WARM)
        return min(1.0, (step + 1) / WARM) * cosine(self._minutes() / self.args.minutes, 0.01)

    def _minutes(self) -> float:
        """Since the first batch."""
        return (time.monotonic() - self.began) / 60 if self.began else 0.0

    def steps(self, epoch: int) -> int:
        return self.args.limit_steps or STEPS

    def batches(self, epoch: int, kept: Embedder) -> Iterator[Step]:
        self.began = self.began or time.monotonic()

        def make(step: int) -> Step:
            seed = (self.args.seed * 1000 + epoch) * 1000 + step
            return Step(torch.from_numpy(self.pairs.draw(np.random.default_rng(seed))), seed)

        return compute.ahead(make, range(self.steps(epoch)))

    def pictures(self, batch: Step) -> int:
        return batch.rows.numel()

    def losses(self, batch: Step, step: int) -> dict[str, Tensor]:
        rows = batch.rows.flatten()
        rng = torch.Generator(self.device).manual_seed(batch.seed)
        images = device_views.views(self._pictures(rows, rng), self.args.size, device_views.Strength(), rng)
        with compute.half(self.device):
            pooled = self.network.pooled(images)
        pooled = pooled.float()
        vectors = functional.normalize(self.network.embedding(pooled), dim=1)
        first, second = vectors.chunk(2)
        goods = self.grocery[rows]
        general = self.general[rows].float()
        # Where a specialist says how things lie, the general view does not.
        wide = torch.ones_like(goods) if self.special is None else ~goods
        terms = {
            "pairs": contrastive(first, second, self.things[batch.rows[0]], SCALE).mean(),
            "identity": cosface(
                vectors[goods],
                self.proxies.weight,
                self.things[rows][goods],
                IDENTITY_SCALE,
                MARGIN,
                SMOOTHING,
            ).mean(),
            "category": known_cross_entropy(self.network.category(pooled), self.categories[rows], SMOOTHING),
            "general": relational(vectors[wide], general[wide], 20.0, 20.0).mean(),
            "features": 1 - functional.cosine_similarity(self.regression(pooled), general).mean(),
        }
        if self.special is not None:
            terms["specialist"] = relational(vectors[goods], self.special[rows][goods], 20.0, 20.0).mean()
        return {name: self.weights[name] * term for name, term in terms.items() if self.weights[name]}

    def _pictures(self, rows: Tensor, rng: torch.Generator) -> Tensor:
        """The pictures of a batch; half of the shop's among the first of each pair stand in other places."""
        images = self.images[rows]
        first = torch.arange(len(rows), device=self.device) < len(rows) // 2
        chance = torch.rand(len(rows), generator=rng, device=self.device) < PASTED
        chosen = torch.nonzero(self.shop[rows] & first & chance)[:, 0]
        if len(chosen):
            drawn = torch.randint(len(self.photos), (len(chosen),), generator=rng, device=self.device)
            grounds = self.images[self.photos[drawn]]
            images[chosen] = device_views.pasted(images[chosen], grounds, rng)
        return images

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: Embedder) -> dict[str, Any]:
        """Write the average; the last one when the time is over."""
        if self.args.minutes and self._minutes() > self.args.minutes:
            self.epochs = epoch
        kept_now = epoch >= self.epochs or epoch % 4 == 0
        figures = self._look(kept) if kept_now else {}
        meta = {"epoch": epoch, "val": figures, "losses": losses, **self.settings}
        if kept_now:
            save_checkpoint(
                self.args.run / "average.safetensors",
                "embedder",
                self.network.config,
                kept.state_dict(),
                meta,
            )
        log.info("epoch %d, %.1f min, loss %.3f %s", epoch, self._minutes(), sum(losses.values()), figures)
        return meta

    def _look(self, kept: Embedder) -> dict[str, float]:
        """R@1 of val: phone photo → shop's picture, other view → main picture."""
        figures = {}
        for name, held in self.held.items():
            vectors = specialist_view(kept, held, self.device).cpu().numpy()
            ask, there = ~held.shop, held.shop
            figures[f"{name}_R@1"] = recall_at(
                vectors[ask], held.things[ask], vectors[there], held.things[there], 1
            )
        return figures


def whiten(network: Embedder, pooled: np.ndarray, power: float = PROJECTION_POWER) -> None:
    """Set the embedding to a whitened PCA of pooled features (n, e).

    The projection takes the mean of unit features away; the bias does so at the features' mean length.

    Raises:
        UsageError: there are fewer features than the embedding has numbers.
    """
    dimension = network.config["dimension"]
    fitted = pca.fit(pooled, np.zeros(len(pooled)), [dimension], power=power)
    if dimension not in fitted:
        raise UsageError(f"{len(pooled)} pictures are too few for {dimension} numbers")
    mean, matrix = torch.from_numpy(fitted[dimension].mean), torch.from_numpy(fitted[dimension].matrix)
    length = float(np.linalg.norm(pooled, axis=1).mean())
    with torch.no_grad():
        network.embedding.weight.copy_(matrix.T / length)
        network.embedding.bias.copy_(-(mean @ matrix))


def run(args: argparse.Namespace) -> int:
    Trainer(UniversalTask(args), args.run).train()
    return 0
