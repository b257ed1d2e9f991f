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

from pocketshelf.catalogue.table import RowProblem, image_path
from pocketshelf.errors import CatalogueError, PhotoError
from pocketshelf.formats import Product, quantize_vectors
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.changes import Delete, Upsert
from pocketshelf_server.catalogue.rows import SourceRow, read_rows

__all__ = ["EmbedderFactory", "ImportReport", "Importer"]

BATCH = 64
# A file that is to be the whole catalogue and has less than this share of it is more likely cut than meant.
SHRINK = 0.9
REMEDY = "is the file whole? --allow-shrink if it is meant"
MAX_PICTURE_BYTES = 50_000_000

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
    sequence: int = 0


@dataclass(frozen=True)
class _Ready:
    """A product with its pictures read: what hashing and embedding need."""

    row: SourceRow
    pictures: tuple[tuple[int, str, bytes], ...]
    problems: tuple[RowProblem, ...]
    source: str


class Importer:
    """Imports files into a catalogue.

    Args:
        make_embedder: called once a worker thread, at its first picture.
        images: folder that image paths are relative to.
        workers: threads that read and embed.
        progress: called with the number of rows done so far, and of all rows.
        reembed: embed again what is stored already, for a new model of the same space.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        make_embedder: EmbedderFactory,
        images: Path,
        workers: int = 1,
        progress: Callable[[int, int], None] = lambda done, total: None,
        reembed: bool = False,
    ) -> None:
        self._catalogue = catalogue
        self._make_embedder = make_embedder
        self._images = images
        self._workers = max(1, workers)
        self._progress = progress
        self._reembed = reembed
        self._local = threading.local()

    def run(self, path: Path, replace: bool = False, allow_shrink: bool = False) -> ImportReport:
        """Import the file ``path``.

        Args:
            replace: delete the products that the file does not name (none, if it has bad rows).
            allow_shrink: even if that leaves less than `SHRINK` of the catalogue.

        Raises:
            CatalogueError: the file cannot be used at all, the catalogue cannot be written, or would shrink.
            BundleError, RuntimeUnavailable: the embedder cannot be loaded.
        """
        report = ImportReport()
        named: set[str] = set()
        before = self._catalogue.count()
        total, rows = read_rows(path)
        if replace and not total and before and not allow_shrink:
            raise CatalogueError(
                f"{path}: names no product, and --replace would delete all {before}; {REMEDY}"
            )
        done = 0
        with ThreadPoolExecutor(self._workers) as pool:
            while batch := list(islice(rows, BATCH)):
                self._import_batch(pool, batch, report)
                named.update(row.product_id for row in batch if isinstance(row, SourceRow))
                done += len(batch)
                self._progress(done, total)
        report.errors.sort(key=lambda error: error.line)
        if replace:
            self._delete_others(named, report, before if not allow_shrink else 0)
        report.sequence = self._catalogue.sequence()
        return report

    def _import_batch(
        self, pool: ThreadPoolExecutor, batch: Sequence[SourceRow | RowProblem], report: ImportReport
    ) -> None:
        report.errors += [row for row in batch if isinstance(row, RowProblem)]
        ready = list(pool.map(self._read, [row for row in batch if isinstance(row, SourceRow)]))
        stored = {} if self._reembed else self._catalogue.sources(r.row.product_id for r in ready)
        # Version 1.0 kept a digest of the vectors behind a dot.
        fresh = [r for r in ready if stored.get(r.row.product_id, "").partition(".")[0] != r.source]
        changes: list[Upsert | Delete] = []
        lines: list[int] = []
        for item, (change, problems) in zip(fresh, pool.map(self._embed, fresh), strict=True):
            report.errors += problems
            if change is not None:
                changes.append(change)
                lines.append(item.row.line)
        refused = self._catalogue.refusals(changes)
        report.errors += [RowProblem(lines[place], reason) for place, reason in refused.items()]
        changes = [change for place, change in enumerate(changes) if place not in refused]
        applied = self._catalogue.apply(changes) if changes else None
        report.added_or_changed += applied.upserted if applied else 0
        report.unchanged += len(ready) - len(fresh) + (applied.unchanged if applied else 0)

    def _read(self, row: SourceRow) -> _Ready:
        pictures, problems = [], []
        for line, image in row.images if row.vectors is None else ():
            try:
                pictures.append((line, image, self._picture(image)))
            except PhotoError as error:
                problems.append(RowProblem(line, str(error)))
        given = [row.vectors.tobytes()] if row.vectors is not None else [data for _, _, data in pictures]
        return _Ready(row, tuple(pictures), tuple(problems), _source(row, given))

    def _picture(self, image: str) -> bytes:
        path = image_path(self._images, image)
        try:
            if not path.is_file():
                raise PhotoError(f"{image}: no such file in {self._images}")
            if path.stat().st_size > MAX_PICTURE_BYTES:
                raise PhotoError(f"{image}: larger than {MAX_PICTURE_BYTES // 1_000_000} MB; reduce it first")
            return path.read_bytes()
        except (OSError, ValueError) as error:
            raise PhotoError(f"{image}: cannot be read ({error})") from error

    def _embed(self, ready: _Ready) -> tuple[Upsert | None, list[RowProblem]]:
        """The product from those of its pictures that can be used, and the problems of the others."""
        row, problems = ready.row, list(ready.problems)
        vectors = row.vectors if row.vectors is not None else self._vectors(ready, problems)
        if vectors is None:
            return None, problems
        image = row.images[0][1] if row.images else None
        product = Product(row.product_id, 0, row.category, row.title, image, vectors, row.attributes)
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

    def _delete_others(self, named: set[str], report: ImportReport, before: int) -> None:
        """Delete what is not ``named``, unless it would leave less than `SHRINK` of ``before``."""
        if report.errors:
            raise CatalogueError(
                f"nothing was deleted: {len(report.errors)} rows could not be read, and a bad row must not "
                "delete its product; mend them, or import without --replace"
            )
        with self._catalogue.reading() as view:
            others = [product_id for product_id in view.product_ids() if product_id not in named]
        left = self._catalogue.count() - len(others)
        if left < SHRINK * before:
            raise CatalogueError(
                f"nothing was deleted: --replace would delete {len(others)} products and leave {left}, of "
                f"{before} there were; {REMEDY}"
            )
        for start in range(0, len(others), 1000):
            report.deleted += self._catalogue.apply(
                [Delete(key) for key in others[start : start + 1000]]
            ).deleted


def _source(row: SourceRow, given: list[bytes]) -> str:
    """SHA-256, hexadecimal, of a product's texts and of what the file gives in bytes: pictures or vectors."""
    fields = {
        "title": row.title,
        "category": row.category,
        "images": [image for _, image in row.images],
        "attributes": row.attributes,
    }
    digest = hashlib.sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode())
    for data in given:
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()
