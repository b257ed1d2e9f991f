"""Check a store from pointer to last byte."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pocketshelf.errors import StoreError
from pocketshelf.formats.derived import FEATURES, DerivedFile
from pocketshelf.formats.shard import open_shard
from pocketshelf.store.digest import check_digests
from pocketshelf.store.folder import StoreFolder

__all__ = ["StoreReport", "verify_store"]


# No index is longer than so many times its shard; a longer one is not read.
INDEX_FACTOR = 100


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
    """Check the current generation, and the one kept for rollback: hash, pages, schema, rows, indexes.

    Damage is reported, not raised.

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
        report.sequence, report.products = _check(folder, name, report.problems)
    except StoreError as error:
        report.problems.append(str(error))
    if previous is not None:
        report.problems += [f"kept for rollback: {problem}" for problem in _problems(folder, previous)]
    return report


def _problems(folder: StoreFolder, name: str) -> list[str]:
    problems: list[str] = []
    try:
        _check(folder, name, problems)
    except StoreError as error:
        problems.append(str(error))
    return problems


def _check(folder: StoreFolder, name: str, problems: list[str]) -> tuple[int, int]:
    """(sequence, number of products) of a sound generation; what is wrong with its indexes is added."""
    digest = check_digests(folder, name)
    with open_shard(folder.shard(name)) as shard:
        shard.check()
        most = INDEX_FACTOR * shard.path.stat().st_size
        for derived in DerivedFile.every(folder.index(name), digest):
            if derived.read(most) is None:
                again = "sync or build the store" if derived.name.endswith(FEATURES) else "a search makes it"
                problems.append(f"{derived.path}: damaged, or of other products; {again} again")
        return shard.meta.sequence, len(shard)
