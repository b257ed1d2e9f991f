"""Shelves with a part of the catalogue, and a server for the rest: ``pocketshelf-train partial-shelves``.

Half of a gallery's products are the shop's full catalogue, drawn by seed; a tenth of them are on the shelf. A
server, which here is a search of the full catalogue in this process, is asked where the shelf's own answer
does not suffice. Of photos whose product the catalogue lacks (the other half) no answer should be confident,
as the bundle's calibration bounds it for a shelf that is the whole catalogue (the first row).
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

import numpy as np
from tqdm import tqdm

from pocketshelf.cli import values
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.formats.product import Product
from pocketshelf.recall import Found, Neighbourhood
from pocketshelf.retriever import Retriever
from pocketshelf.stages.search import StoreSearcher
from pocketshelf.types import Hit
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, table
from pocketshelf_training.predict.asking import SHOPS, asked_of
from pocketshelf_training.predict.shelf import opened

__all__ = ["FullCatalogue", "Told", "add_arguments", "run", "shares", "told_of"]

SHARE, LEAST = 0.1, 10
WAYS = (
    "the whole catalogue on the shelf",
    "a server, judged by the shelf",
    "a server, judged by its catalogue",
)
COLUMNS = (
    "lacking",
    "of them confident",
    "absent",
    "held",
    "of them right",
    "confident",
    "right where confident",
)


class Told(NamedTuple):
    """What one search answered: whether the catalogue has the product, and of its first hit."""

    held: bool
    right: bool
    confident: bool
    absent: bool


class FullCatalogue:
    """A `pocketshelf.recall.Fallback` over a store in this process, as a server answers.

    Args:
        tells: whether it tells how near its products are to each other.
    """

    def __init__(self, catalogue: Retriever, tells: bool) -> None:
        store = catalogue.store
        self._store, self._searcher, self._tells = store, StoreSearcher(store), tells
        self._cohort = Neighbourhood(store.shard)

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> Found:
        """See `Fallback.search`."""
        matches = self._searcher.search(vector, list(categories or self._store.categories()), k)
        products = self._store.products([match.product_id for match in matches])
        found = Found(_hit(products[match.product_id], match.score) for match in matches)
        if self._tells:
            vectors = {hit.product_id: products[hit.product_id].vectors[0] for hit in found}
            found.catalogue = self._cohort.told(vector, vectors)
        return found


def _hit(product: Product, score: float) -> Hit:
    return Hit(
        product_id=product.product_id,
        score=score,
        title=product.title,
        category=product.category,
        source="server",
        image=product.image,
        attributes=product.attributes,
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--set", choices=SHOPS, help="that catalogue alone (default: both)")
    parser.add_argument("--split", default="val", help="of the photos that ask (default: val)")
    parser.add_argument("--draws", type=values.count, default=3, help="of catalogue and shelf (default: 3)")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    encoder, rows = Encoder.open(args.bundle), []
    for name in SHOPS if args.set is None else (args.set,):
        gallery, asking = asked_of(name, args.split, args.data)
        told = told_of(gallery, asking, encoder, args.draws, name)
        rows += [{"set": name, "way": way, **shares(told[way])} for way in WAYS]
    tell_lines(json.dumps(rows, indent=1) if args.json else _page(rows))
    return 0


def told_of(
    gallery: Sequence[Sample], asking: Sequence[Sample], encoder: Encoder, draws: int, what: str = "photos"
) -> dict[str, list[Told]]:
    """Of each of `WAYS` what every photo was answered, in each draw; whole photos, as they are."""
    told: dict[str, list[Told]] = {way: [] for way in WAYS}
    for seed in range(draws):
        with ExitStack() as stack:
            retrievers, held = _drawn(stack, gallery, encoder, seed)
            for sample in tqdm(asking, f"{what}, draw {seed}", unit=" photos"):
                for way, retriever in retrievers.items():
                    told[way].append(_told(retriever, sample, held))
    return told


def _drawn(
    stack: ExitStack, gallery: Sequence[Sample], encoder: Encoder, seed: int
) -> tuple[dict[str, Retriever], set[str]]:
    """What searches in each way, and which products the catalogue has."""
    ids = sorted({sample.identity for sample in gallery if sample.identity is not None})
    draw = random.Random(seed)
    draw.shuffle(ids)
    held = set(ids[: len(ids) // 2])
    shelved = set(draw.sample(sorted(held), max(LEAST, round(SHARE * len(held)))))
    whole, part = (
        stack.enter_context(opened([s for s in gallery if s.identity in some], encoder))
        for some in (held, shelved)
    )
    asking = [
        Retriever(part.store, encoder, fallback=FullCatalogue(whole, tells), timeout_s=60.0)
        for tells in (False, True)
    ]
    return dict(zip(WAYS, (whole, *asking), strict=True)), held


def _told(retriever: Retriever, sample: Sample, held: set[str]) -> Told:
    (region, *_) = retriever.search(sample.image, whole=True, any_way_up=False).regions
    first = region.hits[0].product_id if region.hits else None
    identity = sample.identity
    return Told(identity in held, first == identity, bool(region.confident), bool(region.absent))


def shares(told: Sequence[Told]) -> dict[str, Any]:
    """Of the photos whose product the catalogue lacks, and of the others: `COLUMNS`."""
    lacking, held = ([each for each in told if each.held is has] for has in (False, True))
    sure = [each for each in held if each.confident]
    counted = (
        len(lacking),
        _mean(each.confident for each in lacking),
        _mean(each.absent for each in lacking),
        len(held),
        _mean(each.right for each in held),
        _mean(each.confident for each in held),
        _mean(each.right for each in sure),
    )
    return dict(zip(COLUMNS, counted, strict=True))


def _mean(values_: Iterator[bool]) -> float:
    found = list(values_)
    return round(sum(found) / len(found), 3) if found else 0.0


def _page(rows: Sequence[dict[str, Any]]) -> str:
    head = ["catalogue", "asked", *(f">{name}" for name in COLUMNS)]
    return table(head, [[row["set"], row["way"], *(row[name] for name in COLUMNS)] for row in rows])
