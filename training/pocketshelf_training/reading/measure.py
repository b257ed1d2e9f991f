"""Searches for groceries with and without reading, by the SDK, and by features that never saw them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import binomtest
from tqdm import tqdm

from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.closely import Closely, lifted, of_region
from pocketshelf.formats.bundle import Bundle
from pocketshelf.reading import WORDS, is_in_doubt, reordered, words_in
from pocketshelf.stages.preprocess import read_photo
from pocketshelf.types import Box, Hit
from pocketshelf_training.data.grocery import catalogue
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.rows import Row
from pocketshelf_training.reading.kept import KeptReader

__all__ = ["WAYS", "Groceries", "Searched", "figures"]

DEPTH = 10
# By vectors alone; after a look for prints; by words of titles; of titles and pictures; by prints and words.
WAYS = ("alone", "geometry", "titles", "pictures", "both")


class Searched(NamedTuple):
    """One photo's search.

    Attributes:
        alone, looked: hits, best first, by vectors alone and after a look for prints (`pocketshelf.closely`).
        box: of the region, in pixels of the photo, whose size is ``size``, (width, height).
        is_confident: whether the embedding's answer is trusted as it is, and the photo not read.
        ms: of the search by vectors; None where it was not timed.
    """

    photo: Sample
    alone: Sequence[Hit]
    looked: Sequence[Hit]
    box: Box
    size: tuple[int, int]
    is_confident: bool
    ms: float | None = None


@dataclass(frozen=True)
class Groceries:
    """A store of all groceries, searched by vectors alone (``before``) and with a look for prints."""

    before: Retriever
    after: Retriever

    @classmethod
    @contextmanager
    def built(cls, bundle: Bundle, root: str | None) -> Iterator[Groceries]:
        """In a temporary folder. Raises: see `pocketshelf.catalogue.build_store`."""
        with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
            store = Path(folder) / "store"
            build_store(catalogue(root), store, bundle=bundle, closely=True)
            yield cls(
                opened.enter_context(Retriever.open(store, bundle, closely=False)),
                opened.enter_context(Retriever.open(store, bundle)),
            )

    def by_bundle(self, photos: Sequence[Sample], whole: bool) -> list[Searched]:
        """Through the SDK: the photo's most prominent region."""
        found = []
        for photo in tqdm(photos, desc="whole" if whole else "detected", disable=None):
            result = self.before.search(photo.image, DEPTH, whole=whole)
            first, size = result.regions[0], (result.width, result.height)
            ms, sure = result.ms.total, bool(first.confident)
            alone = looked = first.hits or ()
            if not all(region.confident for region in result.regions):  # Else nobody looks.
                looked = self.after.search(photo.image, DEPTH, whole=whole).regions[0].hits or ()
            found.append(Searched(photo, alone, looked, first.box, size, sure, ms))
        return found

    def by_features(self, photos: Sequence[Sample], shown: Sequence[Sample], row: Row) -> list[Searched]:
        """By another embedding of whole frames, which has no calibration: no answer is trusted."""
        gallery, prints = np.stack([row.enrol(sample) for sample in shown]), Closely.of(self.after.store)
        found = []
        for photo in tqdm(photos, desc=row.name, disable=None):
            scores = gallery @ row.ask(photo)
            order = np.argsort(-scores, kind="stable")
            ranked = [self._hit(shown[place], float(scores[place])) for place in order]
            decoded = read_photo(photo.image.read_bytes())
            size = decoded.width, decoded.height
            box = (0.0, 0.0, float(size[0]), float(size[1]))
            alone = looked = ranked[:DEPTH]
            if prints is not None:
                seen = of_region(prints.sightings(decoded, [hit.product_id for hit in alone]), box)
                looked = lifted(alone, seen, DEPTH, {hit.product_id: hit for hit in ranked}.get)
            found.append(Searched(photo, alone, looked, box, size, False))
        return found

    def _hit(self, shown: Sample, score: float) -> Hit:
        product = self.before.store.product(shown.identity or "")
        return Hit(shown.identity or "", score, product.title if product else "", shown.category or "")


def figures(
    searched: Sequence[Searched], printed: Mapping[str, Sequence[str]], reader: KeptReader
) -> dict[str, Any]:
    """Recall at 1 of each of `WAYS`, and what reading (``pictures``) changed.

    Args:
        printed: product → the words on its picture.
    """
    right = np.array([each.photo.identity for each in searched])
    firsts: dict[str, list[str]] = {way: [] for way in WAYS}
    read, ms = [], []
    for each in tqdm(searched, desc="reading", disable=None):
        firsts["alone"].append(each.alone[0].product_id)
        firsts["geometry"].append(each.looked[0].product_id)
        words: list[str] = []
        read.append(not each.is_confident and is_in_doubt(_with(each.alone, printed)))
        if read[-1]:
            page = reader.read(each.photo.image)
            ms.append(page.ms)
            words = words_in(page.lines, each.box, each.size)
        firsts["titles"].append(_first(_with(each.alone, {}), words))
        firsts["pictures"].append(_first(_with(each.alone, printed), words))
        firsts["both"].append(_first(_with(each.looked, printed), words))
    hits = {way: np.array(ids) == right for way, ids in firsts.items()}
    before, after, those = hits["alone"], hits["pictures"], np.array(read)
    better, worse = int((after & ~before).sum()), int((before & ~after).sum())
    search = [each.ms for each in searched if each.ms is not None]
    known = [each.photo.identity in [hit.product_id for hit in each.alone[:5]] for each in searched]
    return {
        "photos": len(searched),
        "R@1": {way: float(found.mean()) for way, found in hits.items()},
        "R@5": float(np.mean(known)),
        "read": len(ms),
        "before": float(before[those].mean()) if ms else None,
        "after": float(after[those].mean()) if ms else None,
        "better": better,
        "worse": worse,
        "p": float(binomtest(better, better + worse).pvalue) if better + worse else 1.0,
        "ms reading": float(np.median(ms)) if ms else None,
        "ms search": float(np.median(search)) if search else None,
    }


def _with(hits: Sequence[Hit], printed: Mapping[str, Sequence[str]]) -> list[Hit]:
    """The hits with the words on their pictures as `pocketshelf build --read` keeps them."""
    return [replace(hit, attributes={WORDS: " ".join(printed.get(hit.product_id, ()))}) for hit in hits]


def _first(hits: Sequence[Hit], words: Sequence[str]) -> str:
    """The product that stands first; a print that was confirmed stays there."""
    settled = reordered(hits, words) if words and hits[0].inliers is None else hits
    return settled[0].product_id
