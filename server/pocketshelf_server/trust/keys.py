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

from pocketshelf.errors import StoreError
from pocketshelf_server.site import write_atomically

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

__all__ = ["PASSPHRASE_VARIABLE", "KeyFolder"]

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

    def make(self, role: str) -> CryptoSigner:
        """Make and store a new key for ``role``.

        Raises:
            StoreError: the folder cannot be written.
        """
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from securesystemslib.signer import CryptoSigner

        key = Ed25519PrivateKey.generate()
        encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
        if self._passphrase:
            encryption = serialization.BestAvailableEncryption(self._passphrase)
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
        signer = CryptoSigner(key)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomically(self._path(role, signer.public_key.keyid), pem, mode=0o600)
        except OSError as error:
            raise StoreError(f"{self.folder}: the key cannot be written ({error.strerror})") from error
        return signer

    def signers(self, role: str, key_ids: Iterable[str]) -> list[CryptoSigner]:
        """The keys here whose ids are among ``key_ids``.

        Raises:
            StoreError: there is none, or one cannot be read.
        """
        found = [self._load(path) for key_id in key_ids if (path := self._path(role, key_id)).is_file()]
        if not found:
            raise StoreError(
                f"{self.folder}: no key of role {role!r} that the root metadata names; "
                "give the folder that has it (--offline DIR for the root's)"
            )
        return found

    def remove(self, role: str, key_id: str) -> None:
        """Delete a key that no longer counts; missing is fine."""
        self._path(role, key_id).unlink(missing_ok=True)

    def _path(self, role: str, key_id: str) -> Path:
        return self.folder / f"{role}-{key_id[:16]}.pem"

    def _load(self, path: Path) -> CryptoSigner:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
        from securesystemslib.signer import CryptoSigner

        try:
            key = load_pem_private_key(path.read_bytes(), self._passphrase)
        except (ValueError, TypeError, OSError) as error:
            raise StoreError(f"{path}: cannot be read; is {PASSPHRASE_VARIABLE} right? ({error})") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{path}: not an Ed25519 key")
        return CryptoSigner(key)
