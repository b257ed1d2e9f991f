"""A new version of the root: other keys for some roles, and everything signed by them.

What is written, in this order; a device accepts what it finds at any moment between:

1. the new keys,
2. the new root, in the offline folder: a rotation that ends here is finished by the next one,
3. targets, snapshot and timestamp, signed by the old keys and the new,
4. the new root, in the site.

Then the old keys are deleted. Where the old keys are lost, 4 comes before 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root, TargetFile

from pocketshelf.errors import StoreError
from pocketshelf_server.trust.keys import KeyFolder, new_key
from pocketshelf_server.trust.online import ONLINE_ROLES, Online, OnlineRoles, sign
from pocketshelf_server.trust.roots import RootFolder, SignedRoot, changes, summary

__all__ = ["Rotation"]


class Rotation:
    """A new root upon ``chain``; nothing is written before `carry_out`.

    Args:
        chain: the roots that ``offline`` trusts, oldest first.
        roles: which roles get a new key for each of their keys.
        offline: the root's keys.
        keys: the other roles' keys.
        online: what these sign.

    Raises:
        StoreError: a key is missing that must sign.
    """

    def __init__(
        self,
        chain: list[SignedRoot],
        roles: Iterable[str],
        offline: KeyFolder,
        keys: KeyFolder,
        online: OnlineRoles,
    ) -> None:
        self._chain = chain
        self._roles = tuple(roles)
        self._offline, self._keys, self._online = offline, keys, online
        self._old = chain[-1].root
        self._new = deepcopy(self._old)
        self._new.version += 1
        self._new.expires = online.expiry("root")
        signers = offline.signers("root", self._old.roles["root"].keyids)
        self._fresh = {role: self._replace_keys(role) for role in self._roles}
        self._refuse_unasked()
        for role in set(ONLINE_ROLES) - set(self._roles):
            keys.signers(role, self._new.roles[role].keyids)
        self._signed = self._sign([*signers, *self._fresh.get("root", ())])

    def _replace_keys(self, role: str) -> list[CryptoSigner]:
        fresh = []
        for key_id in list(self._new.roles[role].keyids):
            fresh.append(new_key())
            self._new.add_key(fresh[-1].public_key, role)
            self._new.revoke_key(key_id, role)
        return fresh

    def _refuse_unasked(self) -> None:
        """The last gate before a signature, whatever the code above does one day."""
        unasked = [change for change in changes(self._old, self._new) if change.role not in self._roles]
        if unasked:
            raise StoreError(f"refused, nobody asked for this: {'; '.join(map(str, unasked))}")

    def _sign(self, signers: Iterable[CryptoSigner]) -> SignedRoot:
        data = sign(Metadata(self._new), signers)
        metadata = Metadata[Root].from_bytes(data)
        result = self._new.get_root_verification_result(self._old, metadata.signed_bytes, metadata.signatures)
        if not result:
            raise StoreError(
                f"{self._offline.folder}: too few root keys for the threshold of "
                f"{self._old.roles['root'].threshold}; give them all in one folder"
            )
        return SignedRoot(self._new, data)

    def summary(self) -> list[str]:
        """What would change, role by role."""
        return summary(self._old, self._new)

    def carry_out(self, site: RootFolder, online: Online, files: dict[str, TargetFile] | None = None) -> None:
        """Write it all; see the module's description.

        Args:
            site: the site's roots. Those that it lacks are put back.
            online: what is signed there now.
            files: what *targets* signs from now on; None: what it signs already.

        Raises:
            StoreError: a file cannot be written. What is there then is whole.
        """
        versions = self._versions(online)
        self._keep_keys()
        own = RootFolder(self._offline.roots)
        for signed in [*self._chain, self._signed]:
            if signed.root.version not in own.versions():
                own.write(signed)
        known = site.versions()
        lacking = [signed for signed in (*self._chain, self._signed) if signed.root.version not in known]
        if not self._online.can_sign(online.root):
            _write(site, lacking)
        roots = [s.root for s in (*self._chain, self._signed) if s.root.version >= online.root.version]
        self._online.publish(roots, online.targets.targets if files is None else files, versions)
        _write(site, lacking)
        self._retire()

    def _versions(self, online: Online) -> tuple[int, int, int]:
        if set(ONLINE_ROLES) <= set(self._roles):
            return self._online.fresh_versions(online)
        online.require_near()
        return online.next_versions

    def _keep_keys(self) -> None:
        for role, signers in self._fresh.items():
            folder = self._offline if role == "root" else self._keys
            for signer in signers:
                folder.keep(role, signer)

    def _retire(self) -> None:
        for role in self._roles:
            if role != "root":
                self._keys.keep_only(role, self._new.roles[role].keyids)
                continue
            for key_id in self._old.roles[role].keyids:
                self._offline.remove(role, key_id)


def _write(folder: RootFolder, roots: Iterable[SignedRoot]) -> None:
    for signed in roots:
        folder.write(signed)
