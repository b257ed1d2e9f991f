"""From a product of a catalogue file to what is to be written: the same wherever it is computed.

Where the rows of a file are read and embedded (in this process, or on the machines of a Ray cluster) is a
`Spread`; what a row comes to is decided here alone.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import numpy as np

from pocketshelf.catalogue.listing import ListedProduct, RowProblem
from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.closely import kept_of
from pocketshelf.errors import PhotoError, Unreachable
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf.stages.colours import PALETTE, joined, looked_at, palette_of
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf_server.catalogue.changes import Upsert

__all__ = ["Batch", "Embedder", "EmbedderFactory", "Outcome", "Row", "Rows", "Spread", "on_threads"]

Embedder = Callable[[bytes | Photo], np.ndarray]
"""From a picture to its vector, float32 (D,), of length 1; raises `PhotoError`."""
EmbedderFactory = Callable[[], Embedder]
"""Makes one embedder a worker: a model runner runs one picture at a time."""


@dataclass(frozen=True)
class Outcome:
    """What one product of the file comes to.

    Attributes:
        line: where the file names it first.
        change: what is to be written; None if it is stored already, or lost.
        unchanged: whether it is stored already, made of the same source.
        problems, notes: of its lines.
        awaited: how many pictures the file names of it, where one of them cannot be had now and another day
            may; else 0.
    """

    line: int
    change: Upsert | None
    unchanged: bool
    problems: tuple[RowProblem, ...]
    notes: tuple[RowProblem, ...]
    awaited: int = 0


@dataclass(frozen=True)
class Row:
    """A product of the file.

    Attributes:
        stored: the source that it is stored from; "" where it is not stored.
        looks: whether its pictures' local features are wanted.
    """

    product: ListedProduct
    stored: str
    looks: bool = False


Batch = list[Row]
Spread = Callable[[Iterable[Batch]], Iterator[list[Outcome]]]
"""Reads and embeds batches somewhere; their outcomes in the same order."""


class Rows:
    """Reads and embeds the products of a file. May be called from several threads.

    Args:
        make_embedder: called once a thread, at its first picture.
    """

    def __init__(self, pictures: PictureFolder, make_embedder: EmbedderFactory) -> None:
        self._pictures = pictures
        self._make_embedder = make_embedder
        self._local = threading.local()

    def outcome(self, row: Row) -> Outcome:
        """What a product comes to.

        Raises:
            BundleError, RuntimeUnavailable: the embedder cannot be loaded.
            SpaceMismatch: it is of another space than the catalogue.
        """
        product = row.product
        pictures: list[tuple[int, str, bytes]] = []
        problems, notes, awaited = [], [], 0
        for picture in product.pictures if product.vectors is None else ():
            line, image = picture.line, picture.image
            remarks: list[str] = []
            try:
                pictures.append((line, image, self._pictures.read(image, remarks.append)))
            except PhotoError as error:
                problems.append(RowProblem(line, str(error)))
                if isinstance(error.__cause__, Unreachable):
                    awaited = len(product.pictures)
            notes += [RowProblem(line, remark) for remark in remarks]
        given = [data for _, _, data in pictures] if product.vectors is None else [product.vectors.tobytes()]
        source = _source(product, given)
        # Version 1.0 kept a digest of the vectors behind a dot.
        if row.stored.partition(".")[0] == source:
            return Outcome(product.line, None, True, (), tuple(notes))
        change = self._embed(row, pictures, source, problems)
        return Outcome(product.line, change, False, tuple(problems), tuple(notes), awaited)

    def _embed(
        self,
        row: Row,
        pictures: list[tuple[int, str, bytes]],
        source: str,
        problems: list[RowProblem],
    ) -> Upsert | None:
        """The product from those of its pictures that can be used; ``problems`` gets those of the others."""
        p, found = row.product, _Looked(row.looks)
        vectors = p.vectors if p.vectors is not None else self._vectors(pictures, problems, found)
        if vectors is None:
            problems += p.without_pictures(problems)
            return None
        image = found.image or (p.pictures[0].image if p.pictures else None)
        attributes = {PALETTE: joined(found.palettes), **p.attributes} if found.palettes else p.attributes
        product = Product(p.product_id, 0, p.category, p.title, image, vectors, attributes)
        # From another source, so that the next import tries, and reports, its bad pictures again.
        features = found.features if row.looks else None
        return Upsert(product, f"partial-{source}" if problems else source, features)

    def _vectors(
        self, pictures: list[tuple[int, str, bytes]], problems: list[RowProblem], looked: _Looked
    ) -> np.ndarray | None:
        embedder, found = self._embedder(), []
        for line, image, picture in pictures:
            try:
                photo = read_photo(picture)
                found.append(embedder(photo))
                looked.look(image, photo)
            except PhotoError as error:
                problems.append(RowProblem(line, f"{image}: {str(error).removeprefix('photo: ')}"))
        return quantize_vectors(np.stack(found)) if found else None

    def _embedder(self) -> Embedder:
        embedder = getattr(self._local, "embedder", None)
        if embedder is None:
            embedder = self._local.embedder = self._make_embedder()
        return embedder


class _Looked:
    """What the pictures of a product show.

    Args:
        closely: whether local features are wanted.

    Attributes:
        palettes: of each picture.
        features: the local features of the first picture that has any.
        image: the name of the first one, which screens show; "" where there is none.
    """

    def __init__(self, closely: bool) -> None:
        self._closely = closely
        self.palettes: list[str] = []
        self.features = b""
        self.image = ""

    def look(self, image: str, photo: Photo) -> None:
        """Take a picture in."""
        self.image = self.image or image
        self.palettes.append(palette_of(looked_at(photo)))
        if self._closely and not self.features:
            self.features = kept_of(photo)


def on_threads(rows: Rows, workers: int) -> AbstractContextManager[Spread]:
    """In this process, ``workers`` products at a time."""

    @contextmanager
    def spreading() -> Iterator[Spread]:
        with ThreadPoolExecutor(max(1, workers)) as pool:
            yield lambda batches: (list(pool.map(rows.outcome, batch)) for batch in batches)

    return spreading()


def _source(product: ListedProduct, given: list[bytes]) -> str:
    """SHA-256, hexadecimal, of a product's texts and of what the file gives in bytes: pictures or vectors."""
    fields = {
        "title": product.title,
        "category": product.category,
        "images": [picture.image for picture in product.pictures],
        "attributes": product.attributes,
    }
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode())
    for data in given:
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()
