"""The SDK's own search over the grocery products: what a bundle does from photo to hits."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from pocketshelf.catalogue import build_store
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.retriever import Retriever
from pocketshelf.store import Store
from pocketshelf.types import Region
from pocketshelf_training.data.grocery import catalogue

__all__ = ["first_regions", "grocery_store"]


@contextmanager
def grocery_store(encoder: Encoder, root: str | Path | None = None) -> Iterator[Store]:
    """A temporary store of all the products, as ``pocketshelf build`` makes it.

    Raises: see `pocketshelf.catalogue.build_store`.
    """
    with tempfile.TemporaryDirectory() as folder:
        build_store(catalogue(root), Path(folder) / "store", encoder=encoder)
        with Store.open(Path(folder) / "store") as store:
            yield store


def first_regions(
    retriever: Retriever, photos: Iterable[Path], whole: bool = False, what: str = "photos"
) -> list[Region | None]:
    """Each photo's most prominent region with its hits: what an app shows first. None of a bad photo."""
    return [_first(retriever, photo, whole) for photo in tqdm(list(photos), what, file=sys.stderr)]


def _first(retriever: Retriever, photo: Path, whole: bool) -> Region | None:
    try:
        return retriever.search(photo, whole=whole).regions[0]
    except PhotoError as error:
        tqdm.write(f"a miss: {error}", file=sys.stderr)
        return None
