"""The three online roles of a site: read and verified, signed and written.

Files appear in an order that never points to what is not there yet; ``timestamp.json`` is replaced last.
While a new root is on its way, the files carry signatures by the keys of both roots: a device accepts
them before it has seen the new root and after, and so at whatever moment a rotation is cut short.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, TargetFile, Targets, Timestamp

from pocketshelf.errors import StoreError, SyncError
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync.metadata_rules import check_metadata
from pocketshelf_server.site import DEFAULT_EXPIRY_DAYS, write_atomically
from pocketshelf_server.trust.keys import KeyFolder
from pocketshelf_server.trust.roots import bytes_of

__all__ = ["ONLINE_ROLES", "Online", "OnlineRoles"]

ONLINE_ROLES = ("targets", "snapshot", "timestamp")
# Old versions of snapshot and targets, for a device that has just read the timestamp before.
KEPT_VERSIONS = 10


# Nobody signs as often: a version beyond it is a thief's, who would use the numbers up.
FAR = 2**40


@dataclass
class Online:
    """What the three roles say now, and the root by whose keys all of it is signed."""

    root: Root
    targets: Targets
    snapshot: Snapshot
    timestamp: Timestamp

    @property
    def next_versions(self) -> tuple[int, int, int]:
        """Of targets, snapshot and timestamp."""
        return self.targets.version + 1, self.snapshot.version + 1, self.timestamp.version + 1

    @property
    def is_far(self) -> bool:
        """Whether a version is so high that only a thief has signed it."""
        return max(self.next_versions) > FAR

    def require_near(self) -> None:
        """Refuse to go on where a thief has been, whom new versions would follow.

        Raises:
            StoreError: `is_far`.
        """
        if self.is_far:
            raise StoreError(
                f"the metadata is at version {max(self.next_versions) - 1}, which no shop reaches: somebody "
                "has these keys; replace them all: pocketshelf-server keys rotate SITE targets snapshot "
                "timestamp"
            )


class OnlineRoles:
    """targets, snapshot and timestamp in a metadata folder.

    Args:
        folder: ``repository/metadata``.
        keys: the three roles' keys.
        expiry_days: life of a signature, by role.
        now: the present time, with a time zone.
    """

    def __init__(
        self, folder: Path, keys: KeyFolder, expiry_days: dict[str, float], now: Callable[[], datetime]
    ) -> None:
        self._folder = folder
        self._keys = keys
        self._expiry_days = expiry_days
        self._now = now

    @property
    def exist(self) -> bool:
        """Whether anything was ever signed here."""
        return (self._folder / "timestamp.json").exists()

    def read(self, roots: Sequence[Root]) -> Online:
        """What is signed now, verified by the newest of ``roots`` that fits.

        Raises:
            StoreError: something is missing, damaged, or not signed by the keys of any of ``roots``.
        """
        timestamp = self._read("timestamp.json", Timestamp)
        meta = timestamp.signed.snapshot_meta
        snapshot = self._read(f"{meta.version}.snapshot.json", Snapshot, meta)
        meta = snapshot.signed.meta["targets.json"]
        targets = self._read(f"{meta.version}.targets.json", Targets, meta)
        files = {"timestamp": timestamp, "snapshot": snapshot, "targets": targets}
        for root in reversed(roots):
            if (wrong := _unsigned(root, files)) is None:
                return Online(root, targets.signed, snapshot.signed, timestamp.signed)
        raise StoreError(
            f"{self._folder}: {wrong} is not signed by the keys that the root names: somebody else signed "
            "it, or it is damaged; restore the folder from a backup"
        )

    def _read(self, name: str, kind: type[Signed], meta: MetaFile | None = None) -> Metadata[Any]:
        path = self._folder / name
        try:
            data = bytes_of(path)
            if meta is not None:
                meta.verify_length_and_hashes(data)
            metadata = Metadata[Any].from_bytes(data)
        except RepositoryError as error:
            raise StoreError(f"{path}: missing or damaged; restore it from a backup") from error
        if not isinstance(metadata.signed, kind):
            raise StoreError(f"{path}: damaged, it is of another role; restore it from a backup")
        return metadata

    def can_sign(self, root: Root) -> bool:
        """Whether as many keys are here as ``root`` asks of each role."""
        asked = ((role, root.roles[role]) for role in ONLINE_ROLES)
        return all(len(self._keys.available(role, part.keyids)) >= part.threshold for role, part in asked)

    def is_due(self, role: str, online: Online) -> bool:
        """Whether half of the life of ``role``'s signature is over, or it lives twice as long as it should.

        The latter was signed by a clock that was ahead, and would hold for as long as that was.
        """
        days, left = self._expiry_days[role], getattr(online, role).expires - self._now()
        longest = timedelta(days=2 * max(days, DEFAULT_EXPIRY_DAYS[role]))
        return not timedelta(days=days / 2) <= left <= longest

    def expiry(self, role: str) -> datetime:
        """When a signature of ``role`` that is made now ends."""
        return (self._now() + timedelta(days=self._expiry_days[role])).replace(microsecond=0)

    def fresh_versions(self, online: Online) -> tuple[int, int, int]:
        """The next versions under new keys for all three roles: any will do, but no name is used again."""
        if not online.is_far:
            return online.next_versions
        start = int(self._now().timestamp())
        return start, start, start

    def publish(
        self, roots: Sequence[Root], files: dict[str, TargetFile], versions: tuple[int, int, int]
    ) -> None:
        """Sign ``files``, then what points to them.

        Args:
            roots: whose keys sign. Those of the last must be here, those of the others are welcome.
            versions: the new ones of targets, snapshot and timestamp.

        Raises:
            StoreError: a key is missing, or a file cannot be written.
        """
        targets = Targets(versions[0], expires=self.expiry("targets"), targets=files)
        data = self._signed(targets, roots)
        self._write(f"{targets.version}.targets.json", data)
        self.publish_snapshot(roots, {"targets.json": _meta_file(targets.version, data)}, *versions[1:])
        self._prune("targets", targets.version)

    def publish_snapshot(
        self, roots: Sequence[Root], meta: dict[str, MetaFile], version: int, timestamp: int
    ) -> None:
        """Sign which targets count, then what points to that; as `publish`."""
        data = self._signed(Snapshot(version, expires=self.expiry("snapshot"), meta=meta), roots)
        self._write(f"{version}.snapshot.json", data)
        self.publish_timestamp(roots, _meta_file(version, data), timestamp)
        self._prune("snapshot", version)

    def publish_timestamp(self, roots: Sequence[Root], meta: MetaFile, version: int) -> None:
        """Sign which snapshot is the newest; as `publish`."""
        timestamp = Timestamp(version, expires=self.expiry("timestamp"), snapshot_meta=meta)
        self._write("timestamp.json", self._signed(timestamp, roots))

    def _signed(self, what: Signed, roots: Sequence[Root]) -> bytes:
        role = what.type
        signers = self._keys.signers(role, roots[-1].roles[role].keyids)
        for older in roots[:-1]:
            signers += self._keys.available(role, older.roles[role].keyids)
        return sign(Metadata(what), signers)

    def _write(self, name: str, data: bytes) -> None:
        try:
            write_atomically(self._folder / name, data)
        except OSError as error:
            raise StoreError(f"{self._folder / name}: cannot be written ({error.strerror})") from error

    def _prune(self, role: str, latest: int) -> None:
        for path in self._folder.glob(f"*.{role}.json"):
            number = path.name.partition(".")[0]
            if not number.isdecimal() or len(number) > 19:
                continue
            if int(number) <= latest - KEPT_VERSIONS or int(number) > max(latest, FAR):
                FileSystem().unlink(path)


def sign(metadata: Metadata, signers: Iterable) -> bytes:
    """``metadata`` as bytes, signed by ``signers``.

    Raises:
        StoreError: no device would take it.
    """
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    data = metadata.to_bytes()
    try:
        check_metadata(data, metadata.signed.type)
    except SyncError as error:
        raise StoreError(f"not signed, no device would take it: {error}") from error
    return data


def _unsigned(root: Root, files: dict[str, Metadata]) -> str | None:
    """The first of ``files`` that the keys of ``root`` have not signed."""
    for role, metadata in files.items():
        try:
            root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        except (RepositoryError, ValueError):
            return f"{role}.json"
    return None


def _meta_file(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
