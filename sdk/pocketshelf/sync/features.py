"""Bring the local features of a shelf (`pocketshelf.closely`), which a server publishes beside its shard.

They come last, to a generation that is current already: a shelf is searched without them meanwhile, and no
fault of theirs keeps products or prices back. Where the shelf has those of an older sequence, the changes
since are laid over them, and must give the bytes that were signed as the whole.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pocketshelf.errors import SyncError
from pocketshelf.formats.features import (
    FeatureTable,
    features_file,
    most_bytes,
    parse,
    target_name,
)
from pocketshelf.formats.shard import open_shard
from pocketshelf.store import StoreFolder
from pocketshelf.store.digest import recorded_digests
from pocketshelf.store.features import put_features
from pocketshelf.store.filesystem import FileSystem
from pocketshelf.sync.generation import unpacked_length
from pocketshelf.sync.limits import Limits
from pocketshelf.sync.trust import Target, Trusted
from pocketshelf.sync.unpack import unpack

__all__ = ["Brought", "FeatureBringer"]

logger = logging.getLogger(__name__)

# How the shelf's features are those published: they were, or came as changes, or whole.
Brought = Literal["current", "changes", "snapshot"]


@dataclass(frozen=True)
class FeatureBringer:
    """Brings the published features to the current generation of a store.

    Attributes:
        get: downloads a signed file, having looked for room for so many bytes.
    """

    folder: StoreFolder
    files: FileSystem
    limits: Limits
    get: Callable[[Target, int], Path]

    def bring(self, trusted: Trusted, shard: str, sequence: int) -> Brought | None:
        """Make the current generation's features those that are signed for it; None where none are.

        Args:
            shard, sequence: of the current generation, which is the published one.

        Raises:
            Unreachable: the server is away; what has arrived is kept.
            ServerError: it does not have a file that it signed.
            SyncError: a file is not the one signed, beyond a bound, or malformed; the shelf is as it was.
            StoreError, OSError: the store cannot be read or written.
        """
        name = self.folder.require_current()
        with open_shard(self.folder.shard(name)) as opened:
            products = len(opened)
        digest = recorded_digests(self.folder, name)[self.folder.shard(name).name]
        file = features_file(self.folder.index(name), digest)
        whole = trusted.find(target_name(shard, sequence))
        if whole is None:
            if file.path.exists():  # What a key signed that was rotated since, perhaps.
                self.files.rmtree(file.path)
            return None
        most = most_bytes(products)
        self._check_length(whole, most)
        held = file.read(most)
        if held is not None and _is(held, whole):
            return "current"
        known = None if held is None else parse(held, products)
        data = None if known is None else self._changed(trusted, whole, known, (shard, sequence))
        how: Brought = "snapshot" if data is None else "changes"
        if data is None:
            data = self._plain(whole)
            found = parse(data, products)
            if found is None or found.sequence != sequence:
                raise SyncError(f"{whole.name}: refused, not the local features of {products} products")
        put_features(self.folder.index(name), digest, data, self.files)
        return how

    def _changed(
        self, trusted: Trusted, whole: Target, known: FeatureTable, to: tuple[str, int]
    ) -> bytes | None:
        """The published bytes by the changes since what is here; None where those do not lead there."""
        changes = trusted.find(target_name(*to, base=known.sequence))
        if changes is None or changes.length >= whole.length:
            return None
        self._check_length(changes, most_bytes(len(known.counts)))
        found = known.changed(self._plain(changes))
        if found is not None and _is(data := found.to_bytes(), whole):
            return data
        logger.info("%s: leads elsewhere from here; taking the whole", changes.name)
        return None

    def _check_length(self, target: Target, most: int) -> None:
        length = unpacked_length(target, self.limits)
        # What cannot be packed grows by less than this.
        if length > most or target.length > most + most // 512 + 1024:
            raise SyncError(
                f"{target.name}: refused, {target.length} bytes, {length} unpacked; the local features of "
                f"this shelf have {most} at most"
            )

    def _plain(self, target: Target) -> bytes:
        """The unpacked bytes of a signed file, in memory; `_check_length` has bounded them."""
        length = unpacked_length(target, self.limits)
        packed = self.get(target, target.length + 3 * length)
        plain = packed.with_name(f"{packed.name}.plain")
        self.files.make_way(plain)
        unpack(packed, plain, length, target.custom["uncompressed_sha256"], self.files, self.limits)
        data = plain.read_bytes()
        self.files.unlink(plain)
        return data


def _is(data: bytes | bytearray, whole: Target) -> bool:
    return hashlib.sha256(data).hexdigest() == whole.custom["uncompressed_sha256"]
