"""Turn verified downloads into the next generation of a store; the current one stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.formats.delta import Delta, DeltaMeta, apply_delta
from pocketshelf.formats.shard import Shard, ShardMeta, open_shard
from pocketshelf.formats.space import Space, require_same
from pocketshelf.store import StoreWriter
from pocketshelf.store.digest import beside, file_digest
from pocketshelf.store.features import hand_on_features
from pocketshelf.store.layouts import hand_on_layout
from pocketshelf.sync.guard import check_file
from pocketshelf.sync.limits import Limits
from pocketshelf.sync.manifest import MANIFEST_NAME, DeltaEntry, Manifest
from pocketshelf.sync.signed_by import SIGNED_NAME, SignedBy
from pocketshelf.sync.trust import Target
from pocketshelf.sync.unpack import unpack

__all__ = ["NextGeneration", "Prepare", "derive_indexes", "unpacked_length"]

# Called with the staged generation before it is published, to derive indexes in it.
Prepare = Callable[[Path], None]
_SEARCHED = (
    "what is searched here is",
    "the server's shelf",
    "update the app's bundle, or sync with the server of its space",
)


@dataclass(frozen=True)
class NextGeneration:
    """Makes the state that ``manifest`` describes the current generation of the writer's store.

    Attributes:
        keys: ids of the keys that signed it.
        space: what its vectors must be comparable to, a manifest says nothing of their dimension; None: any.
        prepare: called before it is published.
        keeps_features: the local features of products that stay are kept until those published are there.
    """

    writer: StoreWriter
    manifest: Manifest
    limits: Limits
    keys: tuple[str, ...]
    space: Space | None
    prepare: Prepare
    keeps_features: bool = False

    def publish_snapshot(self, packed: Path, target: Target, replaces: bool = False) -> None:
        """From the whole shard.

        Args:
            replaces: the current generation is damaged, or a thief's: it is not kept for a rollback.

        Raises:
            SyncError: it is not what the manifest describes; the store is unchanged.
            SpaceMismatch: its vectors cannot be searched here; the same.
        """
        with self.writer.staged() as staging:
            shard = staging / "shard.sqlite"
            self._unpack(packed, shard, target)
            meta = check_file(Shard, shard, target.name, self.limits.database_seconds)
            self._expect(target.name, meta, sequence=self.manifest.sequence)
            if self.space is not None:
                require_same(self.space, meta.vectors_of(), *_SEARCHED)
            self._check_counts(shard)
            self._finish(staging, SignedBy(self.keys, target.sha256), replaces)

    def publish_changes(self, packed: Path, target: Target, entry: DeltaEntry) -> None:
        """From changes, applied to a copy of the current shard.

        Raises:
            SyncError: they are not what the manifest describes; the store is unchanged.
            StoreError: they do not fit the current shard; the store is unchanged, the snapshot would help.
        """
        folder, files = self.writer.folder, self.writer.files
        with self.writer.staged() as staging:
            changes, shard = staging / "delta.sqlite", staging / "shard.sqlite"
            self._unpack(packed, changes, target)
            meta = check_file(Delta, changes, target.name, self.limits.database_seconds)
            self._expect(target.name, meta, from_sequence=entry.base, to_sequence=entry.to)
            files.copy(folder.shard(folder.require_current()), shard)
            apply_delta(shard, changes, checked=True)
            files.unlink(changes)
            try:
                self._check_counts(shard)
            except SyncError as error:
                raise StoreError(f"{folder.path}: {error}") from error
            digest = beside(lambda: file_digest(shard))
            hand_on_layout(folder, folder.require_current(), staging, digest)
            self._finish(staging, SignedBy(self.keys, None), digest=digest())

    def _unpack(self, packed: Path, file: Path, target: Target) -> None:
        length = unpacked_length(target, self.limits)
        unpack(packed, file, length, target.custom["uncompressed_sha256"], self.writer.files, self.limits)

    def _expect(self, name: str, meta: ShardMeta | DeltaMeta, **numbers: int) -> None:
        """The file's own meta table must say what the manifest says of it."""
        expected = {"space": self.manifest.space, "preprocessing": self.manifest.preprocessing, **numbers}
        for key, value in expected.items():
            if (found := str(getattr(meta, key))) != str(value):
                raise SyncError(
                    f"{name}: refused, its {key} is {found!r}, the manifest's is {str(value)!r} (replayed?)"
                )

    def _check_counts(self, shard: Path) -> None:
        with open_shard(shard) as opened:
            found = opened.categories()
        signed = {name: count.local for name, count in self.manifest.categories.items() if count.local}
        for name in sorted(found.keys() | signed.keys()):
            if found.get(name, 0) != signed.get(name, 0):
                raise SyncError(
                    f"the shard holds {found.get(name, 0)} products of {name!r}, "
                    f"the manifest counts {signed.get(name, 0)}"
                )

    def _finish(
        self, staging: Path, signed_by: SignedBy, replaces: bool = False, digest: str | None = None
    ) -> None:
        self.prepare(staging)
        folder, files = self.writer.folder, self.writer.files
        if self.keeps_features:
            hand_on_features(folder, folder.require_current(), staging, files, of_same_pictures=False)
        for name, data in ((MANIFEST_NAME, self.manifest.data), (SIGNED_NAME, signed_by.to_bytes())):
            self.writer.files.write(staging / name, data)
            self.writer.files.fsync(staging / name)
        self.writer.publish(staging, replaces, digest)


def derive_indexes(staging: Path) -> None:
    """The default `Prepare`: what searches derive, so that the first in a new generation need not wait."""
    from pocketshelf.stages import search  # USearch is only needed here.

    search.derive_indexes(staging)


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
