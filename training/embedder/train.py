"""Train the embedder: products by proxies and by the shop's own pictures, categories by a head.

``python -m training train embedder --run runs/embedder`` writes checkpoints, a log and, at the end,
``best.pt``: the averaged weights (EMA) of the epoch with the best R@1 on val. A killed run goes on
where it was.
"""

from __future__ import annotations

import argparse
import copy
import json
import logging
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from training.allocator import keep_freed_memory
from training.data import grocery
from training.data.clothing import MAIN_LABELS
from training.embedder.batches import Batch, Batches, Pool, load_pools
from training.embedder.evaluate import evaluate, run_torch
from training.embedder.losses import cosface, to_gallery
from training.models.checkpoint import save_checkpoint
from training.models.embedder import Embedder, normalise

__all__ = ["add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

BATCH = {"grocery-train": 40, "shop": 8, "clothing-train": 16}
# Small pictures first: most of what is learnt does not need the pixels (Touvron et al., NeurIPS 2019).
SIZES = ((0.42, 144), (0.78, 176), (1.01, 192))
EMA_DECAY = 0.997


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--run", type=Path, default=Path("runs/embedder"), help="folder of checkpoints and log"
    )
    parser.add_argument("--data", help="folder of the real photos (default: POCKETSHELF_DATA)")
    parser.add_argument("--epochs", type=int, default=28)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lr", type=float, default=5e-4, help="of the trunk; heads learn 4 times as fast")
    parser.add_argument("--limit-steps", type=int, help="steps an epoch, for a trial")


class Trainer:
    """The state of one run: model, its average, proxies, optimiser, epoch."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        torch.manual_seed(args.seed)
        catalogue = [s for s in grocery.load(args.data) if s.domain == "shop"]
        self.products = [s.identity or "" for s in catalogue]
        categories = sorted({s.category or "" for s in catalogue}) + list(MAIN_LABELS)
        self.pools: dict[str, Pool] = load_pools(args.data, self.products, categories)
        self.model = Embedder(categories)
        self.model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.model.trunk.load_imagenet()
        self.model.trunk.freeze_until(2)
        self.average = copy.deepcopy(self.model).eval()
        # One proxy a product, and one a garment label, whose pull is weak: it orders, it must not collapse.
        self.proxies = nn.Parameter(torch.randn(len(self.products) + len(MAIN_LABELS), 128) * 0.1)
        self.first_garment = len(categories) - len(MAIN_LABELS)
        steps = len(self.pools["grocery-train"]) // BATCH["grocery-train"]
        self.steps = min(steps, args.limit_steps or steps)
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in self.model.trunk.parameters() if p.requires_grad], "lr": args.lr},
                {
                    "params": [*self.model.embedding.parameters(), *self.model.category.parameters()],
                    "lr": 4 * args.lr,
                },
                {"params": [self.proxies], "lr": 4 * args.lr, "weight_decay": 0.0},
            ],
            weight_decay=0.03,
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimiser, self._rate)
        self.epoch, self.best = 0, 0.0

    def _rate(self, step: int) -> float:
        """Linear warm-up, then half a cosine to a hundredth."""
        total, warm = self.args.epochs * self.steps, 100
        if step < warm:
            return (step + 1) / warm
        return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, total - warm)))

    def loss(self, batch: Batch, gallery: Tensor) -> Tensor:
        embeddings, logits = self.model(batch.images)
        garment = batch.products < 0
        labels = torch.where(
            garment, batch.categories - self.first_garment + len(self.products), batch.products
        )
        proxy = cosface(embeddings, self.proxies, labels, scale=20.0, margin=0.1, smoothing=0.1)
        weight = torch.where(garment, 0.3, 1.0)
        total = (weight * proxy).mean()
        queries = ~garment & ~batch.shop
        total = total + 0.5 * to_gallery(embeddings[queries], gallery, batch.products[queries], 20.0).mean()
        return total + 0.5 * nn.functional.cross_entropy(logits, batch.categories, label_smoothing=0.1)

    def shop_vectors(self) -> Tensor:
        """The shop pictures' vectors by the averaged model, refreshed every epoch."""
        apply = self.model.preprocessing.apply
        images = torch.from_numpy(np.stack([apply(p) for p in self.pools["shop"].images]))
        with torch.no_grad():
            return self.average(normalise(images))[0]

    def train_epoch(self) -> float:
        progress = self.epoch / self.args.epochs
        size = next(size for share, size in SIZES if progress < share)
        batches = Batches(self.pools, BATCH, size, self.args.seed * 1000 + self.epoch)
        gallery = self.shop_vectors()
        self.model.train()
        total, started = 0.0, time.monotonic()
        for step, batch in enumerate(batches):
            if step >= self.steps:
                break
            loss = self.loss(batch, gallery)
            self.optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.optimiser.step()
            self.schedule.step()
            self._follow(self.epoch * self.steps + step)
            total += loss.item()
            if step % 20 == 19:
                pace = (time.monotonic() - started) / (step + 1)
                left = pace * ((self.args.epochs - self.epoch) * self.steps - step - 1)
                log.info(
                    "epoch %d step %d/%d size %d loss %.3f, %.0f min left",
                    *(self.epoch + 1, step + 1, self.steps, size, total / (step + 1), left / 60),
                )
        return total / self.steps

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

    def save(self, figures: dict[str, float]) -> None:
        folder: Path = self.args.run
        meta = {"epoch": self.epoch, "seed": self.args.seed, "epochs": self.args.epochs, "val": figures}
        config = self.model.config
        if figures and figures["grocery_shop_R@1"] >= self.best:
            self.best = figures["grocery_shop_R@1"]
            save_checkpoint(folder / "best.pt", "embedder", config, self.average.state_dict(), meta)
        save_checkpoint(folder / "average.pt", "embedder", config, self.average.state_dict(), meta)
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "proxies": self.proxies.data,
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
        }
        torch.save(state, folder / "state.tmp")
        (folder / "state.tmp").replace(folder / "state.pt")
        with (folder / "log.jsonl").open("a") as stream:
            stream.write(json.dumps(meta) + "\n")

    def resume(self) -> None:
        path = self.args.run / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.proxies.data.copy_(state["proxies"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.epoch, self.best = state["epoch"], state["best"]
        log.info("resumed after epoch %d", self.epoch)


def run(args: argparse.Namespace) -> int:
    keep_freed_memory()
    args.run.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(args)
    trainer.resume()
    while trainer.epoch < args.epochs:
        loss = trainer.train_epoch()
        trainer.epoch += 1
        figures: dict[str, float] = {}
        if trainer.epoch % 3 == 1 or trainer.epoch >= args.epochs - 2:
            run_half = lambda images: run_torch(trainer.average, images, half=True)  # noqa: E731
            figures = evaluate(trainer.pools, trainer.model.preprocessing, run_half, "val")
        log.info("epoch %d loss %.3f %s", trainer.epoch, loss, json.dumps(figures))
        trainer.save(figures)
    return 0
