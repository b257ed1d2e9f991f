"""Importing a catalogue file: embed in parallel, write in batches, go on where it stopped.

A product that was made from the same source (its texts and its pictures' bytes) is skipped before it is
embedded. So an import may be cut off and run again, or run every night over the whole file: only what
is new costs time and sequence numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from pocketshelf.catalogue.listing import ListedProduct, RowProblem
from pocketshelf.catalogue.pictures import Fetch, PictureFolder
from pocketshelf.catalogue.reading import ReadOptions, read_catalogue
from pocketshelf.closely import FeaturesWanted
from pocketshelf.stages.colours import PALETTE
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.changes import Upsert
from pocketshelf_server.catalogue.replacing import check_shrinking, delete_others
from pocketshelf_server.catalogue.rows import Batch, EmbedderFactory, Outcome, Row, Rows, Spread, on_threads

__all__ = ["EmbedderFactory", "ImportReport", "Importer"]

BATCH = 64
NOTED = 5
KEPT = (
    "a picture cannot be had now: the product keeps those of the import before, and the next one tries again"
)


@dataclass
class ImportReport:
    """What an import did. ``unchanged`` products were stored already, byte for byte."""

    added_or_changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    errors: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)
    sequence: int = 0

    def noted(self) -> str:
        """The first notes in one text, for who does not see them all; "" where there are none."""
        more = f"; and {len(self.notes) - NOTED} more" if len(self.notes) > NOTED else ""
        return f"noted: {'; '.join(map(str, self.notes[:NOTED]))}{more}" if self.notes else ""


class Importer:
    """Imports files into a catalogue.

    Args:
        make_embedder: called once a worker thread, at its first picture.
        images: folder that image paths are relative to.
        workers: threads that read and embed.
        progress: called with the number of products done so far, and of all.
        reembed: embed again what is stored already, for a new model of the same space.
        fetch: gets pictures that the file names by address, see `pocketshelf.catalogue.download`.
        spread: where rows are read and embedded instead, without ``make_embedder``, ``images``, ``workers``
            and ``fetch``; it comes to the same.
        closely: of which pictures the local features are kept (`pocketshelf.closely`), the larger of file and
            catalogue counting; None: of none.
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
        spread: AbstractContextManager[Spread] | None = None,
        closely: FeaturesWanted | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._spreading = spread or on_threads(Rows(PictureFolder(images, fetch), make_embedder), workers)
        self._progress = progress
        self._reembed = reembed
        self._closely = closely or FeaturesWanted(False)

    def run(
        self,
        path: Path,
        replace: bool = False,
        allow_shrink: bool = False,
        reading: ReadOptions | None = None,
    ) -> ImportReport:
        """Import the file ``path``. An importer imports one file.

        Args:
            replace: delete the products that the file does not name (none, if it has bad rows).
            allow_shrink: even if more than a tenth of the catalogue goes.
            reading: how the file is to be read.

        Raises:
            CatalogueError: the file cannot be used at all, the catalogue cannot be written, or would shrink.
            UsageError: an unknown format, column or encoding.
            BundleError, RuntimeUnavailable: the embedder, or OpenCV if ``closely``, cannot be loaded.
        """
        table = read_catalogue(path, reading)
        report = ImportReport(errors=list(table.problems), notes=list(table.notes))
        named = {product.product_id for product in table.products}
        if replace and not allow_shrink:
            check_shrinking(self._catalogue, path, named)
        looks = self._closely.choose(max(len(table.products), self._catalogue.count()))
        done = 0
        with self._spreading as spread:
            for outcomes in spread(self._batches(table.products, looks)):
                self._take(outcomes, report)
                done += len(outcomes)
                self._progress(done, len(table.products))
        report.errors.sort(key=lambda error: error.line)
        report.notes.sort(key=lambda note: note.line)
        if replace:
            report.deleted += delete_others(self._catalogue, named, len(report.errors))
        report.sequence = self._catalogue.sequence()
        return report

    def _batches(self, products: Iterable[ListedProduct], wanted: Callable[[str], bool]) -> Iterator[Batch]:
        left = iter(products)
        while some := list(islice(left, BATCH)):
            stored = {} if self._reembed else self._catalogue.sources(p.product_id for p in some)
            looks = {p.product_id for p in some if p.vectors is None and wanted(p.category)}
            # Those that are stored without having been looked at, as before this was done.
            for product_id in looks.difference(self._catalogue.looked_at(looks)) if looks else ():
                stored.pop(product_id, None)
            yield [Row(p, stored.get(p.product_id, ""), p.product_id in looks) for p in some]

    def _take(self, outcomes: list[Outcome], report: ImportReport) -> None:
        """Write a batch, in the order of the file."""
        report.notes += [note for outcome in outcomes for note in outcome.notes]
        report.errors += [problem for outcome in outcomes for problem in outcome.problems]
        changed = [(o.line, change) for o in outcomes if (change := self._kept(o, report)) is not None]
        refused = self._catalogue.refusals([change for _, change in changed])
        report.errors += [RowProblem(changed[place][0], reason) for place, reason in refused.items()]
        changes = [change for place, (_, change) in enumerate(changed) if place not in refused]
        applied = self._catalogue.apply(changes) if changes else None
        report.added_or_changed += applied.upserted if applied else 0
        report.unchanged += sum(outcome.unchanged for outcome in outcomes)
        report.unchanged += applied.unchanged if applied else 0

    def _kept(self, outcome: Outcome, report: ImportReport) -> Upsert | None:
        """What is to be written: with the pictures of before, where some of them cannot be had now."""
        change = outcome.change
        if change is None or not outcome.awaited:
            return change
        product = change.product
        stored = self._catalogue.get([product.product_id]).get(product.product_id)
        if stored is None or not len(product.vectors) < len(stored.vectors) <= outcome.awaited:
            return change
        report.notes.append(RowProblem(outcome.line, KEPT))
        attributes = {name: text for name, text in product.attributes.items() if name != PALETTE}
        if PALETTE in stored.attributes:
            attributes[PALETTE] = stored.attributes[PALETTE]
        kept = replace(product, vectors=stored.vectors, image=stored.image, attributes=attributes)
        return replace(change, product=kept, features=None)
