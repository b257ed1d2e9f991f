"""Train and measure one system: ``pocketshelf-train train system --system darn``.

All systems get the same pictures in the same order, the same number of steps, input size, optimiser,
learning rates and ImageNet trunk; they differ in what their file says. Checkpoints are written as it
goes, a killed run goes on where it was; at the end ``result.json`` holds the figures on val and test.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import load_data_set, shown_name
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine import compute, options
from pocketshelf_training.engine.schedule import warm_cosine
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.metrics.intervals import Figure, plain
from pocketshelf_training.samplers.aligned import Views
from pocketshelf_training.samplers.alignment import ALIGNMENTS
from pocketshelf_training.samplers.identity_batches import IdentitySampler, positive_share
from pocketshelf_training.samplers.labelled import Batch, Vocabulary
from pocketshelf_training.studies.systems.darn import DARN
from pocketshelf_training.studies.systems.fashionnet import FashionNet
from pocketshelf_training.studies.systems.frozen import Frozen
from pocketshelf_training.studies.systems.measure import Parts, measure, split_parts
from pocketshelf_training.studies.systems.protocol import System
from pocketshelf_training.studies.systems.unified import FEATURES, Unified
from pocketshelf_training.studies.systems.wtbi import WTBI

__all__ = ["SYSTEMS", "SystemTask", "add_arguments", "build", "run"]

log = logging.getLogger("pocketshelf.training")

SYSTEMS: dict[str, type[System]] = {
    system.name: system for system in (WTBI, DARN, FashionNet, Frozen, Unified)
}
WARM_UP, DECAY = 100, 0.03


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--system", required=True, choices=tuple(SYSTEMS))
    parser.add_argument(
        "--data-set",
        action="append",
        metavar="NAME[=FOLDER]",
        help="may be repeated (default: grocery, clothing); names as in docs/data.md",
    )
    parser.add_argument(
        "--attributes", default="", help="attributes to learn, by commas, as in sleeve,pattern"
    )
    parser.add_argument(
        "--align", choices=ALIGNMENTS, default="box", help="how garments are brought into the frame"
    )
    parser.add_argument(
        "--feature", choices=FEATURES, default="global", help="of the unified system; local needs landmarks"
    )
    parser.add_argument("--steps", type=values.count, default=1800, help="the budget, equal for all systems")
    parser.add_argument("--size", type=values.count, default=160, help="side of the input in pixels, of 32")
    parser.add_argument("--products", type=values.count, default=14, help="products a batch")
    parser.add_argument("--photos", type=values.count, default=2, help="street photos of each")
    parser.add_argument("--others", type=values.whole, default=14, help="pictures without identity a batch")
    parser.add_argument(
        "--lr", type=values.amount, default=4e-4, help="of the trunk; new layers learn 4 times as fast"
    )
    parser.add_argument("--save-every", type=values.count, default=200, help="steps between checkpoints")
    options.add_arguments(parser, Path("runs/systems/SYSTEM"), by_epochs=False)
    parser.set_defaults(run=None)
    parser.add_argument(
        "--limit", type=values.count, help="queries and gallery of a measurement, for a trial"
    )


def load_samples(data_sets: list[str], data: str | None) -> dict[str, list[Sample]]:
    """The samples of every NAME or NAME=FOLDER, by name."""
    samples: dict[str, list[Sample]] = {}
    for entry in data_sets:
        name, _, folder = entry.partition("=")
        samples.setdefault(name, []).extend(load_data_set(name, folder or data))
    return samples


def build(name: str, vocabulary: Vocabulary, training: list[Sample], feature: str = FEATURES[0]) -> System:
    """A new system, with what it wants to know of the training samples."""
    if name == FashionNet.name:
        return FashionNet(vocabulary, positive_share(training, vocabulary))
    if name == Unified.name:
        return Unified(vocabulary, feature=feature)
    return SYSTEMS[name](vocabulary)


class SystemTask(Task[System, Batch]):
    """One system on its data sets; an epoch is what lies between two checkpoints."""

    def __init__(self, args: argparse.Namespace) -> None:
        if args.size % 32:
            raise UsageError(f"--size must be a multiple of 32, not {args.size}")
        self.args, self.parts = args, {}
        self.data_sets = args.data_set or ["grocery", "clothing"]
        self.samples = load_samples(self.data_sets, args.data)
        training = [s for samples in self.samples.values() for s in samples if s.split == "train"]
        attributes = tuple(name for name in args.attributes.split(",") if name)
        vocabulary = Vocabulary.of(training, attributes)
        torch.manual_seed(args.seed)
        if args.feature != FEATURES[0] and (args.system != Unified.name or not vocabulary.landmarks):
            raise UsageError(f"--feature {args.feature} is for the unified system on data with landmarks")
        device = compute.choose(args)
        self.network = build(args.system, vocabulary, training, args.feature).to(device)
        self.epochs = -(-args.steps // args.save_every) if self.parameter_groups() else 0
        self.views = Views(args.align, training)
        counts = (args.products, args.photos, args.others)
        self.sampler = IdentitySampler(training, vocabulary, args.size, args.seed, *counts, self.views)
        if self.epochs and not (self.sampler.names or self.sampler.loose):
            raise UsageError(
                "nothing of split train to learn from: no product has a customer's photo (domain street) and "
                "a shop's picture, and no picture is without a product"
            )

    @property
    def settings(self) -> dict[str, Any]:
        return self.recipe | {"save_every": self.args.save_every}

    @property
    def recipe(self) -> dict[str, Any]:
        """What the figures depend on."""
        return options.recipe(self.args, free=["limit", "save_every"], data_set=self.data_sets)

    @property
    def learnt_from(self) -> dict[str, Any]:
        known = self.sampler.vocabulary
        attributes = {name: list(labels) for name, labels in known.attributes.items()}
        names = {"products": known.identities, "categories": known.categories, "landmarks": known.landmarks}
        return {name: list(labels) for name, labels in names.items()} | {"attributes": attributes}

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [group | {"weight_decay": DECAY} for group in self.network.parameter_groups(self.args.lr)]

    def rate(self, step: int) -> float:
        return warm_cosine(step, self.args.steps, min(WARM_UP, self.args.steps // 10))

    def steps(self, epoch: int) -> int:
        return min(self.args.save_every, self.args.steps - epoch * self.args.save_every)

    def batches(self, epoch: int, kept: System) -> Iterator[Batch]:
        first = epoch * self.args.save_every
        return self.sampler.batches(first, first + self.steps(epoch), self.args.workers)

    def pictures(self, batch: Batch) -> int:
        return len(batch.images)

    def losses(self, batch: Batch, step: int) -> dict[str, Tensor]:
        self.network.begin(step, self.args.steps)
        return self.network.losses(batch)

    def figures(self, split: str) -> dict[str, Figure]:
        """See `measure`; every data set by itself, its name before the figure's."""
        found: dict[str, Figure] = {}
        for name, samples in self.samples.items():
            row = measure(self.network, self._parts(samples, split), self.args.size, self.views)
            found |= {f"{shown_name(name)}: {figure}": value for figure, value in row.items()}
        return found

    def _parts(self, samples: list[Sample], split: str) -> Parts:
        parts = split_parts(samples, split)
        if limit := self.args.limit:
            wanted = {s.identity for s in parts.queries[:limit]}
            gallery = [s for s in parts.gallery if s.identity in wanted]
            return parts._replace(queries=parts.queries[:limit], gallery=gallery, others=parts.others[:limit])
        return parts


def run(args: argparse.Namespace) -> int:
    folder: Path = args.run or Path("runs/systems") / args.system
    task = SystemTask(args)
    if task.epochs:
        Trainer(task, folder).train()
    figures: dict[str, dict[str, Figure]] = {}
    for split in ("val", "test"):
        log.info("measuring %s", split)
        figures[split] = task.figures(split)
        for name, figure in figures[split].items():
            log.info("%s %s: %s", split, name, figure)
    text = json.dumps(document(task, figures), indent=1)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "result.json").write_text(text + "\n", encoding="utf-8")
    tell_lines(text)
    return 0


def document(task: SystemTask, figures: dict[str, dict[str, Figure]]) -> dict[str, Any]:
    """What ``result.json`` says."""
    return {
        "system": task.network.name,
        "source": task.network.source,
        "settings": task.recipe,
        "parameters": sum(p.numel() for p in task.network.parameters()),
        "figures": plain(figures),
    }
