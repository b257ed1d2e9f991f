"""What a bundle finds of the products that were held back: its phone files, through the SDK's own search."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.catalogue import build_store
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError, PhotoError
from pocketshelf.progress import ProgressBar
from pocketshelf.retriever import Retriever
from pocketshelf.stages.preprocess import Photo, PhotoSource, decode_photo
from pocketshelf.store import Store
from pocketshelf_training.adapt.assortment import Assortment, Questions
from pocketshelf_training.adapt.features import QUIET_SECONDS, rephotographed
from pocketshelf_training.data.catalogue_file import write_catalogue
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.metrics.intervals import Figure, mean_with_interval

__all__ = ["Outcome", "measured", "only_readable", "readable", "trimmed"]

log = logging.getLogger("pocketshelf.training")

DEPTH = 20
# Products in the gallery; of a larger catalogue as many are drawn, those that are asked for among them.
MOST_PRODUCTS = 3000
MOST_QUESTIONS = 1000


@dataclass(frozen=True)
class Outcome:
    """What a bundle found.

    Attributes:
        places: (q,), of each question the place of the right product, from 0; infinite beyond `DEPTH`.
    """

    places: np.ndarray

    def recall(self, k: int) -> Figure:
        """R@k with its interval."""
        return mean_with_interval(self.places < k)

    @property
    def reciprocal(self) -> float:
        """Mean reciprocal rank."""
        return float((1 / (1 + self.places)).mean())

    def gain_over(self, before: Outcome, k: int = 1) -> Figure:
        """The difference in R@k, paired by question."""
        return mean_with_interval((self.places < k).astype(float) - (before.places < k))

    def to_json(self) -> dict[str, Any]:
        return {f"R@{k}": self.recall(k)._asdict() for k in (1, 5, 10)} | {"mrr": round(self.reciprocal, 4)}


def trimmed(shop: Assortment, questions: Questions, seed: int) -> np.ndarray:
    """bool (n,): the pictures to measure with, of all products or as many as `MOST_PRODUCTS`."""
    rng = np.random.default_rng(seed)
    asked = np.flatnonzero(questions.asking & shop.held)
    asked = np.sort(rng.permutation(asked)[:MOST_QUESTIONS])
    needed = np.unique(shop.products[asked])
    others = rng.permutation(np.setdiff1d(np.arange(len(shop.names)), needed))
    chosen = np.concatenate([needed, others[: max(0, MOST_PRODUCTS - len(needed))]])
    kept = np.isin(shop.products, chosen) & questions.gallery
    kept[asked] = True
    return kept


def readable(path: Path) -> bool:
    """Whether a picture can be read; what is wrong with it is logged."""
    try:
        decode_photo(path)
    except PhotoError as error:
        log.warning("%s; left out", error)
        return False
    return True


def only_readable(shop: Assortment, questions: Questions, kept: np.ndarray) -> np.ndarray:
    """Those of ``kept`` (bool (n,), of `trimmed`) that can be read, and asked for; the others are logged.

    Raises:
        CatalogueError: none is left that asks.
    """
    kept = kept.copy()
    rows = np.flatnonzero(kept)
    kept[rows] = [readable(shop.paths[i]) for i in rows]
    gallery = kept & questions.gallery
    kept &= questions.gallery | np.isin(shop.products, shop.products[gallery])
    if not (kept & questions.asking & shop.held).any():
        raise CatalogueError("not one picture of a product held back can be asked for; --seed draws others")
    return kept


def measured(bundle: Path, shop: Assortment, questions: Questions, kept: np.ndarray, what: str) -> Outcome:
    """Build a store of the gallery and search it for every question about a product held back.

    Args:
        kept: of `trimmed`.

    Raises: see `pocketshelf.catalogue.build_store`.
    """
    encoder = Encoder.open(bundle, detects=False)
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder) / "catalogue.csv"
        base = Path(shop.paths[0].resolve().anchor)
        write_catalogue(listed, _listed(shop, np.flatnonzero(questions.gallery & kept)), base)
        with ProgressBar(f"{what}: gallery", seldom=QUIET_SECONDS) as bar:
            store = Path(folder) / "store"
            build_store(
                listed,
                store,
                images=base,
                encoder=encoder,
                progress=bar.update,
            )
        asked = np.flatnonzero(questions.asking & shop.held & kept)
        with Retriever(Store.open(store), encoder) as retriever:
            return Outcome(np.array(list(_places(retriever, shop, questions, asked, what))))


def _listed(shop: Assortment, rows: np.ndarray) -> list[Sample]:
    names, categories = shop.names, shop.category_names
    return [
        Sample(shop.paths[i], "train", "shop", names[shop.products[i]], categories[shop.categories[i]])
        for i in rows
    ]


def _places(
    retriever: Retriever, shop: Assortment, questions: Questions, asked: np.ndarray, what: str
) -> Iterator[float]:
    with ProgressBar(f"{what}: questions", seldom=QUIET_SECONDS) as bar:
        for done, i in enumerate(asked, 1):
            yield _place(retriever, _source(shop, questions, int(i)), shop.names[shop.products[i]])
            bar.update(done, len(asked))


def _source(shop: Assortment, questions: Questions, number: int) -> PhotoSource:
    if questions.kind != "re-photographed":
        return shop.paths[number]
    pixels = rephotographed(decode_photo(shop.paths[number]).pixels, number)
    return Photo(pixels, pixels.shape[1], pixels.shape[0])


def _place(retriever: Retriever, source: PhotoSource, product: str) -> float:
    try:
        hits = retriever.search(source, top_k=DEPTH, whole=True).regions[0].hits or ()
    except PhotoError:
        return float("inf")
    return next((place for place, hit in enumerate(hits) if hit.product_id == product), float("inf"))
