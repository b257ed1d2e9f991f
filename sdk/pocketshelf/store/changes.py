"""Changing some products of a store, without writing the others anew."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path

from pocketshelf.errors import StoreError
from pocketshelf.formats.delta import DeltaMeta, apply_delta, create_delta
from pocketshelf.formats.product import Product
from pocketshelf.formats.shard import open_shard
from pocketshelf.store.digest import beside, check_shard, file_digest
from pocketshelf.store.features import hand_on_features
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.store.layouts import hand_on_layout
from pocketshelf.store.writer import StoreWriter

__all__ = ["change_store"]


def change_store(
    path: str | Path,
    upserts: Iterable[Product],
    deleted: Iterable[str] = (),
    files: FileSystem | None = None,
) -> str:
    """Make a generation with some products added, replaced or gone the current one; returns its name.

    The rows are copied as they are, and the changes applied by the SQL that a sync's are applied by. Like a
    store that was built, it is nobody's signed shelf any more: the next sync takes the server's whole. Local
    features (`pocketshelf.closely`) stay with the products whose vectors stay; new pictures have none.

    Args:
        upserts: in the place of those with their ids; their ``sequence`` is set here.
        deleted: ids; one that the store has not is passed over.

    Raises:
        StoreError: there is no store, it is damaged, or cannot be written; a product does not fit it, comes
            twice, or is to be deleted as well. What was there before is unharmed and still current.
    """
    gone = sorted(set(deleted))
    with StoreWriter.open(path, files) as writer, writer.staged() as staging:
        current = writer.folder.require_current()
        sound = beside(lambda: check_shard(writer.folder, current))
        shard = staging / "shard.sqlite"
        try:
            writer.files.copy(writer.folder.shard(current), shard)
            _apply(writer, staging, list(upserts), gone)
        finally:
            sound()  # Of a damaged shard that is said, not what came of it.
        digest = beside(lambda: file_digest(shard))
        hand_on_layout(writer.folder, current, staging, digest)
        hand_on_features(writer.folder, current, staging, writer.files)
        return writer.publish(staging, digest=digest())


def _apply(writer: StoreWriter, staging: Path, upserts: list[Product], gone: list[str]) -> None:
    """Change the shard in ``staging``."""
    shard, delta = staging / "shard.sqlite", staging / "delta.sqlite"
    with open_shard(shard) as opened:
        meta = opened.meta
    changes = DeltaMeta.of(meta.vectors_of(), meta.sequence, meta.sequence + 1)
    products = [dataclasses.replace(product, sequence=changes.to_sequence) for product in upserts]
    if both := {product.product_id for product in products}.intersection(gone):
        raise StoreError(f"{writer.folder.path}: product {min(both)!r} is to be changed and deleted")
    create_delta(delta, changes, products, [(name, changes.to_sequence) for name in gone])
    apply_delta(shard, delta, checked=True)
    writer.files.unlink(delta)
