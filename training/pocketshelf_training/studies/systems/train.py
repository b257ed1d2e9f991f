"""Train and measure one system: ``pocketshelf-train train system --system darn``.

All systems get the same pictures in the same order, the same number of steps, input size, optimiser,
learning rates and ImageNet trunk; they differ in what their file says. Checkpoints are written as it
goes, a killed run goes on where it was; at the end ``result.json`` holds the figures on val and test.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from pocketshelf.errors import UsageError
from pocketshelf_training.data.catalog import load_data_set, shown_name
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.metrics.intervals import Figure
from pocketshelf_training.models.checkpoint import save_atomically
from pocketshelf_training.studies.systems.alignment import ALIGNMENTS
from pocketshelf_training.studies.systems.batches import Sampler, positive_share
from pocketshelf_training.studies.systems.darn import DARN
from pocketshelf_training.studies.systems.fashionnet import FashionNet
from pocketshelf_training.studies.systems.frozen import Frozen
from pocketshelf_training.studies.systems.measure import Parts, measure, split_parts
from pocketshelf_training.studies.systems.protocol import System, Vocabulary
from pocketshelf_training.studies.systems.unified import FEATURES, Unified
from pocketshelf_training.studies.systems.views import Views
from pocketshelf_training.studies.systems.wtbi import WTBI

__all__ = ["SYSTEMS", "Trainer", "add_arguments", "build", "run"]

log = logging.getLogger("pocketshelf.training")

SYSTEMS: dict[str, type[System]] = {
    system.name: system for system in (WTBI, DARN, FashionNet, Frozen, Unified)
}
WARM_UP, CLIP, DECAY = 100, 5.0, 0.03
# What a resumed run may not change: the figures would be of neither.
FIXED = (
    "system",
    "feature",
    "align",
    "data_set",
    "attributes",
    "steps",
    "size",
    "seed",
    "lr",
    "products",
    "photos",
    "others",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--system", required=True, choices=tuple(SYSTEMS))
    parser.add_argument(
        "--data-set",
        action="append",
        metavar="NAME[=FOLDER]",
        help="may be repeated (default: grocery, clothing); names as in docs/data.md",
    )
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument(
        "--attributes", default="", help="attributes to learn, by commas, as in sleeve,pattern"
    )
    parser.add_argument(
        "--align", choices=ALIGNMENTS, default="box", help="how garments are brought into the frame"
    )
    parser.add_argument(
        "--feature", choices=FEATURES, default="global", help="of the unified system; local needs landmarks"
    )
    parser.add_argument("--run", type=Path, help="folder of checkpoints (default: runs/systems/SYSTEM)")
    parser.add_argument("--steps", type=int, default=1800, help="the budget, equal for all systems")
    parser.add_argument("--size", type=int, default=160, help="side of the input in pixels, of 32")
    parser.add_argument("--products", type=int, default=14, help="products a batch")
    parser.add_argument("--photos", type=int, default=2, help="street photos of each")
    parser.add_argument("--others", type=int, default=14, help="pictures without identity a batch")
    parser.add_argument(
        "--lr", type=float, default=4e-4, help="of the trunk; new layers learn 4 times as fast"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=int, default=200, help="steps between checkpoints")
    compute.add_arguments(parser)
    parser.add_argument("--limit", type=int, help="queries and gallery of a measurement, for a trial")


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


class Trainer:
    """One run's state."""

    def __init__(self, args: argparse.Namespace) -> None:
        if args.size % 32:
            raise UsageError(f"--size must be a multiple of 32, not {args.size}")
        self.args = args
        self.folder: Path = args.run or Path("runs/systems") / args.system
        self.data_sets = args.data_set or ["grocery", "clothing"]
        self.samples = load_samples(self.data_sets, args.data)
        training = [s for samples in self.samples.values() for s in samples if s.split == "train"]
        attributes = tuple(name for name in args.attributes.split(",") if name)
        vocabulary = Vocabulary.of(training, attributes)
        torch.manual_seed(args.seed)
        if args.feature != FEATURES[0] and (args.system != Unified.name or not vocabulary.landmarks):
            raise UsageError(f"--feature {args.feature} is for the unified system on data with landmarks")
        self.device = compute.choose(args)
        self.system = build(args.system, vocabulary, training, args.feature).to(self.device)
        self.sight = Views(args.align, training)
        counts = (args.products, args.photos, args.others)
        self.sampler = Sampler(training, vocabulary, args.size, args.seed, *counts, self.sight)
        groups = self.system.parameter_groups(args.lr)
        self.optimiser = torch.optim.AdamW(groups, weight_decay=DECAY) if groups else None
        self.rates = [group["lr"] for group in groups]
        self.step = 0

    @property
    def settings(self) -> dict[str, Any]:
        return {name: self.data_sets if name == "data_set" else getattr(self.args, name) for name in FIXED}

    def rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine to a hundredth."""
        warm = min(WARM_UP, self.args.steps // 10)
        if step < warm:
            return (step + 1) / warm
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, self.args.steps - warm)))

    def train(self) -> None:
        """From where it is to the last step."""
        if self.optimiser is None:
            self.step = self.args.steps
            return
        started, first, sums = time.monotonic(), self.step, dict[str, float]()
        self.system.train()
        for batch in self.sampler.batches(self.step, self.args.steps, self.args.workers):
            for group, start in zip(self.optimiser.param_groups, self.rates, strict=True):
                group["lr"] = start * self.rate(self.step)
            self.system.begin(self.step, self.args.steps)
            terms = self.system.losses(compute.moved(batch, self.device))
            if terms:
                self._descend(torch.stack(list(terms.values())).sum())
            for name, term in terms.items():
                sums[name] = 0.95 * sums.get(name, term.item()) + 0.05 * term.item()
            self.step += 1
            if self.step % 20 == 0 or self.step == self.args.steps:
                pace = (time.monotonic() - started) / (self.step - first)
                shown = " ".join(f"{name} {value:.3f}" for name, value in sums.items())
                left = pace * (self.args.steps - self.step) / 60
                log.info("step %d/%d %s, %.0f min left", self.step, self.args.steps, shown, left)
            if self.step % self.args.save_every == 0:
                self.save()
        self.save()

    def _descend(self, loss: torch.Tensor) -> None:
        assert self.optimiser is not None
        self.optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.system.parameters(), CLIP)
        self.optimiser.step()

    def save(self) -> None:
        """The whole state, in one file that is replaced at once."""
        state = {
            "settings": self.settings,
            "step": self.step,
            "system": self.system.state_dict(),
            "optimiser": self.optimiser.state_dict() if self.optimiser else {},
        }
        save_atomically(self.folder / "state.pt", state)

    def resume(self) -> None:
        """Go on with ``state.pt``, if there is one.

        Raises:
            UsageError: it was started with other settings.
        """
        path = self.folder / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, map_location="cpu", weights_only=True)
        changed = [name for name, value in self.settings.items() if state["settings"][name] != value]
        if changed:
            raise UsageError(
                f"{path} was begun with another --{changed[0].replace('_', '-')}; name a new --run"
            )
        self.system.load_state_dict(state["system"])
        if self.optimiser:
            self.optimiser.load_state_dict(state["optimiser"])
        self.step = state["step"]
        log.info("resumed after step %d", self.step)

    def figures(self, split: str) -> dict[str, Figure]:
        """See `measure`; every data set by itself, its name before the figure's."""
        found: dict[str, Figure] = {}
        for name, samples in self.samples.items():
            row = measure(self.system, self._parts(samples, split), self.args.size, self.sight)
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
    keep_freed_memory()
    trainer = Trainer(args)
    trainer.resume()
    trainer.train()
    figures: dict[str, dict[str, Figure]] = {}
    for split in ("val", "test"):
        log.info("measuring %s", split)
        figures[split] = trainer.figures(split)
        for name, figure in figures[split].items():
            log.info("%s %s: %s", split, name, figure)
    write_result(trainer, figures, print)
    return 0


def write_result(trainer: Trainer, figures: dict[str, dict[str, Figure]], say: Callable[[str], None]) -> None:
    """``result.json`` in the run's folder, and the same on standard output."""
    parameters = sum(p.numel() for p in trainer.system.parameters())
    document = {
        "system": trainer.system.name,
        "source": trainer.system.source,
        "settings": trainer.settings,
        "parameters": parameters,
        "figures": {
            split: {name: figure._asdict() for name, figure in row.items()} for split, row in figures.items()
        },
    }
    text = json.dumps(document, indent=1)
    trainer.folder.mkdir(parents=True, exist_ok=True)
    (trainer.folder / "result.json").write_text(text + "\n", encoding="utf-8")
    say(text)
