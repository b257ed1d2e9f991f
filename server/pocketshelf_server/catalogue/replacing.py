"""What is imported is the whole catalogue: the rest is deleted, unless that looks like a mishap."""

from __future__ import annotations

from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.changes import Delete

__all__ = ["check_shrinking", "delete_others"]

# What is to be the whole catalogue and has less than this share of it is more likely cut than meant.
SHRINK = 0.9
REMEDY = "is it whole? --allow-shrink if it is meant"
BATCH = 1000


def check_shrinking(catalogue: Catalogue, path: Path, named: set[str]) -> None:
    """Raise CatalogueError where ``path``, which names these products, would delete more than a tenth."""
    before = catalogue.count()
    if not named and before:
        raise CatalogueError(f"{path}: names no product, and --replace would delete all {before}; {REMEDY}")
    if len(named) < SHRINK * before:
        raise CatalogueError(
            f"{path}: names {len(named)} products, the catalogue has {before}; with --replace it would "
            f"lose more than a tenth. Nothing was changed; {REMEDY}"
        )


def delete_others(catalogue: Catalogue, named: set[str], errors: int) -> int:
    """Delete what is not ``named``; how many were deleted.

    Raises:
        CatalogueError: there were ``errors``; then nothing is deleted.
    """
    if errors:
        raise CatalogueError(
            f"nothing was deleted: {errors} rows could not be read, and a bad row must not "
            "delete its product; mend them, or import without --replace"
        )
    with catalogue.reading() as view:
        others = [product_id for product_id in view.product_ids() if product_id not in named]
    return sum(
        catalogue.apply([Delete(key) for key in others[start : start + BATCH]]).deleted
        for start in range(0, len(others), BATCH)
    )
