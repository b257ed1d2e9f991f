"""Retrieval and category figures of a bundle on the grocery and clothing photos."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from training.data import clothing, grocery
from training.data.protocol import Sample, data_root
from training.embedder.evaluate import run_torch
from training.embedder.pools import load_pools
from training.evaluate import commands
from training.evaluate.metrics import Figure, mean_with_interval
from training.models.embedder import Embedder

__all__ = ["clothing_figures", "float_figures", "grocery_figures"]

KS = (1, 5)


def _hit_ids(result: dict[str, Any]) -> list[str]:
    """The first region's products: it is what the app shows first. A photo that failed has none."""
    regions = result.get("regions") or []
    return [hit["product_id"] for hit in regions[0]["hits"]] if regions else []


def _top_categories(result: dict[str, Any]) -> list[str]:
    regions = result.get("regions") or []
    return [name for name, _ in regions[0]["categories"]] if regions else []


def _recalls(results: list[dict[str, Any]], samples: list[Sample]) -> dict[str, Figure]:
    return {
        f"R@{k}": mean_with_interval(
            [float(s.identity in _hit_ids(r)[:k]) for r, s in zip(results, samples, strict=True)]
        )
        for k in KS
    }


def grocery_figures(
    root: str | None, bundle: Path, split: str, ways: tuple[str, ...] = ("whole", "detection")
) -> dict[str, dict[str, Figure]]:
    """Phone photo → the shop's picture of 81 products, through ``build`` and ``search``.

    Returns:
        For each of ``ways``: R@1, R@5, and the 43 categories' top-1.
    """
    samples = [s for s in grocery.load(root) if s.domain == "street" and s.split == split]
    photos = [s.image for s in samples]
    rows = {}
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        commands.build_store(data_root(root) / "grocery" / "products.csv", store, bundle)
        for name in ways:
            results = commands.search(photos, store, bundle, whole=name == "whole")
            rows[name] = _recalls(results, samples)
            rows[name]["category top-1"] = mean_with_interval(
                [float(s.category in _top_categories(r)[:1]) for r, s in zip(results, samples, strict=True)]
            )
    return rows


def clothing_figures(
    root: str | None, bundle: Path, split: str = "val", whole: bool = True
) -> dict[str, Figure]:
    """The ten main garment labels, top-1 and top-2 of the frame's (or the first region's) categories."""
    samples = [s for s in clothing.load(root) if s.category and s.split == split]
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        commands.build_store(data_root(root) / "grocery" / "products.csv", store, bundle)
        results = commands.search([s.image for s in samples], store, bundle, whole=whole)
    tops = [_top_categories(r) for r in results]
    return {
        f"top-{k}": mean_with_interval(
            [float(s.category in t[:k]) for t, s in zip(tops, samples, strict=True)]
        )
        for k in (1, 2)
    }


def float_figures(root: str | None, weights: Path, split: str) -> dict[str, Figure]:
    """The same retrieval by the PyTorch model in float32, exact search: what int8 is held against."""
    model = Embedder.from_checkpoint(weights)
    shop = [s for s in grocery.load(root) if s.domain == "shop"]
    pools = load_pools(root, [s.identity or "" for s in shop], model.categories)
    apply = model.preprocessing.apply

    def vectors(name: str) -> np.ndarray:
        return run_torch(model, np.stack([apply(pixels) for pixels in pools[name].images]))[0]

    queries = pools[f"grocery-{split}"]
    order = np.argsort(-vectors(f"grocery-{split}") @ vectors("shop").T, axis=1)
    found = pools["shop"].products[order]
    return {
        f"R@{k}": mean_with_interval((found[:, :k] == queries.products[:, None]).any(1).astype(float))
        for k in KS
    }
