"""Training's speed by device: pictures a second, seconds an epoch, and the share spent waiting for pictures.

Two trainings by the real trainer, networks, losses and augmentations, on drawn pictures (synthetic): for a
time, ImageNet's weights are not needed.

- ``pairs``, as `train universal` goes: all pictures lie on the device, views are made there, 384 things a
  batch (32 on a CPU), Lite0 at 224 pixels, bfloat16.
- ``boxes``, as `train detector` goes: JPEGs are read and changed by ``--workers`` while the network
  computes, 64 pictures of 320 pixels a batch (8 on a CPU).

A step is waited for before the next batch is asked for, so that the share is the device's own. The first
epoch warms up and is left out.

    python benchmarks/training_speed.py [--device cpu|cuda|auto] [--steps 20] [--epochs 3] [--only pairs]

A training that was run says its speed itself: ``--log runs/universal/log.jsonl --chip NAME`` takes a row from
there and trains nothing.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from common import record
from pocketshelf.cli import values
from pocketshelf.errors import PocketshelfError
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.embedder.universal import STEPS
from pocketshelf_training.engine import compute
from pocketshelf_training.engine.schedule import warm_cosine
from pocketshelf_training.engine.task import Task
from pocketshelf_training.engine.trainer import Trainer
from pocketshelf_training.losses.boxes import grid_points
from pocketshelf_training.losses.contrastive import contrastive
from pocketshelf_training.losses.detection import detection_losses
from pocketshelf_training.models.detector import GROUPS, STRIDES, Detector
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.samplers import device_views
from pocketshelf_training.samplers.mixture_batches import Batch, collate
from pocketshelf_training.samplers.pictures import Picture, colour, flip, view

WHAT = "training on drawn pictures (synthetic), and logged runs on real ones"
THINGS = {"cpu": 32, "cuda": 384}
BOXES = {"cpu": 8, "cuda": 64}
STORED, SIZE, DETECTED = 256, 224, 320
JPEGS, SIDE = 64, 640


class Timed(Task[Any, Any]):
    """What both have: a rate, a length, nothing kept."""

    decay = 0.998

    def __init__(self, args: argparse.Namespace, device: torch.device) -> None:
        self.args, self.device, self.epochs = args, device, args.epochs
        self.parts: dict[str, nn.Module] = {}
        self.speeds: list[dict[str, float]] = []
        torch.manual_seed(0)

    @property
    def settings(self) -> dict[str, Any]:
        return {"steps": self.args.steps}

    def parameter_groups(self) -> list[dict[str, Any]]:
        learns = [p for p in self.network.parameters() if p.requires_grad]
        return [{"params": learns, "lr": 1e-4, "weight_decay": 0.03}]

    def rate(self, step: int) -> float:
        return warm_cosine(step, self.epochs * self.args.steps)

    def steps(self, epoch: int) -> int:
        return self.args.steps


class PairsTask(Timed):
    """Two views of each thing find one another; every picture lies on the device."""

    def __init__(self, args: argparse.Namespace, device: torch.device) -> None:
        super().__init__(args, device)
        self.batch = args.batch or THINGS[device.type]
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (max(512, 2 * self.batch), 8, 8, 3)).astype(np.float32)
        drawn = functional.interpolate(torch.from_numpy(coarse).permute(0, 3, 1, 2), STORED, mode="bilinear")
        self.images = drawn.permute(0, 2, 3, 1).to(torch.uint8).contiguous().to(device)
        self.network = Embedder(["thing"], 256, "lite0", SIZE, bias=True)
        compute.placed(self.network, device).trunk.freeze_until(2)

    def batches(self, epoch: int, kept: Embedder) -> Iterator[Tensor]:
        def make(step: int) -> Tensor:
            rng = np.random.default_rng([epoch, step])
            return torch.from_numpy(rng.choice(len(self.images), self.batch, replace=False))

        return compute.ahead(make, range(self.args.steps))

    def pictures(self, batch: Tensor) -> int:
        return 2 * len(batch)

    def losses(self, batch: Tensor, step: int) -> dict[str, Tensor]:
        rng = torch.Generator(self.device).manual_seed(step)
        twice = self.images[torch.cat([batch, batch])]
        images = device_views.views(twice, SIZE, device_views.Strength(), rng)
        with compute.half(self.device):
            pooled = self.network.pooled(images)
        vectors = functional.normalize(self.network.embedding(pooled.float()), dim=1)
        return {"pairs": contrastive(*vectors.chunk(2), batch, 16.0).mean()}


class BoxesTask(Timed):
    """Photos with drawn boxes, read, cropped, turned and coloured by workers; bfloat16 on a GPU."""

    def __init__(self, args: argparse.Namespace, device: torch.device) -> None:
        super().__init__(args, device)
        self.batch = args.batch or BOXES[device.type]
        self.jpegs = [jpeg(number) for number in range(JPEGS)]
        self.network = Detector(size=DETECTED, tied=True)
        self.network.trunk.freeze_until(2)
        compute.placed(self.network, device)

    def batches(self, epoch: int, kept: Detector) -> Iterator[Batch]:
        def make(step: int) -> Batch:
            return collate([self._picture(epoch, step, place) for place in range(self.batch)])

        return compute.ahead(make, range(self.args.steps), self.args.workers)

    def _picture(self, epoch: int, step: int, place: int) -> Picture:
        rng = np.random.default_rng([epoch, step, place])
        data, boxes = self.jpegs[int(rng.integers(JPEGS))]
        groups = rng.integers(0, len(GROUPS), len(boxes))
        photo = decode_photo(data, round(1.5 * DETECTED))
        whole = Picture(Image.fromarray(photo.pixels), boxes * np.float32(photo.scale[0]), groups)
        made = flip(view(whole, DETECTED, rng, 1.0))
        return Picture(colour(made.image, rng, 1.0), made.boxes, made.groups)

    def pictures(self, batch: Batch) -> int:
        return len(batch.images)

    def losses(self, batch: Batch, step: int) -> dict[str, Tensor]:
        points, strides = (part.to(self.device) for part in grid_points(DETECTED, STRIDES))
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            logits, distances = self.network.logits(normalise(batch.images))
        return detection_losses(logits.float(), distances.float(), points, strides, batch.boxes, batch.groups)


TASKS = {"pairs": PairsTask, "boxes": BoxesTask}


def jpeg(number: int) -> tuple[bytes, np.ndarray]:
    """A drawn photo of 640 x 480 with three boxes (3, 4)."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (12, 16, 3)).astype(np.uint8)
    image = Image.fromarray(coarse).resize((SIDE, 480), Image.Resampling.BICUBIC)
    pixels = np.asarray(image, np.float32) + rng.normal(0, 6, (480, SIDE, 1))
    buffer = io.BytesIO()
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    corners = rng.uniform((0, 0), (SIDE - 160, 320), (3, 2))
    return buffer.getvalue(), np.concatenate([corners, corners + 150], 1).astype(np.float32)


