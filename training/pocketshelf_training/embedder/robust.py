"""Train an embedder on, to see spoilt photos as good ones: ``pocketshelf-train train robust``.

The embedder that it begins with is the teacher. It sees a part of a picture as it is; the network sees the
same part spoilt (`pocketshelf_training.samplers.spoilt`), or as it is as well, and learns where the teacher's
vector and features lie, and of which category they are (Hinton et al., "Distilling the knowledge in a neural
network", 2015; spoilt for the student alone as in "Noisy student", Xie et al., CVPR 2020), and how the part
ranks all pictures ("CompRess", Koohpayegani et al., NeurIPS 2020). Of a photo whose thing a shop shows, the
teacher sees the shop's picture as often, which the network is to find among all of the shops' ("Asymmetric
metric learning for knowledge transfer", Budnik and Avrithis, CVPR 2021). The space stays: what a head or a
calibration was fitted on, too. Statistics of batches stay as they were, since a batch of spoilt photos is
like no other.
"""

from __future__ import annotations

import argparse
import copy
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from pocketshelf.cli import values
from pocketshelf_training.embedder.gathered import SOURCES, gather
from pocketshelf_training.embedder.general import features_of
from pocketshelf_training.embedder.options import weights_with
from pocketshelf_training.engine import compute, options
from pocketshelf_training.engine.schedule import Span, cosine
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.losses.distillation import to_teacher
from pocketshelf_training.metrics.ranking import recall_at
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.models.start import weights_of
from pocketshelf_training.samplers.resident import STORED, Resident
from pocketshelf_training.samplers.spoilt import spoilt

__all__ = ["RobustTask", "add_arguments", "run", "seen_twice"]

STEPS = 100
WARM = 60
# Where --minutes ends the training.
MOST_EPOCHS = 2000
# Of the parts: those that are a whole picture, the least area of others, and those seen as they are.
WHOLE, LEAST, AS_IT_IS = 0.3, 0.25, 0.3
# Of the photos whose thing a shop shows, those that are to find its picture.
FINDS = 0.5
# Every second picture is in the bank; cosines to it, times so much, are ranks.
EVERY, SCALE = 2, 20.0
WEIGHTS = {"vector": 1.0, "ranks": 0.3, "features": 1.0, "found": 0.2, "kinds": 0.3}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    options.add_arguments(parser, Path("runs/robust"))
    parser.add_argument(
        "--start", type=Path, default=Path("models/universal"), help="embedder, or bundle, to train on"
    )
    parser.add_argument("--epochs", type=values.count, default=20, help=f"of {STEPS} steps (default: 20)")
    parser.add_argument(
        "--minutes", type=values.amount, help="end after so long instead; the rates follow the clock"
    )
    parser.add_argument("--batch", type=values.count, default=64, help="pictures (default: 64)")
    parser.add_argument("--lr", type=values.amount, default=3e-4)
    parser.add_argument(
        "--freeze",
        type=values.whole,
        choices=range(8),
        default=0,
        help="first stages of seven that stay as they are (default: 0)",
    )
    parser.add_argument(
        "--weight", action="append", default=[], metavar="LOSS=VALUE", help=f"of {', '.join(WEIGHTS)}"
    )
    parser.add_argument(
        "--pairs", type=Path, action="append", default=[], metavar="DIR", help="more pictures"
    )
    parser.add_argument("--tagged", action="store_true", help="the street photos without masks, too")
    parser.add_argument("--without", action="append", default=[], choices=SOURCES, help="leave a source out")
    parser.set_defaults(things=[], stored=STORED)


class Views(NamedTuple):
    """What the teacher sees, and what the network does.

    Attributes:
        good, seen: uint8 (n, s, s, 3).
        finds: int64 (n,): which of the shops' pictures the network is to find; -1 where both see one picture.
    """

    good: Tensor
    seen: Tensor
    finds: Tensor


