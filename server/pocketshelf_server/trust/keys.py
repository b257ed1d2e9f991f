"""Ed25519 keys as PEM files (PKCS #8, mode 600), named ``<role>-<start of the key's id>.pem``.

Which of the keys in a folder count is for the root metadata to say, so that a rotation cut short leaves
nothing ambiguous. The offline folder's keys are encrypted when the environment variable
``POCKETSHELF_ROOT_PASSPHRASE`` is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from pocketshelf.errors import StoreError, reason
from pocketshelf.store.filesystem import FileSystem
from pocketshelf_server.owner import RUN_AS_ITS_USER
from pocketshelf_server.site import make_private, write_atomically

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

__all__ = ["PASSPHRASE_VARIABLE", "KeyFolder", "new_key"]

PASSPHRASE_VARIABLE = "POCKETSHELF_ROOT_PASSPHRASE"


class KeyFolder:
    """The private keys in one folder.

    Args:
        folder: need not exist before the first `make`.
        passphrase: encrypts what `make` writes and decrypts what is read.
    """

    def __init__(self, folder: Path, passphrase: str | None = None) -> None:
        self.folder = folder
        self._passphrase = passphrase.encode() if passphrase else None

    @classmethod
    def offline(cls, folder: Path) -> KeyFolder:
        """A folder whose passphrase, if any, is in the environment."""
        return cls(folder, os.environ.get(PASSPHRASE_VARIABLE))

    @property
    def roots(self) -> Path:
        """Where an offline folder keeps a copy of every root that its keys have signed."""
        return self.folder / "roots"

    def make(self, role: str) -> CryptoSigner:
        """Make and store a new key for ``role``; raises as `keep`."""
        signer = new_key()
        self.keep(role, signer)
        return signer

    def keep(self, role: str, signer: CryptoSigner) -> None:
        """Store a key for ``role``.

        Raises:
            StoreError: the folder cannot be written.
        """
        try:
            make_private(self.folder)
            write_atomically(self._path(role, signer.public_key.keyid), self._encrypted(signer), mode=0o600)
        except OSError as error:
            raise StoreError(f"{self.folder}: the key cannot be written ({error.strerror})") from error

    def _encrypted(self, signer: CryptoSigner) -> bytes:
        from cryptography.hazmat.primitives import serialization

        if not self._passphrase:
            return signer.private_bytes
        return serialization.load_pem_private_key(signer.private_bytes, None).private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(self._passphrase),
        )

    def require(self, role: str) -> None:
        """Raise `StoreError` where there is no key of ``role`` at all."""
        if not any(self.folder.glob(f"{role}-*.pem")):
            raise StoreError(f"{self.folder}: no key of role {role!r} here; give its folder (--offline DIR)")

    def available(self, role: str, key_ids: Iterable[str]) -> list[CryptoSigner]:
        """Those of ``key_ids`` that are here; raises `StoreError` for one that cannot be read."""
        found = {key_id: self._path(role, key_id) for key_id in key_ids}
        return [self._load(path, key_id) for key_id, path in found.items() if path.is_file()]

    def signers(self, role: str, key_ids: Iterable[str]) -> list[CryptoSigner]:
        """The keys here whose ids are among ``key_ids``.

        Raises:
            StoreError: there is none, or one cannot be read.
        """
        found = self.available(role, key_ids)
        if not found:
            raise StoreError(
                f"{self.folder}: no key of role {role!r} that the root metadata names; "
                "give the folder that has it (--offline DIR for the root's), or rotate that role, too"
            )
        return found

    def remove(self, role: str, key_id: str) -> None:
        """Delete a key that no longer counts; missing is fine."""
        self._delete([self._path(role, key_id), *self.folder.glob(f".{role}-*.pem.new")])

    def keep_only(self, role: str, key_ids: Iterable[str]) -> None:
        """Delete every key of ``role`` but these: the retired, and those of a rotation cut short."""
        kept = {self._path(role, key_id) for key_id in key_ids}
        here = {*self.folder.glob(f"{role}-*.pem"), *self.folder.glob(f".{role}-*.pem.new")}
        self._delete(here - kept)

    def _delete(self, paths: Iterable[Path]) -> None:
        try:
            for path in paths:
                FileSystem().unlink(path)
        except OSError as error:
            raise StoreError(f"{self.folder}: an old key cannot be deleted ({error.strerror})") from error

    def _path(self, role: str, key_id: str) -> Path:
        return self.folder / f"{role}-{key_id[:16]}.pem"

    def _load(self, path: Path, key_id: str) -> CryptoSigner:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from securesystemslib.signer import CryptoSigner

        try:
            key = load_pem_private_key(path.read_bytes(), self._passphrase)
        except OSError as error:
            todo = RUN_AS_ITS_USER if isinstance(error, PermissionError) else "restore it"
            raise StoreError(f"{path}: cannot be read ({reason(error)}); {todo}") from error
        except (ValueError, TypeError) as error:
            raise StoreError(f"{path}: cannot be read; is {PASSPHRASE_VARIABLE} right? ({error})") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{path}: not an Ed25519 key")
        signer = CryptoSigner(key)
        if signer.public_key.keyid != key_id:
            raise StoreError(f"{path}: is another key than the root metadata names; restore it from a backup")
        return signer


def new_key() -> CryptoSigner:
    """An Ed25519 key, in memory."""
    from securesystemslib.signer import CryptoSigner

    return CryptoSigner.generate_ed25519()