def measure(name: str, args: argparse.Namespace, device: torch.device) -> dict[str, Any]:
    """The row of one training: medians over the epochs after the first."""
    with tempfile.TemporaryDirectory() as folder:
        task = TASKS[name](args, device)
        trainer = Trainer(task, Path(folder))
        lines: list[dict[str, Any]] = []
        trainer.record = lines.append  # type: ignore[method-assign]
        trainer.save = lambda: None  # type: ignore[method-assign]
        if device.type == "cuda":
            trainer.optimiser.register_step_post_hook(lambda *_: torch.cuda.synchronize())
        trainer.train()
    speeds = [line["speed"] for line in lines[1:]]
    row = {key: round(float(np.median([speed[key] for speed in speeds])), 4) for key in speeds[0]}
    return {
        **record.where(),
        "training": name,
        "device": device.type,
        "chip": torch.cuda.get_device_name() if device.type == "cuda" else "the machine's cores",
        "threads": torch.get_num_threads(),
        "workers": args.workers,
        "pictures_a_batch": task.batch * (2 if name == "pairs" else 1),
        "steps_an_epoch": args.steps,
        **row,
    }


def logged(path: Path, chip: str) -> dict[str, Any]:
    """The row of a training of universal that was run on a GPU, from its log; the first epoch is left out."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    speeds = [line["speed"] for line in lines[1:] if "speed" in line]
    if not speeds:
        raise PocketshelfError(f"{path}: no epoch after the first says its speed")
    row = {key: round(float(np.median([speed[key] for speed in speeds])), 4) for key in speeds[0]}
    steps = lines[0].get("limit_steps") or STEPS
    return {
        "training": "universal",
        "device": "cuda",
        "chip": chip,
        "threads": None,
        "workers": 0,
        "pictures_a_batch": 2 * lines[0]["batch"],
        "steps_an_epoch": steps,
        "epochs": len(speeds),
        **row,
    }


def merged(rows: list[dict[str, Any]], path: Path) -> list[dict[str, Any]]:
    """The new rows, and what was measured before on other devices."""
    known = record.read(path).get("rows", []) if path.exists() else []
    new = {(row["training"], row["device"]) for row in rows}
    return [row for row in known if (row["training"], row["device"]) not in new] + rows


def main() -> int:
    """Measure, print, write ``results/training_speed.json``."""
    parser = record.parser(__doc__)
    compute.add_arguments(parser)
    parser.add_argument("--steps", type=values.count, default=20, help="an epoch (default 20)")
    parser.add_argument("--epochs", type=values.count, default=3, help="the first is left out (default 3)")
    parser.add_argument("--batch", type=values.count, help="things, or photos, of a batch")
    parser.add_argument("--only", choices=tuple(TASKS), help="one of the two")
    parser.add_argument("--out", type=Path, help="write there (default: results/training_speed.json)")
    parser.add_argument("--log", type=Path, metavar="FILE", help="of a run of `train universal` on a GPU")
    parser.add_argument("--chip", default="a GPU", help="what it ran on, for --log")
    args = parser.parse_args()
    path = args.out or record.RESULTS / "training_speed.json"
    if args.log:
        found = merged([logged(args.log, args.chip)], path)
        record.write_to(path, {"what": WHAT, "rows": found})
        return 0
    device = compute.choose(args)
    logging.disable(logging.INFO)
    rows = []
    for name in [args.only] if args.only else list(TASKS):
        rows.append(measure(name, args, device))
        print(" · ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    record.write_to(path, {"what": WHAT, "rows": merged(rows, path)})
    return 0


if __name__ == "__main__":
    record.run(main)
