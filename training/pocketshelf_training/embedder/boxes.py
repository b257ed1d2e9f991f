"""Boxes for photos that have none, from what the trained embedder looks at.

A class activation map (Zhou et al., CVPR 2016): everything after the pooling is linear, so the score
of a class is the mean over places of (its weight vector · features there). For a product the weight
vector is its shop picture's embedding, brought back through the embedding layer; for a garment it is
the category head's row. The box of the map's strong part teaches the detector where the goods are.
"""

from __future__ import annotations

import argparse
import csv
import logging
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pocketshelf.cli import values
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import network_input
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.engine.allocator import keep_freed_memory
from pocketshelf_training.engine.compute import CPU, half
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.outputs import require_folder
from pocketshelf_training.samplers.pools import Pool, load_pools

__all__ = ["activation_box", "add_arguments", "run"]

log = logging.getLogger("pocketshelf.training")

# Twice the input's resolution: the last map is then 14 x 14.
SIZE = 448


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, default=Path("runs/embedder/best.safetensors"))
    add_data(parser)
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder for the two CSV files")
    parser.add_argument("--threshold", type=values.share, default=0.35, help="share of the map's maximum")
    parser.add_argument(
        "--garments", type=values.whole, default=1200, help="how many garment photos, drawn by seed 0"
    )
    parser.add_argument("--goods", action=argparse.BooleanOptionalAction, default=True)


def activation_box(heat: np.ndarray, threshold: float) -> tuple[float, float, float, float]:
    """The box (x, y, w, h, as shares of the frame) around what exceeds ``threshold`` of the maximum.

    A column or row counts when its strongest place does; single weak outliers at the rim are the
    threshold's concern.
    """
    rows, columns = heat.shape
    strong = Image.fromarray((heat >= threshold * heat.max()).astype(np.uint8))
    x0, y0, x1, y1 = strong.getbbox() or (0, 0, columns, rows)
    return x0 / columns, y0 / rows, (x1 - x0) / columns, (y1 - y0) / rows


@torch.no_grad()
def heat_maps(model: Embedder, pool: Pool, weights: Tensor, labels: np.ndarray) -> list[np.ndarray]:
    """One map (14 x 14, ≥ 0) a picture, of its own label's row in ``weights`` (c, 1280)."""
    maps: list[np.ndarray] = []
    for start in range(0, len(pool), 32):
        chosen = slice(start, start + 32)
        views = [network_input(pixels, Preprocessing((SIZE, SIZE))) for pixels in pool.images[chosen]]
        with half(CPU):
            features = model.trunk(normalise(torch.from_numpy(np.stack(views)))).float()
        heat = torch.einsum("nchw,nc->nhw", features, weights[torch.from_numpy(labels[chosen])])
        maps.extend(heat.clamp(min=0).numpy())
    return maps


def _write(path: Path, pool: Pool, maps: list[np.ndarray], root: Path, threshold: float) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["photo", "label", "x", "y", "w", "h"])
        for sample, pixels, heat in zip(pool.samples, pool.images, maps, strict=True):
            height, width = pixels.shape[:2]
            x, y, w, h = activation_box(heat, threshold)
            box = (round(v, 1) for v in (x * width, y * height, w * width, h * height))
            writer.writerow([sample.image.relative_to(root), sample.category, *box])
    log.info("%s: %d boxes", path, len(maps))


def run(args: argparse.Namespace) -> int:
    require_folder("--out", args.out)
    keep_freed_memory()
    model = Embedder.from_checkpoint(args.checkpoint)
    root = data_root(args.data)
    products = [s.identity or "" for s in grocery.shop_pictures(root)]
    pools = load_pools(str(root), products, model.categories)
    with torch.no_grad():
        pictures = np.stack([network_input(p, model.preprocessing) for p in pools["shop"].images])
        vectors = model(normalise(torch.from_numpy(pictures)))[0] @ model.embedding.weight
    args.out.mkdir(parents=True, exist_ok=True)
    if args.goods:
        photos = pools["grocery-train"]
        maps = heat_maps(model, photos, vectors, photos.products)
        _write(args.out / "goods-boxes.csv", photos, maps, root, args.threshold)
    garments = _some(pools["clothing-train"], args.garments)
    maps = heat_maps(model, garments, model.category.weight, garments.categories)
    _write(args.out / "garment-boxes.csv", garments, maps, root, args.threshold)
    return 0


def _some(pool: Pool, count: int) -> Pool:
    """``count`` pictures of a pool, the same ones every time."""
    return pool.only(np.sort(np.random.default_rng(0).permutation(len(pool))[:count]))
