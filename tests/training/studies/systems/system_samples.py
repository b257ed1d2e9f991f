"""A drawn shop for the systems' tests: products of one colour, with attributes and landmarks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.samplers.labelled import Batch, Vocabulary

__all__ = ["VOCABULARY", "drawn_samples", "random_batch"]

LANDMARKS = ("left hem", "right hem")
VOCABULARY = Vocabulary(
    ("p0", "p1", "p2"), ("Shirt", "Shoe"), {"sleeve": ("long", "short"), "tone": ("dark", "light")}, LANDMARKS
)


def random_batch(size: int = 32, seed: int = 0) -> Batch:
    """Three products with a shop picture and two photos each, and two garments without identity."""
    rng = torch.Generator().manual_seed(seed)
    shop = torch.tensor([True, False, False] * 3 + [False, False])
    return Batch(
        torch.randn(11, 3, size, size, generator=rng),
        shop,
        torch.tensor([0, 0, 0, 1, 1, 1, 2, 2, 2, -1, -1]),
        torch.tensor([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, -1]),
        {
            "sleeve": torch.tensor([0, 0, 0, 1, 1, 1, 0, -1, -1, 1, -1]),
            "tone": torch.full((11,), -1),
        },
        torch.rand(11, 2, 2, generator=rng),
        torch.tensor([[1, 0]] * 9 + [[1, 1], [-1, -1]]),
    )


def drawn_samples(folder: Path, products: int = 4) -> list[Sample]:
    """Products with a shop picture, three training photos, one of val and of test; four loose garments."""
    rng = np.random.default_rng(0)
    samples = []

    def draw(name: str, colour: np.ndarray, noise: float) -> Path:
        path = folder / f"{name}.png"
        pixels = colour + rng.normal(0, noise, (72, 72, 3))
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
        return path

    for product in range(products):
        colour = rng.uniform(20, 235, 3)
        category = "Shirt" if product % 2 else "Shoe"
        attributes = {"sleeve": "long" if product < 2 else "short"}
        marks = {"left hem": (18.0, 60.0, True), "right hem": (54.0, 60.0, product % 2 == 0)}
        shared = (f"p{product}", category, (), attributes, marks)
        samples.append(Sample(draw(f"shop{product}", colour, 1), "train", "shop", *shared))
        for number, split in enumerate(("train", "train", "train", "val", "test")):
            image = draw(f"photo{product}_{number}", colour, 40)
            samples.append(Sample(image, split, "street", *shared))
    for number in range(4):
        split = "train" if number < 3 else "val"
        image = draw(f"loose{number}", rng.uniform(0, 255, 3), 20)
        samples.append(Sample(image, split, "street", None, "Shirt"))
    return samples
