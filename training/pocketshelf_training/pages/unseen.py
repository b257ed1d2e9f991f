"""Products that no training saw: ``pocketshelf-train unseen``.

Each set has a gallery, a picture an item, and queries that show some of its items elsewhere. Rows: ImageNet's
frozen trunk (pooled features, whole frames, float), and any bundle through the SDK as it runs on a phone, by
the whole frame and by the most prominent box. Only queries of one split are asked, of the whole gallery.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.errors import UsageError
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data import grocery, pairs, shop
from pocketshelf_training.data.protocol import SPLITS, Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.metrics.intervals import mean_with_interval, plain, recalls
from pocketshelf_training.metrics.ranking import rank
from pocketshelf_training.models.efficientnet_lite import EfficientNetLite, normalise
from pocketshelf_training.pages.page import add_write, joined, publish, table

__all__ = ["add_arguments", "measured", "run"]

log = logging.getLogger("pocketshelf.training")

DEPTHS = (1, 5, 10, 20)
IMAGENET = "imagenet"
# A picture to its unit vector.
Embed = Callable[[Path], np.ndarray]


class Row(NamedTuple):
    """One way to make vectors: of a gallery's picture, and of a query's photo."""

    name: str
    enrol: Embed
    ask: Embed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        default=[],
        metavar="NAME",
        help="shop, grocery, or pairs=DIR with a pairs.csv (default: shop); grocery is no unseen one",
    )
    parser.add_argument(
        "--row",
        dest="rows",
        action="append",
        default=[],
        metavar="NAME=MODEL",
        help="a bundle's folder or name, or imagenet:lite0@224 (default: ImageNet's Lite0, and what ships)",
    )
    parser.add_argument(
        "--split", choices=(*SPLITS, "all"), default="test", help="of the queries; choose on val"
    )
    parser.add_argument("--json", action="store_true")
    add_write(parser)
    add_data(parser)


def imagenet(given: str) -> Embed:
    """``imagenet[:VARIANT[@SIZE]]``: the frozen trunk's pooled features of the whole picture.

    Raises:
        UsageError: no such variant or size.
    """
    variant, _, size = given.partition(":")[2].partition("@")
    try:
        trunk = EfficientNetLite(variant or "lite0").load_imagenet().eval()
        preprocessing = Preprocessing((int(size or 224),) * 2)
    except (ValueError, ModuleNotFoundError) as error:
        raise UsageError(f"{given}: {error}; write imagenet:lite0@224") from None

    @torch.no_grad()
    def embed(path: Path) -> np.ndarray:
        pixels = network_input(decode_photo(path).pixels, preprocessing)
        pooled = trunk.pooled(normalise(torch.tensor(pixels)[None]))[0].numpy()
        return pooled / np.linalg.norm(pooled)

    return embed


def rows_of(given: Sequence[str]) -> list[Row]:
    """The rows that ``NAME=MODEL`` entries name; a bundle makes two."""
    found = []
    for entry in given:
        name, _, model = entry.partition("=")
        if not model:
            raise UsageError(f"--row {entry}: write NAME=MODEL")
        if model.split(":")[0] == IMAGENET:
            embed = imagenet(model)
            found.append(Row(name, embed, embed))
            continue
        encoder = Encoder.open(model)
        found.append(Row(f"{name}, whole", encoder.enrol, _asking(encoder, True)))
        if encoder.bundle.detector is not None:
            found.append(Row(f"{name}, by box", encoder.enrol, _asking(encoder, False)))
    return found


def _asking(encoder: Encoder, whole: bool) -> Embed:
    return lambda path: encoder.encode(path, whole).regions[0].embedding.vector


def samples_of(name: str, root: str | None) -> list[Sample]:
    """The set's pictures: a gallery of domain "shop", queries of domain "street".

    Raises:
        UsageError: no such set. DataMissing, DataDamaged: it cannot be read.
    """
    kind, _, folder = name.partition("=")
    if kind == "pairs" and folder:
        return pairs.load(folder)
    loaders = {"shop": shop.load, "grocery": grocery.load}
    if name not in loaders:
        raise UsageError(f"--set {name}: there are shop, grocery and pairs=DIR")
    return loaders[name](root)


def measured(row: Row, samples: Sequence[Sample], split: str) -> dict[str, Any]:
    """Recall, mean average precision, and R@1 by category, of the queries of a split.

    Raises:
        UsageError: there is no query of the split.
    """
    gallery = [s for s in samples if s.domain == "shop"]
    queries = [s for s in samples if s.domain == "street" and split in ("all", s.split)]
    if not queries:
        raise UsageError(f"no queries of split {split}; try --split all")
    shown = [row.enrol(s.image) for s in tqdm(gallery, desc=f"{row.name}: gallery", disable=None)]
    asked = [row.ask(s.image) for s in tqdm(queries, desc=f"{row.name}: queries", disable=None)]
    names = [s.identity or "" for s in queries]
    ranked = rank(list(asked), names, list(shown), [s.identity or "" for s in gallery])
    first = np.array([found.first for found in ranked])
    categories = np.array([s.category or "" for s in queries])
    return {
        "queries": len(queries),
        "gallery": len(gallery),
        **recalls(first, DEPTHS),
        "mAP": mean_with_interval([found.precision for found in ranked]),
        "categories": {
            name: {"queries": int(own.sum()), "R@1": float((first[own] == 0).mean())}
            for name in sorted(set(categories) - {""})
            for own in [categories == name]
        },
    }


def run(args: argparse.Namespace) -> int:
    rows = rows_of(args.rows or ["ImageNet Lite0=imagenet:lite0@224", "universal=universal", "first=first"])
    found: dict[str, dict[str, Any]] = {}
    for name in args.sets or ["shop"]:
        shown = "pairs: " + Path(name.partition("=")[2]).name if "=" in name else name
        samples = samples_of(name, args.data)
        found[shown] = {row.name: measured(row, samples, args.split) for row in rows}
    document = {"split": args.split, "sets": plain(found)}
    publish(_page(found, args.split), json.dumps(document, indent=1), args.write, args.json)
    return 0


def _page(found: dict[str, dict[str, Any]], split: str) -> str:
    columns = [f"R@{k}" for k in DEPTHS] + ["mAP"]
    parts = []
    for name, rows in found.items():
        some = next(iter(rows.values()))
        parts.append(f"{name}, split {split}: {some['queries']} queries, gallery of {some['gallery']}.\n")
        cells = [
            (row, str(figures["R@1"]), *(f"{figures[c].value:.3f}" for c in columns[1:]))
            for row, figures in rows.items()
        ]
        parts.append(table(["row", *(f">{column}" for column in columns)], cells))
    return joined(parts)
