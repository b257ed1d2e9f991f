"""Build a local store from a catalogue, without any server."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.catalogue.listing import ListedProduct, RowProblem
from pocketshelf.catalogue.pictures import Fetch, PictureFolder
from pocketshelf.catalogue.reading import ReadOptions, read_catalogue
from pocketshelf.closely import Features, FeaturesWanted, extract, write_features
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError, PhotoError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.shard import ShardMeta, create_shard
from pocketshelf.formats.space import space_of
from pocketshelf.reading import WORDS, Reader, legible_words, open_reader, words_of
from pocketshelf.stages.colours import PALETTE, joined, looked_at, palette_of
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.stages.search import derive_indexes
from pocketshelf.store import StoreWriter, current_sequence
from pocketshelf.store.libraries import require_no_library

__all__ = ["BuildReport", "build_store"]

Progress = Callable[[int, int], None]
OnProblem = Callable[[RowProblem], None]


@dataclass(frozen=True)
class BuildReport:
    """What `build_store` made.

    Attributes:
        problems: the lines that were left out, in the file's order.
        notes: what looked wrong and was taken as it is.
        prints: products whose local features were kept (`pocketshelf.closely`).
        prints_bytes: what they take in the store; 0 where there are none.
        seconds: wall time.
    """

    store: Path
    generation: str
    sequence: int
    space: str
    bundle: str
    products: int
    pictures: int
    categories: int
    problems: list[RowProblem]
    notes: list[RowProblem]
    seconds: float
    prints: int = 0
    prints_bytes: int = 0

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        problems = [{"line": p.line, "problem": p.problem} for p in self.problems]
        notes = [{"line": n.line, "note": n.problem} for n in self.notes]
        rest = {"problems": problems, "notes": notes, "seconds": round(self.seconds, 2)}
        return {**vars(self), "store": str(self.store), **rest}


def build_store(
    catalogue: str | Path,
    store: str | Path,
    images: str | Path | None = None,
    bundle: str | Path | Bundle | None = None,
    whole: bool = True,
    threads: int = 1,
    encoder: Encoder | None = None,
    progress: Progress = lambda done, total: None,
    on_problem: OnProblem = lambda problem: None,
    reading: ReadOptions | None = None,
    fetch: Fetch | None = None,
    on_note: OnProblem = lambda note: None,
    closely: bool | None = None,
    read: bool = False,
) -> BuildReport:
    """Embed a catalogue's pictures and make them the new generation of the store.

    Args:
        images: folder that the pictures' names start from; the catalogue's own if None.
        whole: embed each picture whole, as suits a shop's; else its most prominent box.
        encoder: used instead of opening ``bundle``.
        progress: called with (pictures done, pictures in all).
        on_problem, on_note: called with each bad row, and each remark, as it is found.
        reading: how the file is to be read.
        fetch: gets pictures that the file names by address, see `pocketshelf.catalogue.download`.
        closely: keep local features of flat prints, so that covers and cartons are found by them; None where
            OpenCV is installed and the catalogue has at most 20,000 products, of those that are no garments
            by their category's name.
        read: read the words on the products' pictures (`pocketshelf.reading`), about half a second each, and
            keep them as the attribute ``words`` of those for which the catalogue states none.

    Raises:
        CatalogueError: the file cannot be used, or not one row of it.
        UsageError: an unknown format, column or encoding, or ``store`` is a library of looks.
        BundleError, RuntimeUnavailable: the models, OpenCV if ``closely``, or the reader if ``read``, cannot
            be loaded.
        StoreError: the store cannot be written; what was there before is unharmed and still current.
    """
    started = time.perf_counter()
    require_no_library(store)
    table = read_catalogue(catalogue, reading)
    for problem in table.problems:
        on_problem(problem)
    for note in table.notes:
        on_note(note)
    base = table.path.parent if images is None else Path(images)
    if not base.is_dir():
        raise CatalogueError(f"{base}: no such folder of images; name it with --images")
    encoder = encoder or Encoder.open(bundle, threads)
    looks = FeaturesWanted(closely, encoder.bundle).choose(len(table.products))
    reader = open_reader() if read else None
    work = _Work(encoder, PictureFolder(base, fetch), whole, on_problem, on_note, looks, reader)
    sequence = (current_sequence(store) or 0) + 1  # A damaged store is being replaced and starts anew.
    # Before the long work: a store that cannot be written is found out at once.
    with StoreWriter.open(store) as writer, writer.staged() as staging:
        products = work.products(table.products, sequence, progress)
        problems = sorted([*table.problems, *work.problems], key=lambda problem: problem.line)
        if not products:
            raise CatalogueError(f"{table.path}: no usable row ({_summary(problems)}); nothing was built")
        create_shard(staging / "shard.sqlite", ShardMeta.of(space_of(encoder.bundle), sequence), products)
        derive_indexes(staging)
        prints_bytes = work.write_features(staging, [product.product_id for product in products], sequence)
        generation = writer.publish(staging)
    return BuildReport(
        store=Path(store),
        generation=generation,
        sequence=sequence,
        space=encoder.bundle.space,
        bundle=encoder.bundle.name,
        products=len(products),
        pictures=sum(len(product.vectors) for product in products),
        categories=len({product.category for product in products}),
        problems=problems,
        notes=[*table.notes, *work.notes],
        seconds=time.perf_counter() - started,
        prints=len(work.features),
        prints_bytes=prints_bytes,
    )


class _Work:
    """Makes products of what is listed; what is lost on the way is kept."""

    def __init__(
        self,
        encoder: Encoder,
        pictures: PictureFolder,
        whole: bool,
        on_problem: OnProblem,
        on_note: OnProblem,
        looks: Callable[[str], bool],
        reader: Reader | None,
    ) -> None:
        self._encoder = encoder
        self._pictures = pictures
        self._whole = whole
        self._on_problem = on_problem
        self._on_note = on_note
        self._looks = looks
        self._reader = reader
        self._words: dict[str, list[str]] = {}
        self._palettes: dict[str, list[str]] = {}
        self.problems: list[RowProblem] = []
        self.notes: list[RowProblem] = []
        self.features: dict[str, tuple[Features, float]] = {}

    def products(self, listed: list[ListedProduct], sequence: int, progress: Progress) -> list[Product]:
        """Those with at least one good picture, or with vectors of their own."""
        total = sum(max(1, len(product.pictures)) for product in listed)
        products, done = [], 0
        for product in listed:
            vectors, before = [], len(self.problems)
            shown = product.pictures[0].image if product.pictures else None
            if product.vectors is not None:
                vectors = self._given(product, product.vectors)
                done += max(1, len(product.pictures))
                progress(done, total)
            for picture in product.pictures if product.vectors is None else ():
                found = self._vector(product, picture.line, picture.image)
                if found and not vectors:
                    shown = picture.image  # One that can be used, for screens.
                vectors += found
                done += 1
                progress(done, total)
            if vectors:
                made = _product(product, shown, np.stack(vectors), sequence, self._seen(product))
                products.append(made)
            for problem in [] if vectors else product.without_pictures(self.problems[before:]):
                self._lose(problem.line, problem.problem)
        return products

    def write_features(self, staging: Path, product_ids: list[str], sequence: int) -> int:
        """Keep the features of these beside their shard; the file's bytes, 0 where there are none."""
        if not any(product_id in self.features for product_id in product_ids):
            return 0
        with (staging / "shard.sqlite").open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        in_order = [self.features.get(product_id) for product_id in sorted(product_ids, key=_as_sqlite_sorts)]
        return write_features(staging / "index", digest, in_order, sequence)

    def _vector(self, product: ListedProduct, line: int, image: str) -> list[np.ndarray]:
        """int8 (1, D) of a picture; nothing if it cannot be used."""
        product_id = product.product_id
        try:
            data = self._pictures.read(image, lambda note: self._remark(line, note))
            photo = read_photo(data)
            vectors = [quantize_vectors(self._encoder.enrol(photo, self._whole))]
            self._palettes.setdefault(product_id, []).append(palette_of(looked_at(photo)))
            if product_id not in self.features and self._looks(product.category):
                self._look(product_id, photo)
            if self._reader is not None:
                self._words.setdefault(product_id, []).extend(legible_words(self._reader.read(photo.pixels)))
            return vectors
        except PhotoError as error:
            self._lose(line, f"{image}: {str(error).removeprefix('photo: ').removeprefix(f'{image}: ')}")
            return []

    def _look(self, product_id: str, photo: Photo) -> None:
        features = extract(photo.pixels, gallery=True)
        if features is not None:
            self.features[product_id] = features, photo.width / photo.height

    def _seen(self, product: ListedProduct) -> dict[str, str]:
        """Attributes of what its pictures show: their colours, and words where they were read.

        What the catalogue states itself stays.
        """
        words = words_of(" ".join(self._words.get(product.product_id, ())))
        seen = {WORDS: " ".join(words), PALETTE: joined(self._palettes.get(product.product_id, ()))}
        return {name: text for name, text in seen.items() if text and name not in product.attributes}

    def _given(self, product: ListedProduct, vectors: np.ndarray) -> list[np.ndarray]:
        if vectors.shape[1] != self._encoder.bundle.embedder.dimension:
            self._lose(
                product.line, f"vectors must be of {self._encoder.bundle.embedder.dimension} numbers each"
            )
            return []
        return list(vectors)

    def _lose(self, line: int, problem: str) -> None:
        self.problems.append(RowProblem(line, problem))
        self._on_problem(self.problems[-1])

    def _remark(self, line: int, note: str) -> None:
        self.notes.append(RowProblem(line, note))
        self._on_note(self.notes[-1])


def _as_sqlite_sorts(product_id: str) -> bytes:
    """The order of a shard's ids."""
    return product_id.encode("utf-8")


def _product(
    listed: ListedProduct, image: str | None, vectors: np.ndarray, sequence: int, seen: Mapping[str, str]
) -> Product:
    return Product(
        product_id=listed.product_id,
        sequence=sequence,
        category=listed.category,
        title=listed.title,
        image=image,
        vectors=vectors,
        attributes={**listed.attributes, **seen},
    )


def _summary(problems: list[RowProblem]) -> str:
    if not problems:
        return "it has no rows"
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"
