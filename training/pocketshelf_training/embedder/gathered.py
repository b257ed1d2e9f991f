"""All that a universal training learns from, read once; several trainings may take their parts of it."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pocketshelf_training.data import clothing, composites, grocery, pairs, patterns, shop, street
from pocketshelf_training.data.clothing import MAIN_LABELS
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.embedder.general import imagenet_features
from pocketshelf_training.samplers import resident
from pocketshelf_training.samplers.resident import Resident

__all__ = ["LISTS", "SOURCES", "Gathered", "fabrics", "gather"]

log = logging.getLogger("pocketshelf.training")

SOURCES = ("grocery", "shop", "clothing", "street")
# What the sources of --pairs and --things begin with.
LISTS = "pairs "
FABRIC = 128
# Neighbouring close-ups are of one fabric.
EVERY_FABRIC = 12


@dataclass(frozen=True)
class Gathered:
    """Pictures of several sources, and what is held for looking on the way.

    Attributes:
        names: of the sources, as `Resident.sources` counts them.
        catalogue: the groceries' identities.
        categories: names of the category head's outputs.
        features: what ImageNet's trunks see, one (n, 1280) each; none yet: not asked for.
    """

    names: list[str]
    known: Resident
    held: dict[str, Resident]
    catalogue: list[str]
    categories: list[str]
    features: list[np.ndarray] = field(default_factory=list)

    def seen_by_imagenet(self, device: torch.device) -> Gathered:
        """The same with its features."""
        return self if self.features else replace(self, features=imagenet_features(self.known.images, device))

    def only(self, without: Collection[str], left_out: Collection[str]) -> Gathered:
        """Less some sources, and less some groceries."""
        kept = np.array([name not in without for name in self.names])[self.known.sources]
        if "grocery" in self.names:
            goods = self.known.sources == self.names.index("grocery")
            kept &= ~(goods & np.isin(self.known.identities, list(left_out)))
        if kept.all():
            return self
        return replace(self, known=self.known.only(kept), features=[each[kept] for each in self.features])


def gather(args: argparse.Namespace) -> Gathered:
    """Read the sources of a command line, less those of ``--without``.

    Raises:
        DataMissing, DataDamaged, PhotoError: a source cannot be read.
    """
    data, goods, items = args.data, grocery.load(args.data), shop.load(args.data)
    catalogue = [sample for sample in goods if sample.domain == "shop"]
    categories = sorted({s.category or "" for s in catalogue}) + list(MAIN_LABELS)
    loaders: dict[str, Callable[[], list[Sample]]] = {
        "grocery": lambda: goods,
        "shop": lambda: items,
        "clothing": lambda: clothing.load(data),
        "street": lambda: street.load(data) + (street.load_tagged(data) if args.tagged else []),
    }
    found = {name: load() for name, load in loaders.items() if name not in args.without}
    found |= {f"{LISTS}{folder.name}": pairs.load(folder) for folder in args.pairs}
    found |= {f"{LISTS}{folder.name}": composites.load(folder) for folder in args.things}
    there = {name: [s for s in samples if s.split == "train"] for name, samples in found.items()}
    held = {
        name: [s for s in samples if s.domain == "shop" or s.split == "val"]
        for name, samples in (("grocery", goods), ("shop", items))
    }
    log.info("reading %s", ", ".join(f"{name} {len(samples)}" for name, samples in there.items()))
    return Gathered(
        list(there),
        resident.read(list(there.values()), categories, args.workers, args.stored),
        {name: resident.read([s], categories, args.workers, args.stored) for name, s in held.items()},
        [s.identity or "" for s in catalogue],
        categories,
    )


def fabrics(root: str | Path | None, workers: int = 0) -> Tensor:
    """Close-ups of fabrics, uint8 (t, 128, 128, 3)."""
    samples = [s for s in patterns.load(root) if s.split == "train"][::EVERY_FABRIC]
    return resident.read([samples], [], workers, FABRIC).images
