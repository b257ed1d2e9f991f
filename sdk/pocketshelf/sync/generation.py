"""Turn verified downloads into the next generation of a store; the current one stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.formats.delta import Delta, DeltaMeta, apply_delta
from pocketshelf.formats.shard import Shard, ShardMeta, open_shard
from pocketshelf.store import StoreWriter
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync.guard import check_file
from pocketshelf.sync.limits import Limits
from pocketshelf.sync.manifest import MANIFEST_NAME, DeltaEntry, Manifest
from pocketshelf.sync.trust import Target
from pocketshelf.sync.unpack import unpack

__all__ = ["Prepare", "derive_indexes", "publish_changes", "publish_snapshot", "unpacked_length"]

# Called with the staged generation before it is published, to derive indexes in it.
Prepare = Callable[[Path], None]


def publish_snapshot(
    writer: StoreWriter,
    packed: Path,
    target: Target,
    manifest: Manifest,
    limits: Limits,
    prepare: Prepare,
    replaces_damaged: bool = False,
) -> None:
    """Make the unpacked snapshot the current generation.

    Raises:
        SyncError: it is not what the manifest describes; the store is unchanged.
    """
    with writer.staged() as staging:
        shard = staging / "shard.sqlite"
        _unpack(packed, shard, target, writer.files, limits)
        meta = check_file(Shard, shard, target.name, limits.database_seconds)
        _expect(target.name, meta, manifest, sequence=manifest.sequence)
        _check_counts(shard, manifest)
        _finish(writer, staging, manifest, prepare, replaces_damaged)


def publish_changes(
    writer: StoreWriter,
    packed: Path,
    target: Target,
    entry: DeltaEntry,
    manifest: Manifest,
    limits: Limits,
    prepare: Prepare,
) -> None:
    """Apply the unpacked changes to a copy of the current shard, and make that the current generation.

    Raises:
        SyncError: they are not what the manifest describes; the store is unchanged.
        StoreError: they do not fit the current shard; the store is unchanged, the snapshot would help.
    """
    with writer.staged() as staging:
        changes, shard = staging / "delta.sqlite", staging / "shard.sqlite"
        _unpack(packed, changes, target, writer.files, limits)
        meta = check_file(Delta, changes, target.name, limits.database_seconds)
        _expect(target.name, meta, manifest, from_sequence=entry.base, to_sequence=entry.to)
        writer.files.copy(writer.folder.shard(writer.folder.require_current()), shard)
        apply_delta(shard, changes, checked=True)
        writer.files.unlink(changes)
        try:
            _check_counts(shard, manifest)
        except SyncError as error:
            raise StoreError(f"{writer.folder.path}: {error}") from error
        _finish(writer, staging, manifest, prepare)


def derive_indexes(staging: Path) -> None:
    """The default `Prepare`: the graphs of large categories, so that the first search need not build them."""
    from pocketshelf.stages.search import derive_graphs  # USearch is only needed here.

    with open_shard(staging / "shard.sqlite") as shard:
        derive_graphs(shard, staging / "index")


def unpacked_length(target: Target, limits: Limits) -> int:
    """The signed unpacked length.

    Raises:
        SyncError: it is missing or beyond the limit.
    """
    length, sha256 = target.custom.get("uncompressed_length"), target.custom.get("uncompressed_sha256")
    if not isinstance(length, int) or isinstance(length, bool) or not isinstance(sha256, str):
        raise SyncError(f"{target.name}: refused, signed without its unpacked length and hash")
    if not 0 < length <= limits.unpacked_bytes:
        raise SyncError(
            f"{target.name}: refused, would unpack to {length} bytes of {limits.unpacked_bytes} allowed"
        )
    return length


def _unpack(packed: Path, file: Path, target: Target, files: FileSystem, limits: Limits) -> None:
    length = unpacked_length(target, limits)
    unpack(packed, file, length, target.custom["uncompressed_sha256"], files, limits)


def _expect(name: str, meta: ShardMeta | DeltaMeta, manifest: Manifest, **numbers: int) -> None:
    """The file's own meta table must say what the manifest says of it."""
    expected = {"space": manifest.space, "preprocessing": manifest.preprocessing, **numbers}
    for key, value in expected.items():
        if (found := str(getattr(meta, key))) != str(value):
            raise SyncError(
                f"{name}: refused, its {key} is {found!r}, the manifest's is {str(value)!r} (replayed?)"
            )


def _check_counts(shard: Path, manifest: Manifest) -> None:
    with open_shard(shard) as opened:
        found = opened.categories()
    signed = {name: count.local for name, count in manifest.categories.items() if count.local}
    for name in sorted(found.keys() | signed.keys()):
        if found.get(name, 0) != signed.get(name, 0):
            raise SyncError(
                f"the shard holds {found.get(name, 0)} products of {name!r}, "
                f"the manifest counts {signed.get(name, 0)}"
            )


def _finish(
    writer: StoreWriter, staging: Path, manifest: Manifest, prepare: Prepare, replaces_damaged: bool = False
) -> None:
    prepare(staging)
    writer.files.write(staging / MANIFEST_NAME, manifest.data)
    writer.files.fsync(staging / MANIFEST_NAME)
    writer.publish(staging, replaces_damaged)
