"""The Update Framework's repository of a site: four roles, consistent snapshots, Ed25519.

The root's key is offline; it signs which keys the other roles have. *targets* signs the published
files, *snapshot* and *timestamp* keep devices from being shown old or mixed states.

A rotation may be cut short at any point. Until the new root is in its place, the old one counts, and what
was signed meanwhile is signed by its keys, too; from then on the new one does. Where the old keys were lost,
the root goes first, and every command that comes after signs the rest (`SignedRepository.recover`).

Specification: https://theupdateframework.github.io/specification/latest/
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tuf.api.metadata import Metadata, Root, TargetFile

from pocketshelf.errors import StoreError
from pocketshelf_server.site import Site
from pocketshelf_server.trust.keys import KeyFolder
from pocketshelf_server.trust.online import ONLINE_ROLES, Online, OnlineRoles, sign
from pocketshelf_server.trust.roots import RootFolder, SignedRoot, trusted_chain
from pocketshelf_server.trust.rotation import Rotation
from pocketshelf_server.trust.target import PublishedTarget, target_files

__all__ = ["ROLES", "RoleStatus", "SignedRepository", "Vouched", "open_repository"]

ROLES = ("root", *ONLINE_ROLES)
# Each costs a device some 300 bytes and a signature's check.
MOST_ROOT_KEYS = 32
# A root that the operator vouches for: where it was read, and its bytes.
Vouched = tuple[Path, bytes]
# Is told what a new root would change; False: it is not to be signed.
Approve = Callable[[list[str]], bool]


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
        self._keys = online
        self._roots = RootFolder(folder)
        self._online = OnlineRoles(folder, online, expiry_days, now)

    def create(self, offline: KeyFolder, root_keys: int = 1, threshold: int = 1) -> None:
        """Make all keys and the first version of every role's metadata; or finish doing so.

        Args:
            root_keys, threshold: how many root keys there are, and how many must sign a new root.

        Raises:
            StoreError: there is a root already, or a file cannot be written.
        """
        if not 1 <= threshold <= root_keys <= MOST_ROOT_KEYS:
            raise StoreError(
                f"the root's threshold must be between 1 and its {root_keys} keys (at most {MOST_ROOT_KEYS})"
            )
        own = RootFolder(offline.roots)
        with self._locked():
            if 1 in self._roots.versions():
                raise StoreError(f"{self._folder}: keys are made already; use `keys rotate` to replace them")
            chain = own.chain() or [self._first_root(offline, root_keys, threshold)]
            if not (self._online.exist or self._online.can_sign(chain[-1].root)):
                raise StoreError(
                    f"{offline.folder}: holds the root of another site; give each a folder of its own: "
                    "`keys make SITE --offline DIR`"
                )
            own.write(chain[-1])
            roots = [signed.root for signed in chain]
            if self._online.exist:
                self._online.read(roots)
            else:
                self._online.publish(roots, {}, (1, 1, 1))
            # Last: a site is made when it has its root; until then `create` may be run again.
            for signed in reversed(chain):
                self._roots.write(signed)

    def _first_root(self, offline: KeyFolder, root_keys: int, threshold: int) -> SignedRoot:
        root = Root(version=1, consistent_snapshot=True, expires=self._online.expiry("root"))
        signers = [offline.make("root") for _ in range(root_keys)]
        for signer in signers:
            root.add_key(signer.public_key, "root")
        root.roles["root"].threshold = threshold
        for role in ONLINE_ROLES:
            root.add_key(self._keys.make(role).public_key, role)
        return SignedRoot(root, sign(Metadata(root), signers))

    def sign_targets(self, targets: Sequence[PublishedTarget], lowest_version: int = 0) -> bool:
        """Make ``targets`` the signed files, and refresh what is due; whether anything but that was signed.

        Args:
            lowest_version: all three roles' versions are at least this afterwards.

        Raises:
            StoreError: a key or the metadata is missing or damaged.
        """
        wanted = target_files(targets)
        with self._locked():
            root, online = self._recovered()
            versions = online.next_versions
            if online.targets.targets == wanted and min(versions) > lowest_version:
                self._refresh(root, online, force=())
                return False
            targets_version, snapshot, timestamp = (max(lowest_version, version) for version in versions)
            self._online.publish([root], wanted, (targets_version, snapshot, timestamp))
            return True

    def signed(self) -> list[PublishedTarget]:
        """The files that are signed now.

        Raises:
            StoreError: the metadata is missing or damaged.
        """
        files = self._load()[1].targets.targets.items()
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
            return self._refresh(*self._recovered(), tuple(force))

    def interrupted(self) -> bool:
        """Whether a rotation was cut short, which `recover` brings to its end.

        Raises:
            StoreError: the metadata is missing or damaged.
        """
        roots, online = self._load()
        return online.root is not roots[-1]

    def recover(self) -> bool:
        """Bring a rotation that was cut short to its end; whether there was one.

        Raises:
            StoreError: a key or the metadata is missing or damaged.
        """
        if not self._roots.versions():
            return False
        roots, online = self._load()
        if online.root is roots[-1]:
            return False
        with self._locked():
            self._recovered()
        return True

    def require_near(self) -> None:
        """Refuse where a thief has been, who has used the versions up; see `Online.require_near`."""
        self._load()[1].require_near()

    def rotate(
        self,
        roles: Iterable[str],
        offline: KeyFolder,
        *,
        files: Sequence[PublishedTarget] | None = None,
        vouched: Vouched | None = None,
        approve: Approve = lambda lines: True,
    ) -> bool:
        """Replace the keys of ``roles``: a new root, signed by the old and the new root keys.

        It is built upon the root that ``offline`` has signed last, which the site's must be. A root that
        the site has lost is put back. The old keys' files are deleted at the end.

        Args:
            files: what was published; a new key of *targets* signs that, and not what the old one, which
                may be a thief's by now, has signed. None: what is signed already.
            vouched: a root to trust where the folder has no copy, or not of the newest.
            approve: told what would change, before anything is written.

        Returns:
            whether it was approved.

        Raises:
            StoreError: an unknown role, the root's key is missing, or the site's root is not what it signed.
        """
        chosen = [role for role in ROLES if role in set(roles)]
        unknown = sorted(set(roles) - set(ROLES))
        if unknown:
            raise StoreError(f"role {unknown[0]!r} is none of {', '.join(ROLES)}")
        with self._locked():
            known = None if files is None or "targets" not in chosen else target_files(files)
            return self._renew(chosen, offline, vouched, approve, known)

    def renew_root(
        self, offline: KeyFolder, *, vouched: Vouched | None = None, approve: Approve = lambda lines: True
    ) -> bool:
        """Sign the root again, unchanged but for its version and expiry; as `rotate`."""
        with self._locked():
            return self._renew([], offline, vouched, approve)

    def status(self) -> list[RoleStatus]:
        """Every role's version, expiry and keys.

        Raises:
            StoreError: the metadata is missing or damaged.
        """
        roots, online = self._load()
        signed = {role: getattr(online, role) for role in ONLINE_ROLES} | {"root": roots[-1]}
        return [
            RoleStatus(r, signed[r].version, signed[r].expires, tuple(role.keyids), role.threshold)
            for r, role in ((name, roots[-1].roles[name]) for name in ROLES)
        ]

    def _renew(
        self,
        chosen: list[str],
        offline: KeyFolder,
        vouched: Vouched | None,
        approve: Approve,
        files: dict[str, TargetFile] | None = None,
    ) -> bool:
        offline.require("root")
        chain = trusted_chain(RootFolder(offline.roots), self._roots, vouched)
        rotation = Rotation(chain, chosen, offline, self._keys, self._online)
        online = self._online.read([signed.root for signed in chain])
        if not approve(rotation.summary()):
            return False
        rotation.carry_out(self._roots, online, files)
        return True

    def _refresh(self, root: Root, online: Online, force: tuple[str, ...]) -> list[str]:
        due = [role for role in ONLINE_ROLES if role in force or self._online.is_due(role, online)]
        if "targets" in due:
            self._online.publish([root], online.targets.targets, online.next_versions)
            return list(ONLINE_ROLES)
        if "snapshot" in due:
            self._online.publish_snapshot([root], online.snapshot.meta, *online.next_versions[1:])
            return ["snapshot", "timestamp"]
        if "timestamp" in due:
            meta = online.timestamp.snapshot_meta
            self._online.publish_timestamp([root], meta, online.next_versions[2])
        return due

    def _recovered(self) -> tuple[Root, Online]:
        """The newest root, and what its keys have signed; they sign now what they had not."""
        roots, online = self._load()
        online.require_near()
        if online.root is roots[-1]:
            return roots[-1], online
        self._online.publish([online.root, roots[-1]], online.targets.targets, online.next_versions)
        return roots[-1], self._online.read(roots)

    def _load(self) -> tuple[list[Root], Online]:
        roots = [signed.root for signed in self._roots.chain()]
        if not roots:
            raise StoreError(
                f"{self._folder}: no root metadata; make keys with `pocketshelf-server keys make`"
            )
        return roots, self._online.read(roots)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time, over processes.

        The folder may have been in other hands: a link in the lock's place must not lead to a key.
        """
        path = self._folder / ".lock"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        except OSError as error:
            remedy = "remove what is there, or make the folder writable"
            raise StoreError(f"{path}: cannot be locked ({error.strerror}); {remedy}") from error
        with os.fdopen(descriptor) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def open_repository(site: Site) -> SignedRepository:
    """The signed metadata of ``site``."""
    return SignedRepository(site.metadata, KeyFolder(site.online_keys), site.config().expiry_days)
