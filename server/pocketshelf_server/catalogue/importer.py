"""Importing a catalogue file: embed in parallel, write in batches, go on where it stopped.

A product that was made from the same source (its texts and its pictures' bytes) is skipped before it is
embedded. So an import may be cut off and run again, or run every night over the whole file: only what
is new costs time and sequence numbers.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from pocketshelf.catalogue.listing import ListedProduct, RowProblem
from pocketshelf.catalogue.pictures import Fetch, PictureFolder
from pocketshelf.catalogue.reading import ReadOptions, read_catalogue
from pocketshelf.errors import PhotoError
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.changes import Delete, Upsert
from pocketshelf_server.catalogue.replacing import check_shrinking, delete_others

__all__ = ["EmbedderFactory", "ImportReport", "Importer"]

BATCH = 64
Embedder = Callable[[bytes], np.ndarray]
"""From a picture's file to its vector, float32 (D,), of length 1; raises `PhotoError`."""
EmbedderFactory = Callable[[], Embedder]
"""Makes one embedder a worker: a model runner runs one picture at a time."""


@dataclass
class ImportReport:
    """What an import did. ``unchanged`` products were stored already, byte for byte."""

    added_or_changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    errors: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    sequence: int = 0


@dataclass(frozen=True)
class _Ready:
    """A product with its pictures read: what hashing and embedding need."""

    product: ListedProduct
    pictures: tuple[tuple[int, str, bytes], ...]
    problems: tuple[RowProblem, ...]
    notes: tuple[RowProblem, ...]
    source: str


class Importer:
    """Imports files into a catalogue.

    Args:
        make_embedder: called once a worker thread, at its first picture.
        images: folder that image paths are relative to.
        workers: threads that read and embed.
        progress: called with the number of products done so far, and of all.
        reembed: embed again what is stored already, for a new model of the same space.
        fetch: gets pictures that the file names by address, see `pocketshelf.catalogue.download`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        make_embedder: EmbedderFactory,
        images: Path,
        workers: int = 1,
        progress: Callable[[int, int], None] = lambda done, total: None,
        reembed: bool = False,
        fetch: Fetch | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._make_embedder = make_embedder
        self._pictures = PictureFolder(images, fetch)
        self._workers = max(1, workers)
        self._progress = progress
        self._reembed = reembed
        self._local = threading.local()

    def run(
        self,
        path: Path,
        replace: bool = False,
        allow_shrink: bool = False,
        reading: ReadOptions | None = None,
    ) -> ImportReport:
        """Import the file ``path``.

        Args:
            replace: delete the products that the file does not name (none, if it has bad rows).
            allow_shrink: even if more than a tenth of the catalogue goes.
            reading: how the file is to be read.

        Raises:
            CatalogueError: the file cannot be used at all, the catalogue cannot be written, or would shrink.
            UsageError: an unknown format, column or encoding.
            BundleError, RuntimeUnavailable: the embedder cannot be loaded.
        """
        table = read_catalogue(path, reading)
        report = ImportReport(errors=list(table.problems), notes=list(table.notes))
        named = {product.product_id for product in table.products}
        if replace and not allow_shrink:
            check_shrinking(self._catalogue, path, named)
        done, products = 0, iter(table.products)
        with ThreadPoolExecutor(self._workers) as pool:
            while batch := list(islice(products, BATCH)):
                self._import_batch(pool, batch, report)
                done += len(batch)
                self._progress(done, len(table.products))
        report.errors.sort(key=lambda error: error.line)
        report.notes.sort(key=lambda note: note.line)
        if replace:
            report.deleted += delete_others(self._catalogue, named, len(report.errors))
        report.sequence = self._catalogue.sequence()
        return report

    def _import_batch(
        self, pool: ThreadPoolExecutor, batch: Sequence[ListedProduct], report: ImportReport
    ) -> None:
        ready = list(pool.map(self._read, batch))
        report.notes += [note for item in ready for note in item.notes]
        stored = {} if self._reembed else self._catalogue.sources(r.product.product_id for r in ready)
        # Version 1.0 kept a digest of the vectors behind a dot.
        fresh = [r for r in ready if stored.get(r.product.product_id, "").partition(".")[0] != r.source]
        changes: list[Upsert | Delete] = []
        lines: list[int] = []
        for item, (change, problems) in zip(fresh, pool.map(self._embed, fresh), strict=True):
            report.errors += problems
            if change is not None:
                changes.append(change)
                lines.append(item.product.line)
        refused = self._catalogue.refusals(changes)
        report.errors += [RowProblem(lines[place], reason) for place, reason in refused.items()]
        changes = [change for place, change in enumerate(changes) if place not in refused]
        applied = self._catalogue.apply(changes) if changes else None
        report.added_or_changed += applied.upserted if applied else 0
        report.unchanged += len(ready) - len(fresh) + (applied.unchanged if applied else 0)

    def _read(self, product: ListedProduct) -> _Ready:
        pictures, problems, notes = [], [], []
        for picture in product.pictures if product.vectors is None else ():
            line, image = picture.line, picture.image
            remarks: list[str] = []
            try:
                pictures.append((line, image, self._pictures.read(image, remarks.append)))
            except PhotoError as error:
                problems.append(RowProblem(line, str(error)))
            notes += [RowProblem(line, remark) for remark in remarks]
        given = [data for _, _, data in pictures] if product.vectors is None else [product.vectors.tobytes()]
        return _Ready(product, tuple(pictures), tuple(problems), tuple(notes), _source(product, given))

    def _embed(self, ready: _Ready) -> tuple[Upsert | None, list[RowProblem]]:
        """The product from those of its pictures that can be used, and the problems of the others."""
        p, problems = ready.product, list(ready.problems)
        vectors = p.vectors if p.vectors is not None else self._vectors(ready, problems)
        if vectors is None:
            return None, [*problems, *p.without_pictures(problems)]
        image = p.pictures[0].image if p.pictures else None
        product = Product(p.product_id, 0, p.category, p.title, image, vectors, p.attributes)
        # From another source, so that the next import tries, and reports, its bad pictures again.
        return Upsert(product, f"partial-{ready.source}" if problems else ready.source), problems

    def _vectors(self, ready: _Ready, problems: list[RowProblem]) -> np.ndarray | None:
        embedder, found = self._embedder(), []
        for line, image, picture in ready.pictures:
            try:
                found.append(embedder(picture))
            except PhotoError as error:
                problems.append(RowProblem(line, f"{image}: {str(error).removeprefix('photo: ')}"))
        return quantize_vectors(np.stack(found)) if found else None

    def _embedder(self) -> Embedder:
        embedder = getattr(self._local, "embedder", None)
        if embedder is None:
            embedder = self._local.embedder = self._make_embedder()
        return embedder


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
