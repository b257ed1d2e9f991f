"""Recall of phone photo → shop picture, and category accuracy, for any function from uint8 to outputs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import network_input
from pocketshelf_training.engine.compute import device_of
from pocketshelf_training.metrics.ranking import recall_at, top_accuracy
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.samplers.pools import Pool

__all__ = ["Outputs", "evaluate", "run_torch"]

# (n, h, w, 3) uint8 → unit embeddings (n, d), category logits (n, c).
Outputs = tuple[np.ndarray, np.ndarray]


def run_torch(model: Embedder, images: np.ndarray, batch: int = 64, half: bool = False) -> Outputs:
    """The model on preprocessed images; ``half`` computes in bfloat16 (for looking, not for figures)."""
    model.eval()
    device = device_of(model)
    embeddings, logits = [], []
    with torch.no_grad(), torch.autocast(device.type, dtype=torch.bfloat16, enabled=half):
        for start in range(0, len(images), batch):
            e, c = model(normalise(torch.from_numpy(images[start : start + batch])).to(device))[:2]
            embeddings.append(e.float().cpu().numpy())
            logits.append(c.float().cpu().numpy())
    return np.concatenate(embeddings), np.concatenate(logits)


def evaluate(
    pools: dict[str, Pool],
    preprocessing: Preprocessing,
    run: Callable[[np.ndarray], Outputs],
    split: str,
    teacher_gallery: np.ndarray | None = None,
) -> dict[str, float]:
    """All retrieval and category figures of one split ("val" or "test"), whole frames.

    Args:
        teacher_gallery: unit vectors of the pool "shop" by another network of the same space; then
            asymmetric retrieval is measured as well.
    """

    def outputs(name: str) -> Outputs:
        return run(np.stack([network_input(pixels, preprocessing) for pixels in pools[name].images]))

    shop, queries = pools["shop"], pools[f"grocery-{split}"]
    gallery, _ = outputs("shop")
    embeddings, logits = outputs(f"grocery-{split}")
    figures = {
        f"grocery_shop_R@{k}": recall_at(embeddings, queries.products, gallery, shop.products, k)
        for k in (1, 5, 10)
    }
    if teacher_gallery is not None:
        figures["grocery_asymmetric_R@1"] = recall_at(
            embeddings, queries.products, teacher_gallery, shop.products, 1
        )
    figures["grocery_category_top1"] = top_accuracy(logits, queries.categories, 1)
    if f"clothing-{split}" in pools:
        garments = pools[f"clothing-{split}"]
        _, logits = outputs(f"clothing-{split}")
        figures["clothing_top1"] = top_accuracy(logits, garments.categories, 1)
        figures["clothing_top2"] = top_accuracy(logits, garments.categories, 2)
    return figures
