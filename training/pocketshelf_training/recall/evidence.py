"""What searches in shelves that lack products look like: the data that the recall estimate is fitted on.

Shelves are drawn from the full store: products at random, or whole categories, with the shares given. Each
photo is searched, by the real retriever, in every shelf and in the full store, once as the whole frame and
once through the detector.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.encoded import FRAME
from pocketshelf.encoder import Encoder
from pocketshelf.formats.product import Product
from pocketshelf.recall.signals import RECALL_FEATURES, Signals
from pocketshelf.retriever import Retriever
from pocketshelf.store import Store
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.recall.encodings import RememberingEncoder

__all__ = [
    "NAMES",
    "Evidence",
    "Lines",
    "Shelf",
    "collect",
    "draw_shelves",
    "folds",
    "one_a_photo",
    "read",
]

NAMES = tuple(RECALL_FEATURES)
# Hits of a search.
DEPTH = 10
# Rows of `collect`.
Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Shelf:
    """A part of the full store.

    Attributes:
        rule: "products" (at random), "categories" (whole ones) or "all".
        products: in the full store's order.
    """

    rule: str
    products: tuple[Product, ...]

    def coverage(self, full: Counter[str]) -> dict[str, float]:
        """Category → share of the full store's products that the shelf holds."""
        local = Counter(product.category for product in self.products)
        return {name: local[name] / count for name, count in full.items()}


def draw_shelves(products: list[Product], shares: Sequence[float], count: int, seed: int) -> list[Shelf]:
    """``count`` shelves, half by product and half by category, shares in turn; none is empty."""
    rng = np.random.default_rng(seed)
    rules = {"products": _by_product, "categories": _by_category}
    shelves = []
    for n in range(count):
        share, rule = shares[n // 2 % len(shares)], ("products", "categories")[n % 2]
        shelves.append(Shelf(rule, tuple(rules[rule](products, share, rng))))
    return shelves


def _by_product(products: list[Product], share: float, rng: np.random.Generator) -> list[Product]:
    chosen = rng.permutation(len(products))[: max(1, round(share * len(products)))]
    return [products[i] for i in sorted(chosen)]


def _by_category(products: list[Product], share: float, rng: np.random.Generator) -> list[Product]:
    names = sorted({product.category for product in products})
    chosen: set[str] = set()
    for name in rng.permutation(names):
        if sum(product.category in chosen for product in products) >= share * len(products):
            break
        chosen.add(str(name))
    return [product for product in products if product.category in chosen]


def collect(
    full: Store, encoder: Encoder, photos: Sequence[Sample], shelves: int, shares: Sequence[float], seed: int
) -> Lines:
    """A row for each photo, shelf and mode (whole frame or detector); shelf 0 is the full store.

    A row says whether the product was in the shelf ("local"), at which "rank" it came (None: not among the
    hits), and the estimate's "features".

    Raises:
        PhotoError: a photo cannot be read.
    """
    remembering = encoder if isinstance(encoder, RememberingEncoder) else RememberingEncoder(encoder)
    products = list(full.shard)
    every = [Shelf("all", tuple(products)), *draw_shelves(products, shares, shelves, seed)]
    with tempfile.TemporaryDirectory() as folder:
        return [
            {"shelf": number, **row}
            for number, shelf in enumerate(tqdm(every, "shelves"))
            for row in _search_shelf(remembering, Path(folder) / str(number), full, shelf, photos)
        ]


@dataclass
class _Recorder:
    """A `RecallEstimator` that only keeps what it is shown; the first region's comes first."""

    seen: list[Signals] = field(default_factory=list)

    def estimate(self, signals: Signals) -> float | None:
        self.seen.append(signals)
        return None

    def suffices(self, recall: float) -> bool:
        return True


def _search_shelf(
    encoder: Encoder, folder: Path, full: Store, shelf: Shelf, photos: Sequence[Sample]
) -> Iterator[dict[str, Any]]:
    # The full store is all there is: a shelf that was built, not synced, knows of no coverage.
    coverage = None if shelf.rule == "all" else shelf.coverage(Counter(full.categories()))
    held = {product.product_id for product in shelf.products}
    recorder = _Recorder()
    with Retriever(
        Store.create(folder, full.meta, shelf.products), encoder, recall_estimator=recorder
    ) as retriever:
        for photo in photos:
            for whole in (True, False):
                recorder.seen.clear()
                regions = retriever.search(photo.image, DEPTH, whole=whole, any_way_up=False).regions
                # What was recorded first: the frame as one thing is no surer (pocketshelf.looking).
                region = next((each for each in regions if each.group != FRAME), regions[0])
                ids = [hit.product_id for hit in region.hits or ()]
                yield {
                    "rule": shelf.rule,
                    "photo": str(photo.image),
                    "whole": whole,
                    "local": photo.identity in held,
                    "rank": ids.index(photo.identity) + 1 if photo.identity in ids else None,
                    "features": replace(recorder.seen[0], coverage=coverage).features(),
                }


@dataclass(frozen=True)
class Evidence:
    """Searches as a table, one a row.

    Attributes:
        features: float64 (n, F), columns as `NAMES`.
        rank: int64 (n,): place of the wanted product among the local hits, from 1; 0 if it is not there.
        local: bool (n,): the shelf holds the wanted product.
    """

    features: np.ndarray
    rank: np.ndarray
    local: np.ndarray

    def hits(self, k: int) -> np.ndarray:
        """Bool (n,): the wanted product is among the first ``k`` local hits."""
        return (self.rank > 0) & (self.rank <= k)


def read(lines: Lines) -> Evidence:
    """The table of some rows of `collect`."""
    return Evidence(
        np.array([[line["features"][name] for name in NAMES] for line in lines], dtype=np.float64),
        np.array([line["rank"] or 0 for line in lines], dtype=np.int64),
        np.array([line["local"] for line in lines], dtype=bool),
    )


def folds(lines: Lines, count: int) -> np.ndarray:
    """Int (n,): the part, of ``count``, that each row's photo is in; by the photo's name."""
    return np.array([int(count * _unit(line["photo"], "split")) for line in lines])


def one_a_photo(lines: Lines, seed: int = 0) -> Lines:
    """One row of each photo, drawn at random: rows of different photos are independent, others are not."""
    drawn = sorted(lines, key=lambda line: _unit(line["photo"], f"{line['shelf']}/{line['whole']}/{seed}"))
    return list({line["photo"]: line for line in reversed(drawn)}.values())


def _unit(photo: str, salt: str) -> float:
    """A number in [0, 1) that follows from the photo's name."""
    digest = hashlib.sha256(f"{salt}:{Path(photo).name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
