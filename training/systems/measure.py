"""The same measurement for every system: street photo → shop picture, and categories, with intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from training.data.protocol import Sample
from training.evaluate.metrics import Figure, mean_with_interval
from training.models.embedder import normalise
from training.systems.batches import labels_of, plain_view
from training.systems.protocol import System

__all__ = ["Parts", "measure", "split_parts"]

KS = (1, 5, 10, 20)


class Parts(NamedTuple):
    """Who asks whom.

    Attributes:
        queries: street photos with an identity that the gallery has.
        gallery: shop pictures.
        others: street photos without identity but with a category.
    """

    queries: list[Sample]
    gallery: list[Sample]
    others: list[Sample]


def split_parts(samples: list[Sample], split: str) -> Parts:
    """The parts of ``split``: its own shop pictures are the gallery, or all of them where it has none."""
    own = [s for s in samples if s.split == split]
    shop = [s for s in own if s.domain == "shop" and s.identity]
    gallery = shop or [s for s in samples if s.domain == "shop" and s.identity]
    there = {s.identity for s in gallery}
    queries = [s for s in own if s.domain == "street" and s.identity in there]
    others = [s for s in own if s.identity is None and s.category and s.domain == "street"]
    return Parts(queries, gallery, others)


def measure(system: System, parts: Parts, size: int, batch: int = 32) -> dict[str, Figure]:
    """R@1, 5, 10, 20 of the queries, and category top-1 of queries and of the others.

    A figure whose photos there are none of is left out.
    """
    system.eval()
    figures = {}
    if parts.queries:
        hits = _ranks(system, parts, size, batch)
        figures = {f"R@{k}": mean_with_interval((hits < k).astype(float)) for k in KS}
    for name, samples in (("category top-1", parts.queries), ("category top-1, no identity", parts.others)):
        right = _categories(system, samples, size, batch)
        if right is not None and len(right):
            figures[name] = mean_with_interval(right)
    return figures


def _images(samples: list[Sample], size: int) -> Tensor:
    return normalise(torch.from_numpy(np.stack([plain_view(sample, size) for sample in samples])))


@torch.no_grad()
def _embedded(system: System, samples: list[Sample], size: int, batch: int) -> Tensor:
    vectors = []
    for start in range(0, len(samples), batch):
        chosen = samples[start : start + batch]
        shop = torch.tensor([s.domain == "shop" for s in chosen])
        vectors.append(system.embed(_images(chosen, size), shop))
    return torch.cat(vectors)


@torch.no_grad()
def _ranks(system: System, parts: Parts, size: int, batch: int) -> np.ndarray:
    """The place (from 0) of each query's first right shop picture, counting each product once."""
    gallery = _embedded(system, parts.gallery, size, batch)
    queries = _embedded(system, parts.queries, size, batch)
    categories = torch.from_numpy(labels_of(parts.gallery, system.vocabulary)["category"])
    products = np.array([s.identity for s in parts.gallery])
    ranks = []
    for start in range(0, len(queries), batch):
        scores = system.scores(queries[start : start + batch], gallery, categories).numpy()
        for row, sample in zip(scores, parts.queries[start : start + batch], strict=True):
            better = products[row > row[products == sample.identity].max()]
            ranks.append(len(set(better)))
    return np.array(ranks)


@torch.no_grad()
def _categories(system: System, samples: list[Sample], size: int, batch: int) -> np.ndarray | None:
    known = [s for s in samples if s.category in system.vocabulary.categories]
    truth = labels_of(known, system.vocabulary)["category"]
    right = []
    for start in range(0, len(known), batch):
        logits = system.category_logits(_images(known[start : start + batch], size))
        if logits is None:
            return None
        right.append(logits.argmax(1).numpy() == truth[start : start + batch])
    return np.concatenate(right).astype(float) if right else None
