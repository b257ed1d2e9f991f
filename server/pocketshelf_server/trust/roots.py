"""Root metadata as a chain: each version is signed by the root keys of the one before, and by its own.

A site's folder may lie on a machine that somebody else holds by now. What the offline keys build upon is
therefore not what the site shows but the copy that their own folder keeps of every root it has signed.

    OFFLINE/root-<start of the key's id>.pem
    OFFLINE/roots/1.root.json  2.root.json  …

Specification: https://theupdateframework.github.io/specification/latest/#update-root
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from pocketshelf.errors import StoreError
from pocketshelf.files import read_plain
from pocketshelf.sync.metadata_rules import LONGEST
from pocketshelf_server.site import write_atomically

__all__ = [
    "Change",
    "RootFolder",
    "SignedRoot",
    "bytes_of",
    "changes",
    "parse_root",
    "summary",
    "trusted_chain",
]

_NAME = re.compile(r"([1-9][0-9]{0,9})\.root\.json")
_ROLES = ("root", "targets", "snapshot", "timestamp")


@dataclass(frozen=True)
class SignedRoot:
    """A version of the root, verified, and the bytes in which it is public."""

    root: Root
    data: bytes

    @property
    def name(self) -> str:
        """Its file's name."""
        return f"{self.root.version}.root.json"


@dataclass(frozen=True)
class Change:
    """One thing in which two roots differ, and the role that it is about."""

    role: str
    text: str

    def __str__(self) -> str:
        return f"{self.role}: {self.text}"


