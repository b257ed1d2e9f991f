"""The Update Framework's repository of a site: four roles, consistent snapshots, Ed25519.

The root's key is offline; it signs which keys the other roles have. *targets* signs the published
files, *snapshot* and *timestamp* keep devices from being shown old or mixed states. Files appear in an
order that never points to what is not there yet; ``timestamp.json`` is replaced last.

Specification: https://theupdateframework.github.io/specification/latest/
"""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization import DeserializationError

from pocketshelf.errors import StoreError
from pocketshelf_server.site import Site, write_atomically
from pocketshelf_server.trust.keys import KeyFolder
from pocketshelf_server.trust.target import PublishedTarget

__all__ = ["ROLES", "RoleStatus", "SignedRepository", "open_repository"]

ONLINE_ROLES = ("targets", "snapshot", "timestamp")
ROLES = ("root", *ONLINE_ROLES)
# Old versions of snapshot and targets, for a device that has just read the timestamp before.
KEPT_VERSIONS = 10


@dataclass(frozen=True)
class RoleStatus:
    """A role's metadata: its version, when it expires (UTC), and the ids of its keys."""

    role: str
    version: int
    expires: datetime
    key_ids: tuple[str, ...]
    threshold: int


class SignedRepository:
    """The metadata folder of a site.

    Args:
        folder: ``repository/metadata``.
        online: keys of targets, snapshot and timestamp.
        expiry_days: life of a signature, by role.
        now: the present time, with a time zone.
    """

    def __init__(
        self,
        folder: Path,
        online: KeyFolder,
        expiry_days: dict[str, float],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._online = online
        self._expiry_days = expiry_days
        self._now = now

    def create(self, offline: KeyFolder, root_keys: int = 1, threshold: int = 1) -> None:
        """Make all keys and the first version of every role's metadata.

        Args:
            root_keys, threshold: how many root keys there are, and how many must sign a new root.

        Raises:
            StoreError: there is a root already, or a file cannot be written.
        """
        if not 1 <= threshold <= root_keys:
            raise StoreError(f"the root's threshold must be between 1 and its {root_keys} keys")
        with self._locked():
            if (self._folder / "1.root.json").exists():
                raise StoreError(f"{self._folder}: keys are made already; use `keys rotate` to replace them")
            root = Root(version=1, consistent_snapshot=True, expires=self._expiry("root"))
            root_signers = [offline.make("root") for _ in range(root_keys)]
            for signer in root_signers:
                root.add_key(signer.public_key, "root")
            root.roles["root"].threshold = threshold
            for role in ONLINE_ROLES:
                root.add_key(self._online.make(role).public_key, role)
            self._publish(root, {}, (1, 1, 1))
            # Last: a site is made when it has its root; until then `create` may be run again.
            self._write("1.root.json", _signed(Metadata(root), root_signers))

    def sign_targets(self, targets: Sequence[PublishedTarget], lowest_version: int = 0) -> bool:
        """Make ``targets`` the signed files, and refresh what is due; whether anything but that was signed.

        Args:
            lowest_version: all three roles' versions are at least this afterwards.

        Raises:
            StoreError: a key or the metadata is missing or damaged.
        """
        wanted = {
            t.name: TargetFile(t.length, {"sha256": t.sha256}, t.name, {"custom": t.custom}) for t in targets
        }
        with self._locked():
            state = self._load()
            versions = state.next_versions
            if state.targets.targets == wanted and min(versions) > lowest_version:
                self._refresh(state, force=())
                return False
            targets_version, snapshot, timestamp = (max(lowest_version, version) for version in versions)
            self._publish(state.root, wanted, (targets_version, snapshot, timestamp))
            return True

    def signed(self) -> list[PublishedTarget]:
        """The files that are signed now.

        Raises:
            StoreError: the metadata is missing or damaged.
        """
        files = self._load().targets.targets.items()
        return [
            PublishedTarget(name, t.hashes["sha256"], name.partition("/")[0], t.length, t.custom or {})
            for name, t in files
        ]

    def refresh(self, force: Iterable[str] = ()) -> list[str]:
        """Sign again, with a new expiry, the online roles whose life is half over, and those in ``force``.

        Returns:
            the roles that were signed.

        Raises:
            StoreError: a key or the metadata is missing or damaged.
        """
        with self._locked():
            return self._refresh(self._load(), tuple(force))

    def rotate(self, roles: Iterable[str], offline: KeyFolder) -> None:
        """Replace the keys of ``roles``: a new root, signed by the old and the new root keys.

        The old keys' files are deleted at the end.

        Raises:
            StoreError: an unknown role, or the root's key is missing.
        """
        chosen = [role for role in ROLES if role in set(roles)]
        unknown = sorted(set(roles) - set(ROLES))
        if unknown:
            raise StoreError(f"role {unknown[0]!r} is none of {', '.join(ROLES)}")
        with self._locked():
            state = self._load()
            root, retired = state.root, []
            signers = {s.public_key.keyid: s for s in offline.signers("root", root.roles["root"].keyids)}
            for role in chosen:
                folder = offline if role == "root" else self._online
                old = list(root.roles[role].keyids)
                for key_id in old:
                    signer = folder.make(role)
                    root.add_key(signer.public_key, role)
                    root.revoke_key(key_id, role)
                    retired.append((folder, role, key_id))
                    if role == "root":
                        signers[signer.public_key.keyid] = signer
            self._renew_root(state, list(signers.values()))
        for folder, role, key_id in retired:
            folder.remove(role, key_id)

    def renew_root(self, offline: KeyFolder) -> None:
        """Sign the root again, unchanged but for its version and expiry."""
        with self._locked():
            state = self._load()
            self._renew_root(state, offline.signers("root", state.root.roles["root"].keyids))

    def status(self) -> list[RoleStatus]:
        """Every role's version, expiry and keys.

        Raises:
            StoreError: the metadata is missing or damaged.
        """
        state = self._load()
        signed = {name: getattr(state, name) for name in ROLES}
        return [
            RoleStatus(r, signed[r].version, signed[r].expires, tuple(role.keyids), role.threshold)
            for r, role in ((name, state.root.roles[name]) for name in ROLES)
        ]

    def _renew_root(self, state: _State, signers: list) -> None:
        root = state.root
        root.version += 1
        root.expires = self._expiry("root")
        data = _signed(Metadata(root), signers)
        try:
            root.verify_delegate(
                "root", Metadata.from_bytes(data).signed_bytes, Metadata.from_bytes(data).signatures
            )
        except RepositoryError as error:
            raise StoreError(f"too few root keys for its threshold; give them all ({error})") from error
        self._write(f"{root.version}.root.json", data)
        # Signed anew even where the key stayed: a timestamp that outlives its root would mislead.
        self._publish(root, state.targets.targets, state.next_versions)

    def _refresh(self, state: _State, force: tuple[str, ...]) -> list[str]:
        due = [role for role in ONLINE_ROLES if role in force or self._is_due(role, state)]
        if "targets" in due:
            self._publish(state.root, state.targets.targets, state.next_versions)
            return list(ONLINE_ROLES)
        if "snapshot" in due:
            self._publish_snapshot(state.root, state.snapshot.meta, *state.next_versions[1:])
            return ["snapshot", "timestamp"]
        if "timestamp" in due:
            self._publish_timestamp(state.root, state.timestamp.snapshot_meta, state.next_versions[2])
        return due

    def _is_due(self, role: str, state: _State) -> bool:
        life = timedelta(days=self._expiry_days[role])
        return getattr(state, role).expires - self._now() < life / 2

    def _publish(self, root: Root, files: dict[str, TargetFile], versions: tuple[int, int, int]) -> None:
        """Write targets, then what points to it; ``versions`` are the new ones of the three online roles."""
        targets = Targets(versions[0], expires=self._expiry("targets"), targets=files)
        data = _signed(Metadata(targets), self._signers(root, "targets"))
        self._write(f"{targets.version}.targets.json", data)
        self._publish_snapshot(root, {"targets.json": _meta_file(targets.version, data)}, *versions[1:])
        self._prune("targets", targets.version)

    def _publish_snapshot(self, root: Root, meta: dict[str, MetaFile], version: int, timestamp: int) -> None:
        snapshot = Snapshot(version, expires=self._expiry("snapshot"), meta=meta)
        data = _signed(Metadata(snapshot), self._signers(root, "snapshot"))
        self._write(f"{version}.snapshot.json", data)
        self._publish_timestamp(root, _meta_file(version, data), timestamp)
        self._prune("snapshot", version)

    def _publish_timestamp(self, root: Root, meta: MetaFile, version: int) -> None:
        timestamp = Timestamp(version, expires=self._expiry("timestamp"), snapshot_meta=meta)
        self._write("timestamp.json", _signed(Metadata(timestamp), self._signers(root, "timestamp")))

    def _signers(self, root: Root, role: str) -> list:
        return self._online.signers(role, root.roles[role].keyids)

    def _expiry(self, role: str) -> datetime:
        return (self._now() + timedelta(days=self._expiry_days[role])).replace(microsecond=0)

    def _write(self, name: str, data: bytes) -> None:
        try:
            write_atomically(self._folder / name, data)
        except OSError as error:
            raise StoreError(f"{self._folder / name}: cannot be written ({error.strerror})") from error

    def _prune(self, role: str, latest: int) -> None:
        for path in self._folder.glob(f"*.{role}.json"):
            if int(path.name.partition(".")[0]) <= latest - KEPT_VERSIONS:
                path.unlink(missing_ok=True)

    def _load(self) -> _State:
        roots = sorted(int(path.name.partition(".")[0]) for path in self._folder.glob("*.root.json"))
        if not roots:
            raise StoreError(
                f"{self._folder}: no root metadata; make keys with `pocketshelf-server keys make`"
            )
        timestamp = self._read("timestamp.json")
        snapshot = self._read(f"{timestamp.snapshot_meta.version}.snapshot.json")
        targets = self._read(f"{snapshot.meta['targets.json'].version}.targets.json")
        return _State(self._read(f"{roots[-1]}.root.json"), targets, snapshot, timestamp)

    def _read(self, name: str) -> Any:
        try:
            return Metadata.from_bytes((self._folder / name).read_bytes()).signed
        except (OSError, DeserializationError) as error:
            raise StoreError(
                f"{self._folder / name}: missing or damaged; restore it from a backup"
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, over processes."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


@dataclass
class _State:
    root: Root
    targets: Targets
    snapshot: Snapshot
    timestamp: Timestamp

    @property
    def next_versions(self) -> tuple[int, int, int]:
        """Of targets, snapshot and timestamp."""
        return self.targets.version + 1, self.snapshot.version + 1, self.timestamp.version + 1


def open_repository(site: Site) -> SignedRepository:
    """The signed metadata of ``site``."""
    return SignedRepository(site.metadata, KeyFolder(site.online_keys), site.config().expiry_days)


def _signed(metadata: Metadata, signers: Iterable) -> bytes:
    metadata.signatures.clear()
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def _meta_file(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
