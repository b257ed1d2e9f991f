"""Changes that need no catalogue file: a store's products, vectors and all; deletions by id."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path

from pocketshelf.errors import CatalogueError
from pocketshelf.formats import open_shard
from pocketshelf.formats.features import Print
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.changes import Delete, Upsert

__all__ = ["delete_products", "import_shard", "import_store", "store_ids"]

BATCH = 500


OnProblem = Callable[[str], None]


def import_store(catalogue: Catalogue, folder: Path, on_problem: OnProblem = lambda problem: None) -> int:
    """Take in the current generation of a device's store; products added or changed.

    Args:
        on_problem: called with each product that the catalogue does not take.

    Raises:
        SpaceMismatch: its vectors are of another space.
        StoreError: there is no store, or it is damaged.
    """
    from pocketshelf.store import StoreFolder
    from pocketshelf.store.features import prints_of

    store = StoreFolder(folder)
    name = store.require_current()
    return import_shard(catalogue, store.shard(name), on_problem, prints_of(store, name))


def store_ids(folder: Path) -> set[str]:
    """The products of a store's current generation. Raises as `import_store`."""
    from pocketshelf.store import StoreFolder

    store = StoreFolder(folder)
    with open_shard(store.shard(store.require_current())) as shard:
        return {product.product_id for product in shard}


def import_shard(
    catalogue: Catalogue,
    path: Path,
    on_problem: OnProblem = lambda problem: None,
    prints: Mapping[str, Print] | None = None,
) -> int:
    """Take in a ``shard.sqlite``; products added or changed. Raises as `import_store`.

    Args:
        prints: the local features of its products, as far as they have any.
    """
    done = 0
    features = {product_id: print_.to_bytes() for product_id, print_ in (prints or {}).items()}
    with open_shard(path) as shard:
        catalogue.require_space(shard.meta.vectors_of())
        products = iter(shard)
        while batch := list(islice(products, BATCH)):
            changes = [Upsert(product, features=features.get(product.product_id)) for product in batch]
            refused = catalogue.refusals(changes)
            for reason in refused.values():
                on_problem(reason)
            done += catalogue.apply([c for place, c in enumerate(changes) if place not in refused]).upserted
    return done


def delete_products(catalogue: Catalogue, product_ids: Iterable[str]) -> int:
    """Delete by id; how many were deleted.

    Raises:
        CatalogueError: one of them is not in the catalogue; then none is deleted.
    """
    wanted = list(product_ids)
    known = catalogue.sources(wanted)
    unknown = [product_id for product_id in wanted if product_id not in known]
    if unknown:
        raise CatalogueError(f"product {unknown[0]!r} is not in the catalogue; nothing was deleted")
    return catalogue.apply([Delete(product_id) for product_id in wanted]).deleted
