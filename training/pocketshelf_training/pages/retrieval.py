"""Retrieval and category figures of a bundle on the grocery and clothing photos."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from pocketshelf_training.data import clothing, grocery
from pocketshelf_training.data.protocol import Sample, data_root
from pocketshelf_training.metrics.embedder_figures import search_all
from pocketshelf_training.metrics.intervals import Figure, mean_with_interval
from pocketshelf_training.predict import commands
from pocketshelf_training.predict.asker import Asker
from pocketshelf_training.predict.searches import choose, choose_split
from pocketshelf_training.predict.subject import open_subject

__all__ = ["KS", "clothing_figures", "exact_figures", "grocery_figures"]

# As many as the command answers unless it is asked for more.
KS = (1, 5, 10)


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
        For each of ``ways``: R@1, R@5, R@10, and the 43 categories' top-1.
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


def exact_figures(root: str | None, model: Path, split: str, cache: Path) -> dict[str, dict[str, Figure]]:
    """What the embedder alone reaches: whole frames, every gallery picture ranked exactly.

    Args:
        model: a checkpoint or model file, as `pocketshelf_training.predict.subject.open_subject` takes.

    Returns:
        For street → shop and for photo → training photos: recalls, and mean average precision.
    """
    samples = grocery.load(root)
    asker = Asker(open_subject(model, "embedder"), cache, label=f"{model.name}, grocery {split}")
    searches = choose(samples, choose_split(samples, split)[0])
    return {each.search.name: each.figures for each in search_all(searches, asker)}
