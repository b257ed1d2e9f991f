"""The SDK's own search over the products of a data set: what a bundle does from photo to hits."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from pocketshelf.catalogue import build_store
from pocketshelf.catalogue.build import space_of
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.printable import printable
from pocketshelf.retriever import Retriever
from pocketshelf.stages.colours import PALETTE, looked_at, palette_of
from pocketshelf.stages.preprocess import read_photo
from pocketshelf.store import Store
from pocketshelf.types import SearchResult
from pocketshelf_training.data.grocery import catalogue
from pocketshelf_training.data.protocol import Sample

__all__ = ["first_hits", "grocery_store", "opened", "search_photos", "store_of"]


@contextmanager
def grocery_store(encoder: Encoder, root: str | Path | None = None) -> Iterator[Store]:
    """A temporary store of all the products, as ``pocketshelf build`` makes it.

    Raises: see `pocketshelf.catalogue.build_store`.
    """
    with tempfile.TemporaryDirectory() as folder:
        build_store(catalogue(root), Path(folder) / "store", encoder=encoder)
        with Store.open(Path(folder) / "store") as store:
            yield store


def store_of(gallery: Iterable[Sample], encoder: Encoder, path: Path) -> Store:
    """A store at ``path`` with a product a picture, its vector and palette as a build makes them."""
    products = [
        Product(
            sample.identity or "",
            1,
            sample.category or "things",
            "",
            None,
            quantize_vectors(encoder.enrol(sample.image))[None],
            {PALETTE: palette_of(looked_at(read_photo(sample.image)))},
        )
        for sample in gallery
    ]
    return Store.create(path, ShardMeta.of(space_of(encoder.bundle), 1), products)


@contextmanager
def opened(gallery: Iterable[Sample], encoder: Encoder) -> Iterator[Retriever]:
    """A temporary shelf of `store_of`, to search."""
    shown = tqdm(gallery, "gallery", disable=None)
    with (
        tempfile.TemporaryDirectory() as folder,
        Retriever(store_of(shown, encoder, Path(folder) / "shelf"), encoder) as retriever,
    ):
        yield retriever


def search_photos(
    retriever: Retriever, photos: Iterable[Path], whole: bool = False
) -> list[SearchResult | None]:
    """A result for each photo; None where it cannot be read, which is said on standard error."""
    results: list[SearchResult | None] = []
    for photo in tqdm(list(photos), "photos", file=sys.stderr):
        try:
            results.append(retriever.search(photo, whole=whole))
        except PhotoError as error:
            tqdm.write(printable(f"a miss: {error}"), file=sys.stderr)
            results.append(None)
    return results


def first_hits(result: SearchResult | None, k: int) -> list[str]:
    """Ids of the first ``k`` hits of the most prominent region, which an app shows first."""
    return [hit.product_id for hit in (result.regions[0].hits or ())[:k]] if result else []
