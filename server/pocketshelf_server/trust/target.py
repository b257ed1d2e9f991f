"""What is signed of a published file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["PublishedTarget"]


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
