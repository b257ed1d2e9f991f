"""``pocketshelf-train train stages``: universal, in a fixed time, with draws that leave products out.

First without any grocery; from there with all; and from there again, in the time that is left, once for each
draw without a quarter of them, for a measurement with products that no training saw. Pictures are read once.
Each stage's folder is like that of ``train universal``, and a stage that was finished is not done again.
"""

from __future__ import annotations

import argparse
import logging
import time
from pathlib import Path
from typing import Any

from pocketshelf.cli import values
from pocketshelf.errors import UsageError
from pocketshelf_training.embedder import universal
from pocketshelf_training.embedder.gathered import Gathered, fabrics, gather
from pocketshelf_training.embedder.universal import UniversalTask
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.samplers.device_dressing import Wardrobe

__all__ = ["BEST", "Stages", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

BEST = "average.safetensors"
# Minutes of a draw at least, and what it takes to begin one.
LEAST, BETWEEN = 0.1, 0.1
WITHOUT, DRAW, ALL = "without", "draw-{}", "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    universal.add_arguments(parser)
    parser.set_defaults(run=Path("runs/stages"), minutes=10.0)
    parser.add_argument("--draws", type=values.whole, default=5, help="that leave groceries out (default: 5)")
    parser.add_argument(
        "--first-share", type=values.share, default=0.37, help="of the time without groceries (default: 0.37)"
    )
    parser.add_argument(
        "--all-share", type=values.share, default=0.4, help="of the time with all (default: 0.4)"
    )
    parser.add_argument(
        "--further", type=values.amount, default=0.5, help="rates of what goes on, of --lr's (default: 0.5)"
    )


class Stages:
    """What several trainings share: the pictures, the wardrobe and one network."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.began = args, time.monotonic()
        device = compute.choose(args)
        gathered = gather(args)
        cloth = fabrics(args.data, args.workers) if args.wardrobe else None
        looks = universal.looks_general(args)
        self.gathered: Gathered = gathered.seen_by_imagenet(device) if looks else gathered
        self.wardrobe = Wardrobe(args.wardrobe, device, cloth.to(device)) if cloth is not None else None
        self.network = Embedder(gathered.categories, args.dimension, args.variant, args.size, bias=True)
        log.info("all read after %.1f s", self.gone() * 60)

    def gone(self) -> float:
        """Minutes since the beginning."""
        return (time.monotonic() - self.began) / 60

    def train(self, name: str, **changed: Any) -> None:
        """One stage; ``changed`` are its options."""
        run = self.args.run / name
        if (run / BEST).exists() and not (run / "state.pt").exists():
            log.info("%s is there", run)
            return
        args = argparse.Namespace(**{**vars(self.args), "run": run, **changed})
        log.info("%s: %s", name, f"{args.minutes:.2f} minutes" if args.minutes else f"{args.epochs} epochs")
        task = UniversalTask(args, self.gathered, self.network, self.wardrobe)
        Trainer(task, run).train()
        # What could go on would be taken for unfinished.
        (run / "state.pt").unlink()

    def begin(self, name: str) -> Path:
        """The network as a training begins with it, before any step."""
        path = self.args.run / name / BEST
        if not path.exists():
            task = UniversalTask(self.args, self.gathered, self.network, self.wardrobe)
            path.parent.mkdir(parents=True, exist_ok=True)
            save_checkpoint(
                path, Embedder.kind, self.network.config, self.network.state_dict(), task.settings
            )
        return path


def run(args: argparse.Namespace) -> int:
    for name in ("start", "general", "leave_out"):
        if getattr(args, name):
            raise UsageError(f"--{name.replace('_', '-')}: the stages set it themselves")
    if args.first_share + args.all_share >= 1:
        raise UsageError("--first-share and --all-share: less than 1 together; the draws share the rest")
    stages = Stages(args)
    first = args.run / WITHOUT / BEST
    minutes = args.minutes
    stages.train(
        WITHOUT,
        without=[*args.without, "grocery"],
        minutes=args.first_share * minutes,
        low_share=1.0,
        specialist=None,
    )
    onwards = {"start": first, "share": 1.0, "lr": args.further * args.lr, "low": None}
    stages.train(ALL, minutes=args.all_share * minutes, seed=args.seed + 1, **onwards)
    for seed in range(args.draws):
        own = max(LEAST, (minutes - stages.gone()) / (args.draws - seed) - BETWEEN)
        stages.train(DRAW.format(seed), leave_out=f"{seed}:0.25", minutes=own, specialist=None, **onwards)
    return 0
