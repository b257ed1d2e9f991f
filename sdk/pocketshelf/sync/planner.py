"""The rules of the sync, apart from input and output: what a device has, what is published → what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pocketshelf.errors import SyncError
from pocketshelf.formats.space import Space, comparable, require_same
from pocketshelf.sync.manifest import DeltaEntry, Manifest, SnapshotEntry

__all__ = ["Device", "Plan", "plan"]

Why = Literal[
    "current",
    "rolled back",
    "changes",
    "first",
    "damaged",
    "rotated",
    "gap",
    "other shard",
    "other space",
    "shorter",
    "reset",
]
_PUBLISHED = ("the server's", "update the app's bundle, or sync with the server of its space")


@dataclass(frozen=True)
class Device:
    """What the device has.

    Attributes:
        shard: name of the shard that the current generation came from; None if from elsewhere.
        sequence: of the current generation; None if there is none, or it cannot be read.
        space: of the current generation; None as above.
        damaged: the current generation is there but fails its check.
        vouched: a key signed the current generation that counts still; what a rotated one signed, a thief
            may have.
        rolled_back: the sequence that a rollback left; None if there was none, or something came since.
        bundle: what the app's models need; None if unknown, and any space is taken.
    """

    shard: str | None = None
    sequence: int | None = None
    space: Space | None = None
    damaged: bool = False
    vouched: bool = True
    rolled_back: int | None = None
    bundle: Space | None = None


@dataclass(frozen=True)
class Plan:
    """What to get: nothing (``current``, ``rolled back``), the changes, or the whole; and why."""

    get: DeltaEntry | SnapshotEntry | None
    why: Why


def plan(device: Device, manifest: Manifest, allow_older: bool = False) -> Plan:
    """Decide.

    What a key signed that was rotated since is replaced by the whole, whatever its number. What a rollback
    left is not taken again, only what is newer. The changes are taken when they start at exactly the
    device's sequence, end at the published one and are shorter than the whole; everything else that is
    older takes the snapshot.

    Args:
        allow_older: take a published state that is older than the device's, as after the restoring of
            a server's backup. It is signed, but a device does not go back by itself.

    Raises:
        SpaceMismatch: the published vectors cannot be searched by the app's models.
        SyncError: the published state is older than the device's.
    """
    published = Space(manifest.space, manifest.preprocessing)
    if device.bundle is not None:
        require_same(device.bundle, published, "this app's models are", *_PUBLISHED)
    if device.damaged:
        return Plan(manifest.snapshot, "damaged")
    if device.sequence is None or device.space is None:
        return Plan(manifest.snapshot, "first")
    if not device.vouched:
        return Plan(manifest.snapshot, "rotated")
    if device.shard != manifest.shard:
        return Plan(manifest.snapshot, "other shard")
    if not comparable(device.space, device.bundle or published):
        if device.bundle is None:  # Nothing says that the app can search the new space.
            require_same(device.space, published, "this shelf is", *_PUBLISHED)
        return Plan(manifest.snapshot, "other space")
    if device.sequence > manifest.sequence:
        if allow_older:
            return Plan(manifest.snapshot, "reset")
        raise SyncError(
            f"the server is at sequence {manifest.sequence}, this shelf at {device.sequence}: going back is "
            "refused; allow it (--allow-older) if the server was restored from a backup, or let its operator "
            "go on with `publish --jump-ahead`"
        )
    if device.sequence == manifest.sequence:
        return Plan(None, "current")
    if device.rolled_back is not None and manifest.sequence <= device.rolled_back:
        return Plan(None, "rolled back")
    return _forward(device.sequence, manifest)


def _forward(sequence: int, manifest: Manifest) -> Plan:
    fitting = [d for d in manifest.deltas if d.base == sequence and d.to == manifest.sequence]
    if not fitting:
        return Plan(manifest.snapshot, "gap")
    shortest = min(fitting, key=lambda d: d.length)
    if shortest.length >= manifest.snapshot.length:
        return Plan(manifest.snapshot, "shorter")
    return Plan(shortest, "changes")
