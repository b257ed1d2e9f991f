"""The local features of a generation: read from beside its shard, and handed on to the next one.

A generation that is made of another keeps the features of the products that stay. What it lacks then
(`FeatureTable.sequence` says since when) a sync brings, or the next build makes.
"""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path

from pocketshelf.errors import StoreError
from pocketshelf.formats.features import FeatureTable, Print, assembled, features_file, most_bytes, parse
from pocketshelf.formats.shard import Shard, open_shard
from pocketshelf.store.digest import recorded_digests
from pocketshelf.store.filesystem import FileSystem, write_over
from pocketshelf.store.folder import StoreFolder

__all__ = ["hand_on_features", "prints_of", "put_features", "read_features", "row_numbers"]


def row_numbers(shard: Shard) -> dict[str, int]:
    """Product → the number of its row, in the order of the shard's ids."""
    rows = shard.query("SELECT product_id, sequence FROM products ORDER BY product_id")
    return {str(product_id): int(number) for product_id, number in rows}


def read_features(folder: StoreFolder, name: str, products: int) -> FeatureTable | None:
    """The features of a generation with so many products; None where it has none, or they are damaged.

    Raises:
        StoreError: the generation cannot be read.
    """
    data = features_file(folder.index(name), _digest(folder, name)).read(most_bytes(products))
    return None if data is None else parse(data, products)


def prints_of(folder: StoreFolder, name: str) -> dict[str, Print]:
    """Product → its features, of those of a generation that have any. Raises as `read_features`."""
    with open_shard(folder.shard(name)) as shard:
        ids = list(row_numbers(shard))
    table = read_features(folder, name, len(ids))
    each = [] if table is None else table.each()
    return {product_id: print_ for product_id, print_ in zip(ids, each, strict=False) if print_ is not None}


def put_features(index: Path, shard: str, data: bytes, files: FileSystem) -> None:
    """Put the features of the shard with the SHA-256 ``shard`` into ``index``, durably, whatever is there.

    Raises:
        OSError: the volume is full, read-only or gone.
    """
    files.make_way(index, folder=True)
    files.mkdir(index)
    files.fsync_dir(index.parent)
    file = features_file(index, shard)
    write_over(files, file.path, file.framed(data))


def hand_on_features(
    folder: StoreFolder, name: str, staging: Path, files: FileSystem, of_same_pictures: bool = True
) -> None:
    """Keep the features of generation ``name`` beside the shard in ``staging``: of the products that stay.

    None are kept where something is amiss; the shard does not need them.

    Args:
        of_same_pictures: only of products whose vectors stay, too, as those of the same pictures do; else
            those of another picture are kept as well, until a sync brings its own.
    """
    with contextlib.suppress(OSError, StoreError):
        # Most shelves have none: nothing is read for them.
        if not features_file(folder.index(name), _digest(folder, name)).path.is_file():
            return
        path = staging / "shard.sqlite"
        with open_shard(folder.shard(name)) as old, open_shard(path) as new:
            before, after = row_numbers(old), row_numbers(new)
            table = read_features(folder, name, len(before))
            if table is None:
                return
            kept = dict(zip(before, table.each(), strict=True))
            if of_same_pictures:
                for product_id, number in after.items():
                    if before.get(product_id) != number and not _same_pictures(old, new, product_id):
                        kept.pop(product_id, None)
        data = assembled(
            table.sequence, table.words, [kept.get(product_id) for product_id in after]
        ).to_bytes()
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        put_features(staging / "index", digest, data, files)


def _digest(folder: StoreFolder, name: str) -> str:
    return recorded_digests(folder, name)[folder.shard(name).name]


def _same_pictures(old: Shard, new: Shard, product_id: str) -> bool:
    query = "SELECT vectors FROM products WHERE product_id = ?"
    found = [list(shard.query(query, product_id)) for shard in (old, new)]
    return bool(found[0]) and found[0] == found[1]