class RootFolder:
    """The versions of a root in a folder, ``N.root.json``; it need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def versions(self) -> list[int]:
        """The versions that there are, in order; files of other names are none."""
        found = (_NAME.fullmatch(path.name) for path in self.folder.glob("*.root.json"))
        return sorted(int(match[1]) for match in found if match)

    def chain(self) -> list[SignedRoot]:
        """All versions, each verified by the one before.

        Raises:
            StoreError: one is missing, damaged, or not signed by the keys that must sign it.
        """
        found: list[SignedRoot] = []
        for version in self.versions():
            expected = found[-1].root.version + 1 if found else version
            if version != expected:
                raise StoreError(f"{self._path(expected)}: missing; restore it from a backup")
            found.append(self.read(version, found[-1].root if found else None))
        return found

    def read(self, version: int, previous: Root | None = None) -> SignedRoot:
        """One version, verified by its own keys and by those of ``previous``; raises as `chain`."""
        path = self._path(version)
        data = bytes_of(path)
        root = parse_root(data, path, previous)
        if root.version != version:
            raise StoreError(f"{path}: says that it is version {root.version}; restore it from a backup")
        return SignedRoot(root, data)

    def write(self, root: SignedRoot) -> None:
        """Keep ``root``.

        Raises:
            StoreError: it cannot be written.
        """
        path = self._path(root.root.version)
        try:
            write_atomically(path, root.data)
        except OSError as error:
            raise StoreError(f"{path}: cannot be written ({error.strerror})") from error

    def _path(self, version: int) -> Path:
        return self.folder / f"{version}.root.json"


def bytes_of(path: Path) -> bytes:
    """A metadata file, bounded, and never what is no file: a pipe would hold, and a device be endless.

    Raises:
        StoreError: it is missing, or none.
    """
    try:
        return read_plain(path, LONGEST)
    except FileNotFoundError as error:
        raise StoreError(f"{path}: missing; restore it from a backup") from error
    except OSError as error:
        raise StoreError(f"{path}: cannot be read ({error.strerror}); restore it from a backup") from error


def parse_root(data: bytes, path: Path, previous: Root | None = None) -> Root:
    """The root in ``data``, signed by its own keys and, if given, by those of ``previous``.

    Raises:
        StoreError: it is none, or a signature is missing.
    """
    try:
        metadata = Metadata[Root].from_bytes(data)
        if not isinstance(metadata.signed, Root):
            raise StoreError(f"{path}: is other metadata, no root")
        result = metadata.signed.get_root_verification_result(
            previous, metadata.signed_bytes, metadata.signatures
        )
    except (RepositoryError, ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"{path}: damaged; restore it from a backup") from error
    if not result:
        by = "its own root keys" if previous is None else f"the root keys of version {previous.version}"
        raise StoreError(f"{path}: refused, not signed by {by}; restore it from a backup")
    return metadata.signed


def trusted_chain(
    own: RootFolder, site: RootFolder, vouched: tuple[Path, bytes] | None = None
) -> list[SignedRoot]:
    """The roots that an offline folder may build upon, none of them on the site's word.

    Args:
        own: the offline folder's copies of what it has signed.
        site: what the site shows. What it lacks is no harm; what it has must be the same.
        vouched: a root (path and bytes) that the operator vouches for, and by it for what it signed.

    Raises:
        StoreError: the site shows something else; the message says in what it differs.
    """
    chain = own.chain()
    if vouched is not None:
        chain = _adopt(chain, site, *vouched)
    if not chain:
        raise StoreError(
            f"{own.folder}: holds no copy of the root that these keys signed, so nothing says that the "
            "site's is theirs; name it once: --trusted-root FILE (the root.json that your app carries)"
        )
    for known in chain:
        _compare(known, site)
    newer = [version for version in site.versions() if version > chain[-1].root.version]
    if newer:
        _refuse_newer(site, chain[-1].root, newer[0])
    return chain


def _adopt(chain: list[SignedRoot], site: RootFolder, path: Path, data: bytes) -> list[SignedRoot]:
    """``chain`` up to the vouched root, or that alone where there is no chain; and what it signed."""
    root = parse_root(data, path)
    chain = list(chain) or [SignedRoot(root, data)]
    for version in site.versions():
        if version == chain[-1].root.version + 1:
            chain.append(site.read(version, chain[-1].root))
    if not any(known.data == data for known in chain):
        raise StoreError(f"{path}: refused, no root of this site's chain; nothing was signed")
    return chain


def _compare(known: SignedRoot, site: RootFolder) -> None:
    path = site.folder / known.name
    if not os.path.lexists(path) or (data := bytes_of(path)) == known.data:
        return
    try:
        found = "; ".join(map(str, changes(known.root, Metadata[Root].from_bytes(data).signed)))
    except (RepositoryError, AttributeError):
        found = "it is no root"
    found = found or "its version, expiry or signatures"
    raise StoreError(
        f"{path}: is not the root that these keys signed ({found}); refused, nothing was signed. Whoever "
        "changed it may have changed more; put the offline folder's copy back when you know"
    )


def _refuse_newer(site: RootFolder, last: Root, version: int) -> None:
    if version > last.version + 1:
        raise StoreError(
            f"{site.folder / f'{last.version + 1}.root.json'}: missing; restore it from a backup"
        )
    newer = site.read(version, last)
    found = "; ".join(map(str, changes(last, newer.root))) or "no keys"
    raise StoreError(
        f"{site.folder / newer.name}: refused, the root keys signed it, but not by way of this folder. It "
        f"changes: {found}. If you know of it, say so: --trusted-root {site.folder / newer.name}"
    )


def changes(old: Root, new: Root) -> list[Change]:
    """In what two roots differ, apart from version and expiry: keys, thresholds, anything else."""
    found = []
    for role in _ROLES:
        before, after = old.roles[role], new.roles[role]
        found += [Change(role, f"key {key[:16]} removed") for key in _without(before.keyids, after.keyids)]
        found += [Change(role, f"key {key[:16]} added") for key in _without(after.keyids, before.keyids)]
        if before.threshold != after.threshold:
            found.append(Change(role, f"threshold {before.threshold} → {after.threshold}"))
        found += [
            Change(role, f"key {key[:16]} has another value")
            for key in after.keyids
            if key in before.keyids and old.keys.get(key) != new.keys.get(key)
        ]
    used = {key for role in new.roles.values() for key in role.keyids}
    found += [Change("root", f"key {key[:16]} of no role") for key in _without(list(new.keys), list(used))]
    for name in ("consistent_snapshot", "spec_version", "unrecognized_fields"):
        if getattr(old, name) != getattr(new, name):
            found.append(Change("root", f"{name} changed"))
    return found


def _without(keys: Sequence[str], others: Sequence[str]) -> list[str]:
    return [key for key in keys if key not in others]


def summary(old: Root, new: Root) -> list[str]:
    """What ``new`` would change, for a person to read before it is signed; every role has its line."""
    lines = [
        f"root version {old.version} → {new.version}, "
        f"expires {old.expires:%Y-%m-%d %H:%M} → {new.expires:%Y-%m-%d %H:%M} UTC"
    ]
    found = changes(old, new)
    for role in _ROLES:
        mine = [f"  {change}" for change in found if change.role == role]
        part = new.roles[role]
        keys = " ".join(key[:16] for key in part.keyids)
        same = f"  {role}: unchanged, {part.threshold} of {len(part.keyids)} keys must sign: {keys}"
        lines += mine or [same]
    return lines
