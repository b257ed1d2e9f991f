"""The same measurement for every system: street photo → shop picture, and categories, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.compute import device_of
from pocketshelf_training.metrics.intervals import Figure, balanced_accuracy, mean_with_interval, recalls
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.samplers.aligned import Views
from pocketshelf_training.samplers.identity_batches import labels_of
from pocketshelf_training.studies.systems.protocol import System

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


def measure(
    system: System, parts: Parts, size: int, views: Views | None = None, batch: int = 32
) -> dict[str, Figure]:
    """R@1, 5, 10, 20 of the queries, category top-1 of queries and of the others, attributes of all of them.

    A figure whose photos there are none of is left out.
    """
    system.eval()
    show = Pictures(views or Views(), size, batch, device_of(system))
    figures = {}
    if parts.queries:
        figures = recalls(_ranks(system, parts, show), KS)
    for name, samples in (("category top-1", parts.queries), ("category top-1, no identity", parts.others)):
        right = _categories(system, samples, show)
        if right is not None:
            figures[name] = mean_with_interval(right)
    return figures | _attributes(system, [*parts.queries, *parts.others], show)


class Pictures(NamedTuple):
    """Pictures as the network gets them, some at a time, where it is."""

    views: Views
    size: int
    batch: int
    device: torch.device

    def images(self, samples: list[Sample]) -> Tensor:
        views = [self.views.plain(sample, self.size) for sample in samples]
        return normalise(torch.from_numpy(np.stack(views))).to(self.device)

    def parts(self, samples: list[Sample]) -> Iterator[tuple[Tensor, Tensor]]:
        """Images (n, 3, s, s), and bool (n,): which are the shop's."""
        for start in range(0, len(samples), self.batch):
            chosen = samples[start : start + self.batch]
            yield self.images(chosen), torch.tensor([s.domain == "shop" for s in chosen]).to(self.device)


@torch.no_grad()
def _ranks(system: System, parts: Parts, show: Pictures) -> np.ndarray:
    """The place (from 0) of each query's first right shop picture, counting each product once."""
    gallery, queries = (
        torch.cat([system.embed(images, shop) for images, shop in show.parts(samples)])
        for samples in (parts.gallery, parts.queries)
    )
    categories = torch.from_numpy(labels_of(parts.gallery, system.vocabulary)["category"])
    categories = categories.to(gallery.device)
    products = np.array([s.identity for s in parts.gallery])
    ranks = []
    for start in range(0, len(queries), show.batch):
        scores = system.scores(queries[start : start + show.batch], gallery, categories).cpu().numpy()
        for row, sample in zip(scores, parts.queries[start : start + show.batch], strict=True):
            better = products[row > row[products == sample.identity].max()]
            ranks.append(len(set(better)))
    return np.array(ranks)


@torch.no_grad()
def _categories(system: System, samples: list[Sample], show: Pictures) -> np.ndarray | None:
    known = [s for s in samples if s.category in system.vocabulary.categories]
    truth = labels_of(known, system.vocabulary)["category"]
    said = []
    for images, _ in show.parts(known):
        logits = system.category_logits(images)
        if logits is None:
            return None
        said.append(logits.argmax(1).cpu().numpy())
    return np.concatenate(said) == truth if said else None


@torch.no_grad()
def _attributes(system: System, samples: list[Sample], show: Pictures) -> dict[str, Figure]:
    """Balanced accuracy of each attribute that the system names, on the pictures where it is known."""
    known = [s for s in samples if any(name in s.attributes for name in system.vocabulary.attributes)]
    logits = [system.attribute_logits(images) for images, _ in show.parts(known)]
    truth = labels_of(known, system.vocabulary)
    figures = {}
    for name in logits[0] if logits else ():
        there = truth[name] >= 0
        if there.any():
            said = torch.cat([each[name] for each in logits]).argmax(1).cpu().numpy()
            figures[name] = balanced_accuracy(truth[name][there], said[there])
    return figures
