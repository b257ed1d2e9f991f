"""Check a store from pointer to last byte."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf.errors import StoreError
from pocketshelf.formats.shard import open_shard
from pocketshelf.store.folder import StoreFolder

__all__ = ["StoreReport", "check_digest", "verify_store"]


@dataclass
class StoreReport:
    """What `verify_store` found.

    Attributes:
        generation: the current one, or None if the pointer leads nowhere.
        problems: one line each; empty if all is well.
    """

    path: Path
    generation: str | None = None
    sequence: int | None = None
    products: int | None = None
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {"ok": self.ok, **vars(self), "path": str(self.path)}


def verify_store(path: str | Path) -> StoreReport:
    """Check the current generation, and the one kept for rollback: hash, pages, schema, every row.

    Damage is reported, not raised. Indexes are not looked at: they are derived, and rebuilt when unfit.

    Raises:
        StoreError: there is no store at all.
    """
    folder, report = StoreFolder(path), StoreReport(Path(path))
    try:
        report.generation = folder.current()
    except StoreError as error:
        report.problems.append(str(error))
        return report
    name, previous = folder.require_current(), folder.previous()
    try:
        report.sequence, report.products = _check(folder, name)
    except StoreError as error:
        report.problems.append(str(error))
    try:
        if previous is not None:
            _check(folder, previous)
    except StoreError as error:
        report.problems.append(f"kept for rollback: {error}")
    return report


def _check(folder: StoreFolder, name: str) -> tuple[int, int]:
    """(sequence, number of products) of a sound generation."""
    check_digest(folder, name)
    with open_shard(folder.shard(name)) as shard:
        shard.check()
        return shard.meta.sequence, len(shard)


def check_digest(folder: StoreFolder, name: str) -> None:
    """Compare a generation's shard with the SHA-256 recorded when it was written.

    Raises:
        StoreError: it differs, or one of the two cannot be read.
    """
    shard, recorded = folder.shard(name), folder.digest(name)
    try:
        expected = recorded.read_text(encoding="ascii").split()[:1]
        with shard.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder.generation(name)}: cannot be read ({error}); sync or build it again"
        ) from error
    if expected != [found]:
        raise StoreError(
            f"{shard}: not the bytes that were written (SHA-256 differs); sync or build it again"
        )
