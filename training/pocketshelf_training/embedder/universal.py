"""Train one embedder for products of any shop: ``pocketshelf-train train universal``.

Every batch has two pictures of each of some things, from many sources: groceries and the shop's items
(real pairs), garments worn and things placed anew in every batch (synthetic pairs), and pictures of which
nothing is known, seen twice (instance discrimination: Wu et al., CVPR 2018; SimCLR, Chen et al., ICML 2020).
They find one another among all others of the batch. Beside it the network keeps how ImageNet's trunks see the
same pictures, and how a specialist, the embedder that shipped before, sees the groceries. All pictures lie on
the device as uint8.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.embedder.gathered import LISTS, SOURCES, Gathered, fabrics, gather
from pocketshelf_training.embedder.general import both_ways, features_of, imagenet_view, specialist_view
from pocketshelf_training.embedder.options import parse_left_out, weights_with
from pocketshelf_training.engine import compute, options
from pocketshelf_training.engine.schedule import Span, cosine, warm_cosine
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
from pocketshelf_training.samplers import device_views
from pocketshelf_training.samplers.device_dressing import Wardrobe
from pocketshelf_training.samplers.pair_batches import Batch, Pictures, Step
from pocketshelf_training.samplers.resident import STORED, Pairs

__all__ = ["UniversalTask", "add_arguments", "looks_general", "run", "whiten"]

log = logging.getLogger("pocketshelf.training")

# Things of each source in a batch of 384; with a wardrobe these beside what is made of it: garments worn,
# things placed, and parts of photos.
THINGS = {"grocery": 81, "shop": 64, "clothing": 56, "street": 28, "pairs": 155}
MADE = {"worn": 150, "placed": 50, "parts": 63}
# Of the views that fingers hold, where there is a wardrobe.
HELD = 0.2
SCALE, IDENTITY_SCALE, MARGIN, SMOOTHING = 16.0, 20.0, 0.1, 0.1
WEIGHTS = {"pairs": 1.0, "identity": 0.5, "category": 0.3, "general": 2.0, "features": 1.0, "specialist": 2.0}
STEPS = 50
# Steps in which the rates rise.
WARM = 60
# Where --minutes ends the training.
MOST_EPOCHS = 2000
PROJECTION_POWER = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_arguments(parser, Path("runs/universal"))
    parser.add_argument("--variant", choices=tuple(VARIANTS), default="lite0", help="of the trunk")
    parser.add_argument("--size", type=values.count, default=224, help="input in pixels (default: 224)")
    parser.add_argument("--low", type=values.count, help="input in pixels at first (default: --size)")
    parser.add_argument(
        "--low-share", type=values.share, default=0.7, help="of the time, for how long (default: 0.7)"
    )
    parser.add_argument(
        "--stored",
        type=values.count,
        default=STORED,
        help=f"pixels of pictures in memory (default: {STORED})",
    )
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
        "--without", action="append", default=[], choices=(*SOURCES, *MADE), help="leave a source out"
    )
    parser.add_argument(
        "--wardrobe", type=Path, metavar="DIR", help="of `prepare wardrobe`: dress and place on the device"
    )
    parser.add_argument("--tagged", action="store_true", help="the street photos without masks, too")
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
        "--freeze",
        type=values.whole,
        choices=range(8),
        default=2,
        help="first stages of seven that stay as they are (default: 2)",
    )
    parser.add_argument(
        "--leave-out", metavar="SEED:SHARE", help="groceries that the training must not see, as in 0:0.25"
    )


class UniversalTask(Task[Embedder, Step]):
    """Pairs from many sources, beside what was known before.

    Args:
        gathered: what was read for several trainings; None: it is read for this one.
        network: to be used again; its weights are begun anew.
        wardrobe: what ``--wardrobe`` names, if it is in memory already.
    """

    decay = 0.995
    span: Span

    def __init__(
        self,
        args: argparse.Namespace,
        gathered: Gathered | None = None,
        network: Embedder | None = None,
        wardrobe: Wardrobe | None = None,
    ) -> None:
        self.args = args
        self.epochs = MOST_EPOCHS if args.minutes else args.epochs
        self.span = Span(self.epochs * STEPS, args.minutes)
        torch.manual_seed(args.seed)
        self.weights = weights_with(args.weight, WEIGHTS)
        self.device = compute.choose(args)
        whole = gathered or gather(args)
        if wardrobe is None and args.wardrobe:
            wardrobe = Wardrobe(args.wardrobe, self.device, fabrics(args.data, args.workers).to(self.device))
        without = "grocery" in args.without
        self.left_out = whole.catalogue if without else parse_left_out(args.leave_out, whole.catalogue)
        if looks_general(args):
            whole = whole.seen_by_imagenet(self.device)
        self.gathered = whole.only(args.without, self.left_out)
        self.names, known = self.gathered.names, self.gathered.known
        self.pictures_there = Pictures(known, self.device, wardrobe, whole.categories)
        number = self.names.index("grocery") if "grocery" in self.names else -1
        self.grocery = torch.from_numpy(known.sources == number).to(self.device)
        shares, self.made = self._shares(wardrobe is not None)
        self.pairs = Pairs(known, shares)
        if self.made["worn"]:
            # What is left free by a source that has fewer; batches of one size are the fastest.
            drawn = sum(min(n, len(there)) for n, there in zip(shares, self.pairs.things, strict=True))
            self.made["worn"] += max(0, args.batch - drawn - sum(self.made.values()))
        self.strength = device_views.Strength(held=HELD if wardrobe is not None else 0.0)
        self.network = network or Embedder(
            whole.categories, args.dimension, args.variant, args.size, bias=True
        )
        self.look = self.network.pooled
        self._start()
        compute.placed(self.network, self.device).trunk.freeze_until(args.freeze)
        self._add_teachers()

    def _shares(self, dresses: bool) -> tuple[list[int], dict[str, int]]:
        """Things of each source in a batch, and of what is made for it; lists of pairs share theirs."""
        lists = max(1, sum(name.startswith(LISTS) for name in self.names))
        there = set(np.unique(self.gathered.known.sources))
        wanted = [
            THINGS.get(name, THINGS["pairs"] / lists) * (number in there)
            for number, name in enumerate(self.names)
        ]
        made = {name: count * (dresses and name not in self.args.without) for name, count in MADE.items()}
        scale = self.args.batch / (sum(wanted) + sum(made.values()))
        shares = [max(1, round(scale * each)) if each else 0 for each in wanted]
        return shares, {name: round(scale * count) for name, count in made.items()}

    def _start(self) -> None:
        """ImageNet's trunk with a share of another's; a projection that whitens the pictures there are."""
        known, trunk = self.gathered.known, self.network.trunk.load_imagenet()
        if self.args.start:
            other = self._weights(self.args.start)
            if self.args.share == 1 and self._continues(other):
                return
            mixed = interpolated(trunk.state_dict(), trunk_of(other.state), self.args.share)
            trunk.load_state_dict(mixed)
        compute.placed(self.network, self.device).eval()
        some = torch.from_numpy(np.random.default_rng(self.args.seed).permutation(len(known))[:4000])
        look = both_ways(self.network.pooled)
        whiten(self.network, features_of(look, known.images[some], self.args.size, self.device).cpu().numpy())

    def _weights(self, path: Path) -> Checkpoint:
        """Raises UsageError: they saw products that this training must not see."""
        found = weights_of(path, Embedder.kind)
        refuse_what_saw(path, found, self.left_out)
        return found

    def _view(self, path: Path) -> Tensor:
        """How another embedder sees the pictures."""
        return specialist_view(Embedder.of(self._weights(path)), self.gathered.known, self.device)

    def _continues(self, other: Checkpoint) -> bool:
        """Take up another universal embedder whole, if that is what it is."""
        own = self.network.config | {"size": other.config["size"]}
        if other.config != own:
            return False
        self.network.load_state_dict(other.state)
        return True

    def _add_teachers(self) -> None:
        args, goods = self.args, self.pictures_there.things[self.grocery]
        classes = int(goods.max()) + 1 if len(goods) else 1
        self.general = self._general_view()
        self.special = self._view(args.specialist) if args.specialist and len(goods) else None
        self.proxies = torch.nn.Linear(args.dimension, classes, bias=False).to(self.device)
        self.regression = torch.nn.Linear(self.network.trunk.channels, self.general.shape[1]).to(self.device)
        self.parts = {"proxies": self.proxies, "regression": self.regression}

    def _general_view(self) -> Tensor:
        known = self.gathered.known
        if not (self.weights["general"] or self.weights["features"]):
            return torch.zeros(len(known), 1, device=self.device)
        if self.args.general:
            return self._view(self.args.general)
        return imagenet_view(self.gathered.features, known.shop).to(self.device)

    @property
    def settings(self) -> dict[str, Any]:
        files = {name: getattr(self.args, name) for name in ("start", "general", "specialist")}
        names = {name: path.name if path else None for name, path in files.items()}
        lists = [folder.name for folder in (*self.args.pairs, *self.args.things)]
        free = ("leave_out", "weight", "pairs", "things", "minutes", "epochs", "wardrobe")
        return options.recipe(self.args, free, **names) | {
            "left_out": self.left_out,
            "weights": self.weights,
            "lists": lists,
            "dressed": self.args.wardrobe is not None,
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
        return min(1.0, (step + 1) / WARM) * cosine(self.span.done(step), 0.01)

    def steps(self, epoch: int) -> int:
        return self.args.limit_steps or STEPS

    def batches(self, epoch: int, kept: Embedder) -> Iterator[Step]:
        self.span.begin()

        def make(step: int) -> Step:
            seed = (self.args.seed * 1000 + epoch) * 1000 + step
            return self.pictures_there.step(self.pairs, self.made, seed)

        return compute.ahead(make, range(self.steps(epoch)))

    def pictures(self, batch: Step) -> int:
        return batch.rows.numel() + 2 * (sum(self.made.values()))

    def _size(self, step: int) -> int:
        """Of the input in pixels: small pictures for most of the time, then those of the search."""
        is_low = self.args.low and self.span.done(step) < self.args.low_share
        return self.args.low if is_low else self.args.size

    def losses(self, batch: Step, step: int) -> dict[str, Tensor]:
        rng = torch.Generator(self.device).manual_seed(batch.seed)
        shown = self.pictures_there.shown(batch, rng)
        images = device_views.views(shown.images, self._size(step), self.strength, rng)
        with compute.half(self.device):
            pooled = self.look(images)
        return self._terms(pooled.float(), shown)

    def _terms(self, pooled: Tensor, shown: Batch) -> dict[str, Tensor]:
        vectors = functional.normalize(self.network.embedding(pooled), dim=1)
        first, second = vectors.chunk(2)
        # The pictures that lie in memory; the others were made for this batch, and no teacher saw them.
        own, rows = vectors[shown.resident], shown.rows
        goods = self.grocery[rows]
        general = self.general[rows].float()
        # Where a specialist says how things lie, the general view does not.
        wide = torch.ones_like(goods) if self.special is None else ~goods
        terms = {
            "pairs": contrastive(first, second, shown.things, SCALE).mean(),
            "category": known_cross_entropy(self.network.category(pooled), shown.categories, SMOOTHING),
            "general": relational(own[wide], general[wide], 20.0, 20.0).mean(),
            "features": 1
            - functional.cosine_similarity(self.regression(pooled[shown.resident]), general).mean(),
        }
        if "grocery" in self.names and self.args.without.count("grocery") == 0:
            labels = self.pictures_there.things[rows][goods]
            each = cosface(own[goods], self.proxies.weight, labels, IDENTITY_SCALE, MARGIN, SMOOTHING)
            terms["identity"] = each.mean()
        if self.special is not None:
            terms["specialist"] = relational(own[goods], self.special[rows][goods], 20.0, 20.0).mean()
        return {name: self.weights[name] * term for name, term in terms.items() if self.weights[name]}

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: Embedder) -> dict[str, Any]:
        """Write the average; the last one when the time is over."""
        if self.span.is_over:
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
        log.info("epoch %d, %.1f min, loss %.3f %s", epoch, self.span.gone, sum(losses.values()), figures)
        return meta

    def _look(self, kept: Embedder) -> dict[str, float]:
        """R@1 of val: phone photo → shop's picture, other view → main picture."""
        figures = {}
        for name, held in self.gathered.held.items():
            vectors = specialist_view(kept, held, self.device).cpu().numpy()
            ask, there = ~held.shop, held.shop
            figures[f"{name}_R@1"] = recall_at(
                vectors[ask], held.things[ask], vectors[there], held.things[there], 1
            )
        return figures


def looks_general(args: argparse.Namespace) -> bool:
    """Whether a training keeps ImageNet's view."""
    weights = weights_with(args.weight, WEIGHTS)
    return bool(weights["general"] or weights["features"]) and not args.general


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
