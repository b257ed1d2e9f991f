"""Recall of phone photo → shop picture, and category accuracy, of val on the way: whole frames, bfloat16."""

from __future__ import annotations

import numpy as np

from pocketshelf_training.embedder.targets import Extractor
from pocketshelf_training.metrics.ranking import recall_at, top_accuracy
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.samplers.pools import Pool

__all__ = ["evaluate"]


def evaluate(
    network: Embedder,
    pools: dict[str, Pool],
    extractor: Extractor,
    teacher_gallery: np.ndarray | None = None,
) -> dict[str, float]:
    """All retrieval and category figures.

    Args:
        teacher_gallery: unit vectors of the pool "shop" by another network of the same space; then
            asymmetric retrieval is measured as well.
    """

    def outputs(name: str) -> list[np.ndarray]:
        found = extractor.outputs(network, network.preprocessing, pools[name])
        return [output.cpu().numpy() for output in found]

    shop, queries = pools["shop"], pools["grocery-val"]
    gallery = outputs("shop")[0]
    embeddings, logits, *_ = outputs("grocery-val")
    figures = {
        f"grocery_shop_R@{k}": recall_at(embeddings, queries.products, gallery, shop.products, k)
        for k in (1, 5, 10)
    }
    if teacher_gallery is not None:
        figures["grocery_asymmetric_R@1"] = recall_at(
            embeddings, queries.products, teacher_gallery, shop.products, 1
        )
    figures["grocery_category_top1"] = top_accuracy(logits, queries.categories, 1)
    if garments := pools.get("clothing-val"):
        logits = outputs("clothing-val")[1]
        figures["clothing_top1"] = top_accuracy(logits, garments.categories, 1)
        figures["clothing_top2"] = top_accuracy(logits, garments.categories, 2)
    return figures
