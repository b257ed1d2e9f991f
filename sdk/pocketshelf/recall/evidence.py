"""What searches in shelves that lack products look like: the data that the recall estimate is fitted on.

    python -m pocketshelf.recall.evidence --store FULL --shelves 40 < photos.jsonl > evidence.jsonl

Standard input holds one {"photo": path, "product_id": id} a line. Shelves are drawn from the full store:
products at random, or whole categories, with the shares given. Each photo is searched, by the real
retriever, in every shelf and in the full store, once as the whole frame and once through the detector.
A line out says whether the product was in the shelf, at which rank it came, and the estimate's features.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.cli.options import add_models, add_store
from pocketshelf.cli.output import say
from pocketshelf.encoder import EncodedPhoto, Encoder, PhotoSource
from pocketshelf.errors import PocketshelfError
from pocketshelf.formats.product import Product
from pocketshelf.recall.signals import Signals
from pocketshelf.retriever import Retriever
from pocketshelf.store import Store
from pocketshelf.types import Timings

__all__ = ["Shelf", "draw_shelves", "main"]

DEPTH = 10


@dataclass(frozen=True)
class Shelf:
    """A part of the full store.

    Attributes:
        rule: "products" (at random), "categories" (whole ones) or "all".
        share: of the products that it was meant to hold.
    """

    rule: str
    share: float
    products: tuple[Product, ...]

    def coverage(self, full: Counter[str]) -> dict[str, float]:
        """Category → share of the full store's products that the shelf holds."""
        local = Counter(product.category for product in self.products)
        return {name: local[name] / count for name, count in full.items()}


def draw_shelves(products: list[Product], shares: list[float], count: int, seed: int) -> list[Shelf]:
    """``count`` shelves, half by product and half by category, shares in turn; none is empty."""
    rng = np.random.default_rng(seed)
    shelves = []
    for n in range(count):
        share, rule = shares[n // 2 % len(shares)], ("products", "categories")[n % 2]
        drawn = (
            _by_category(products, share, rng) if rule == "categories" else _by_product(products, share, rng)
        )
        shelves.append(Shelf(rule, share, tuple(drawn)))
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


@dataclass
class _Recorder:
    """A `RecallEstimator` that only keeps what it is shown; the first region's comes first."""

    seen: list[Signals] = field(default_factory=list)

    def estimate(self, signals: Signals) -> float | None:
        self.seen.append(signals)
        return None

    def suffices(self, recall: float) -> bool:
        return True


class _Remembering(Encoder):
    """An `Encoder` that encodes each photo once, however many shelves it is searched in."""

    def __init__(self, encoder: Encoder) -> None:
        self.bundle = encoder.bundle
        self._encoder = encoder
        self._known: dict[tuple[str, bool], EncodedPhoto] = {}

    def encode(self, photo: PhotoSource, whole: bool = False, ms: Timings | None = None) -> EncodedPhoto:
        key = (str(photo), whole)
        if key not in self._known:
            self._known[key] = self._encoder.encode(photo, whole, ms or Timings())
        return self._known[key]


def search_shelf(
    encoder: Encoder, folder: Path, full: Store, shelf: Shelf, photos: list[dict[str, str]]
) -> Iterator[dict[str, Any]]:
    """A line for each photo and mode."""
    counts = Counter(full.categories())
    coverage, held = shelf.coverage(counts), {product.product_id for product in shelf.products}
    store = Store.create(folder, full.meta, shelf.products)
    recorder = _Recorder()
    with Retriever(store, encoder, recall_estimator=recorder) as retriever:
        for entry in photos:
            for whole in (True, False):
                recorder.seen.clear()
                regions = retriever.search(entry["photo"], DEPTH, whole=whole).regions
                if not regions:
                    continue
                ids = [hit.product_id for hit in regions[0].hits or ()]
                wanted = entry["product_id"]
                yield {
                    "photo": entry["photo"],
                    "product_id": wanted,
                    "whole": whole,
                    "rule": shelf.rule,
                    "share": shelf.share,
                    "local": wanted in held,
                    "rank": ids.index(wanted) + 1 if wanted in ids else None,
                    "features": replace(recorder.seen[0], coverage=coverage).features(),
                }


def main(argv: list[str] | None = None) -> int:
    """The command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pocketshelf.recall.evidence",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_store(parser)
    parser.add_argument("--shelves", type=int, default=40, metavar="N", help="how many to draw (default: 40)")
    parser.add_argument(
        "--share",
        type=float,
        action="append",
        metavar="S",
        help="of the products; may be repeated (default: 0.3)",
    )
    parser.add_argument("--seed", type=int, default=0)
    add_models(parser)
    args = parser.parse_args(argv)
    try:
        photos = [json.loads(line) for line in sys.stdin if line.strip()]
        _write(args, photos)
    except (PocketshelfError, ValueError) as error:
        say(f"pocketshelf: {error}")
        return 1
    return 0


def _write(args: argparse.Namespace, photos: list[dict[str, str]]) -> None:
    encoder = _Remembering(Encoder.open(args.bundle, args.threads))
    with Store.open(args.store) as full, tempfile.TemporaryDirectory() as folder:
        products = list(full.shard)
        everything = Shelf("all", 1.0, tuple(products))
        shelves = [everything, *draw_shelves(products, args.share or [0.3], args.shelves, args.seed)]
        for n, shelf in enumerate(shelves):
            for line in search_shelf(encoder, Path(folder) / str(n), full, shelf, photos):
                print(json.dumps({"shelf": n, **line}))
            say(f"shelf {n + 1} of {len(shelves)}: {len(shelf.products)} products")


if __name__ == "__main__":
    sys.exit(main())
