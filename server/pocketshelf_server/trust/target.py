"""What is signed of a published file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuf.api.metadata import TargetFile

__all__ = ["PublishedTarget", "target_files"]


@dataclass(frozen=True)
class PublishedTarget:
    """A signed file.

    Attributes:
        name: its target name, such as "all/snapshot-42.sqlite.gz".
        sha256, length: of the file as it travels.
        custom: signed along with it.
    """

    name: str
    sha256: str
    shard: str
    length: int
    custom: dict[str, Any]


def target_files(targets: Iterable[PublishedTarget]) -> dict[str, TargetFile]:
    """The same as The Update Framework says it."""
    from tuf.api.metadata import TargetFile

    return {t.name: TargetFile(t.length, {"sha256": t.sha256}, t.name, {"custom": t.custom}) for t in targets}
