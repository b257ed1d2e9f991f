"""Build a local store from a catalogue, without any server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.catalogue.table import CatalogueRow, RowProblem, image_path, read_catalogue
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError, PhotoError
from pocketshelf.formats.bundle import Bundle
from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.product_rules import check_described
from pocketshelf.formats.shard import ShardMeta, create_shard
from pocketshelf.formats.space import space_of
from pocketshelf.store import StoreWriter, current_sequence

__all__ = ["BuildReport", "build_store", "check_listed"]

Progress = Callable[[int, int], None]
OnProblem = Callable[[RowProblem], None]


@dataclass(frozen=True)
class BuildReport:
    """What `build_store` made.

    Attributes:
        problems: the lines that were left out, in the file's order.
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
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        problems = [{"line": p.line, "problem": p.problem} for p in self.problems]
        rest = {"store": str(self.store), "problems": problems, "seconds": round(self.seconds, 2)}
        return {**vars(self), **rest}


@dataclass
class _Gathered:
    """A product while its pictures come in."""

    row: CatalogueRow
    vectors: list[np.ndarray]


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
) -> BuildReport:
    """Embed a catalogue's pictures and make them the new generation of the store.

    Args:
        images: folder that the pictures' names start from; the catalogue's own if None.
        whole: embed each picture whole, as suits a shop's; else its most prominent box.
        encoder: used instead of opening ``bundle``.
        progress: called with (rows done, rows in all).
        on_problem: called with each bad row as it is found.

    Raises:
        CatalogueError: the file cannot be used, or not one row of it.
        BundleError, RuntimeUnavailable: the models cannot be loaded.
        StoreError: the store cannot be written; what was there before is unharmed and still current.
    """
    started = time.perf_counter()
    table = read_catalogue(catalogue)
    for problem in table.problems:
        on_problem(problem)
    encoder = encoder or Encoder.open(bundle, threads)
    base = table.path.parent if images is None else Path(images)
    if not base.is_dir():
        raise CatalogueError(f"{base}: no such folder of images; name it with --images")
    sequence = (current_sequence(store) or 0) + 1  # A damaged store is being replaced and starts anew.
    # Before the long work: a store that cannot be written is found out at once.
    with StoreWriter.open(store) as writer, writer.staged() as staging:
        gathered, problems = _embed(table.rows, base, encoder, whole, progress, on_problem)
        problems = sorted([*table.problems, *problems], key=lambda problem: problem.line)
        if not gathered:
            raise CatalogueError(f"{table.path}: no usable row ({_summary(problems)}); nothing was built")
        products = [_product(g, sequence) for g in gathered]
        create_shard(staging / "shard.sqlite", ShardMeta.of(space_of(encoder.bundle), sequence), products)
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
        seconds=time.perf_counter() - started,
    )


def _embed(
    rows: list[CatalogueRow],
    base: Path,
    encoder: Encoder,
    whole: bool,
    progress: Progress,
    on_problem: OnProblem,
) -> tuple[list[_Gathered], list[RowProblem]]:
    """The products with at least one good picture, and the rows without."""
    products: dict[str, _Gathered] = {}
    problems: list[RowProblem] = []
    for done, row in enumerate(rows, start=1):
        try:
            known = products.get(row.product_id)
            check_listed(row, known.row if known else None)
            vector = encoder.enrol(image_path(base, row.image), whole)
            products.setdefault(row.product_id, _Gathered(row, [])).vectors.append(vector)
        except (CatalogueError, PhotoError) as error:
            problems.append(RowProblem(row.line, str(error)))
            on_problem(problems[-1])
        progress(done, len(rows))
    return list(products.values()), problems


def check_listed(row: CatalogueRow, known: CatalogueRow | None) -> None:
    """One id in two categories is two products by mistake, rather than one with two pictures.

    Args:
        known: the first line of the same product.

    Raises:
        CatalogueError: says what is wrong with the row.
    """
    try:
        check_described(row.product_id, row.category, row.title, row.image, row.attributes)
    except ValueError as error:
        raise CatalogueError(str(error)) from error
    if known is not None and known.category != row.category:
        raise CatalogueError(
            f"product {row.product_id!r} is of category {row.category!r} here, "
            f"but of {known.category!r} on line {known.line}"
        )


def _product(gathered: _Gathered, sequence: int) -> Product:
    row = gathered.row
    return Product(
        product_id=row.product_id,
        sequence=sequence,
        category=row.category,
        title=row.title,
        image=row.image,
        vectors=quantize_vectors(np.stack(gathered.vectors)),
        attributes=dict(row.attributes),
    )


def _summary(problems: list[RowProblem]) -> str:
    if not problems:
        return "it has no rows"
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return f"{problems[0]}{more}"