class RobustTask(Task[Embedder, Views]):
    """Spoilt parts of pictures towards what the teacher says of the good ones."""

    decay = 0.998
    clip = 1.0
    span: Span

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.epochs = MOST_EPOCHS if args.minutes else args.epochs
        self.span = Span(self.epochs * STEPS, args.minutes)
        self.weights = weights_with(args.weight, WEIGHTS)
        torch.manual_seed(args.seed)
        self.device = compute.choose(args)
        gathered = gather(args)
        self.known, self.held = gathered.known, gathered.held
        self.images = gathered.known.images.numpy()
        self.origin = weights_of(args.start, Embedder.kind)
        self.network = compute.placed(Embedder.of(self.origin), self.device)
        self.size = self.network.config["size"]
        self.network.trunk.freeze_until(args.freeze)
        self.look = self.network.pooled
        self.teacher = copy.deepcopy(self.network).eval().requires_grad_(False)
        self.shown = np.flatnonzero(self.known.shop)
        self.bank, self.gallery = (
            self._vectors(self.teacher, features_of(self.teacher.pooled, images, self.size, self.device))
            for images in (self.known.images[::EVERY], self.known.images[torch.from_numpy(self.shown)])
        )
        self.things = torch.from_numpy(self.known.things[self.shown]).to(self.device)
        # Thing → places of its pictures in the gallery.
        self.places: dict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(self.shown):
            self.places[int(self.known.things[row])].append(place)
        # A source with four times as many pictures is seen twice as often.
        counts = np.bincount(self.known.sources)
        share = np.sqrt(counts)[self.known.sources] / counts[self.known.sources]
        self.share = share / share.sum()
        self.parts: dict[str, nn.Module] = {}

    @staticmethod
    def _vectors(network: Embedder, pooled: Tensor) -> Tensor:
        return functional.normalize(network.embedding(pooled), dim=1)

    @property
    def settings(self) -> dict[str, Any]:
        said = {"start": self.args.start.name, "weights": self.weights}
        free = ("pairs", "minutes", "epochs", "things", "stored", "weight")
        return options.recipe(self.args, free, **said) | {
            "lists": [folder.name for folder in self.args.pairs]
        }

    def parameter_groups(self) -> list[dict[str, Any]]:
        every = [*self.network.trunk.parameters(), *self.network.embedding.parameters()]
        learns = [each for each in every if each.requires_grad]
        return [{"params": learns, "lr": self.args.lr, "weight_decay": 0.01}]

    def rate(self, step: int) -> float:
        return min(1.0, (step + 1) / WARM) * cosine(self.span.done(step), 0.01)

    def steps(self, epoch: int) -> int:
        return self.args.limit_steps or STEPS

    def batches(self, epoch: int, kept: Embedder) -> Iterator[Views]:
        self.span.begin()

        def make(step: int) -> Views:
            rng = np.random.default_rng((self.args.seed, epoch, step))
            rows = rng.choice(len(self.images), self.args.batch, p=self.share)
            views = [self._view(int(row), rng) for row in rows]
            good, seen, finds = zip(*views, strict=True)
            return Views(*map(torch.from_numpy, (np.stack(good), np.stack(seen), np.array(finds))))

        return compute.ahead(make, range(self.steps(epoch)))

    def _view(self, row: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
        good, seen = seen_twice(self.images[row], self.size, rng)
        places = [] if self.known.shop[row] else self.places.get(int(self.known.things[row]), [])
        if not places or rng.random() > FINDS:
            return good, seen, -1
        place = places[int(rng.integers(len(places)))]
        picture = self.images[self.shown[place]]
        return cv2.resize(picture, (self.size, self.size), interpolation=cv2.INTER_AREA), seen, place

    def _keep_statistics(self) -> None:
        for module in self.network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()

    def pictures(self, batch: Views) -> int:
        return len(batch.seen)

    def losses(self, batch: Views, step: int) -> dict[str, Tensor]:
        self._keep_statistics()
        with compute.half(self.device):
            with torch.no_grad():
                wanted = self.teacher.pooled(_input(batch.good)).float()
            found = self.look(_input(batch.seen)).float()
        target, vectors = self._vectors(self.teacher, wanted), self._vectors(self.network, found)
        ranks = (SCALE * vectors @ self.bank.T).log_softmax(1)
        wanted_ranks = (SCALE * target @ self.bank.T).log_softmax(1)
        finds = batch.finds >= 0
        own = ~finds
        terms = {
            "vector": _mean(to_teacher(vectors, target)[own]),
            "ranks": functional.kl_div(ranks, wanted_ranks, reduction="batchmean", log_target=True),
            "features": _mean(1 - functional.cosine_similarity(found, wanted)[own]),
            "found": _mean(self._found(vectors[finds], batch.finds[finds])),
            "kinds": self._kinds(found, wanted),
        }
        return {name: self.weights[name] * term for name, term in terms.items()}

    def _kinds(self, found: Tensor, wanted: Tensor) -> Tensor:
        """How far what the category head says is from what it said of the good ones; the head stays."""
        said = self.network.category(found).log_softmax(1)
        return functional.kl_div(
            said, self.teacher.category(wanted).log_softmax(1), reduction="batchmean", log_target=True
        )

    def _found(self, vectors: Tensor, places: Tensor) -> Tensor:
        """Cross-entropy (k,) of each finding one of the shops' pictures among those of other things."""
        same = self.things[places][:, None] == self.things
        same[torch.arange(len(places), device=self.device), places] = False
        logits = (SCALE * vectors @ self.gallery.T).masked_fill(same, -1e4)
        return functional.cross_entropy(logits, places, reduction="none")

    def finish_epoch(self, epoch: int, losses: dict[str, float], kept: Embedder) -> dict[str, Any]:
        """Write the average; the last one when the time is over."""
        if self.span.is_over:
            self.epochs = epoch
        figures = self._look(kept) if epoch >= self.epochs else {}
        before = {name: self.origin.meta[name] for name in ("left_out",) if name in self.origin.meta}
        meta = {**before, "epoch": epoch, "val": figures, "losses": losses, **self.settings}
        file = self.args.run / "average.safetensors"
        save_checkpoint(file, Embedder.kind, kept.config, kept.state_dict(), meta)
        return meta

    def _look(self, kept: Embedder) -> dict[str, float]:
        """R@1 of val, of photos as they are and spoilt: phone photo → shop's picture, other view → main."""
        figures = {}
        for name, held in self.held.items():
            for how, photos in (("", held.images), ("_spoilt", self._spoilt(held))):
                vectors = [
                    self._vectors(kept, features_of(kept.pooled, images, self.size, self.device))
                    .cpu()
                    .numpy()
                    for images in (
                        photos[torch.from_numpy(~held.shop)],
                        held.images[torch.from_numpy(held.shop)],
                    )
                ]
                things = held.things[~held.shop], held.things[held.shop]
                figures[f"{name}{how}_R@1"] = recall_at(vectors[0], things[0], vectors[1], things[1], 1)
        return figures

    def _spoilt(self, held: Resident) -> Tensor:
        rng = np.random.default_rng(self.args.seed)
        return torch.from_numpy(np.stack([spoilt(image, rng) for image in held.images.numpy()]))


def _mean(values: Tensor) -> Tensor:
    """Of none: 0."""
    return values.sum() / max(1, len(values))


def _input(images: Tensor) -> Tensor:
    return normalise(images).contiguous(memory_format=torch.channels_last)


def seen_twice(image: np.ndarray, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A random part of a picture, uint8 (s, s, 3), mirrored half of the time: as it is, and spoilt."""
    side = image.shape[0]
    area, aspect = rng.uniform(LEAST, 1), np.exp(rng.uniform(-0.3, 0.3) * np.array((1, -1)))
    wide, high = (1.0, 1.0) if rng.random() < WHOLE else np.minimum(1.0, np.sqrt(area) * aspect)
    x, y = rng.uniform(0, 1 - wide), rng.uniform(0, 1 - high)
    rows, columns = (slice(int(at * side), int((at + of) * side)) for at, of in ((y, high), (x, wide)))
    good = cv2.resize(image[rows, columns], (size, size), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        good = np.ascontiguousarray(good[:, ::-1])
    return good, good if rng.random() < AS_IT_IS else spoilt(good, rng)


def run(args: argparse.Namespace) -> int:
    Trainer(RobustTask(args), args.run).train()
    return 0
