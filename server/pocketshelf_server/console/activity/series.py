"""What was counted, as the pages show it: numbers of today, and by day or hour."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pocketshelf_server.console.activity.store import DAY, HOUR, ActivityStore
from pocketshelf_server.console.activity.tally import OTHER

__all__ = ["Activity", "Period", "activity", "by_age", "told_versions"]


@dataclass
class Period:
    """An hour or a day.

    Attributes:
        start: seconds since 1970.
        syncs: questions for what is newest, by the sequence that the asker has ("" where it did not say).
        updates: "snapshot" and "delta" to how many were fetched.
        vector, photo: searches of the full catalogue.
        searches, asked: of devices that tell: all their searches, and those that came here.
        recalls, recall_sum: estimates of local answers that devices told with questions, and their sum.
    """

    start: int
    syncs: Counter[str] = field(default_factory=Counter)
    updates: Counter[str] = field(default_factory=Counter)
    vector: int = 0
    photo: int = 0
    searches: int = 0
    asked: int = 0
    recalls: int = 0
    recall_sum: float = 0.0

    @property
    def syncs_total(self) -> int:
        """All syncs."""
        return self.syncs.total()

    @property
    def updates_total(self) -> int:
        """All downloads of something new."""
        return self.updates.total()

    @property
    def escalation(self) -> float | None:
        """The share of searches that devices could not answer well themselves; None where none told."""
        return min(1.0, self.asked / self.searches) if self.searches else None

    @property
    def recall(self) -> float | None:
        """The mean estimate of the local answers that led to a question; None where none told."""
        return self.recall_sum / self.recalls if self.recalls else None

    def add(self, name: str, key: str, count: int, total: float) -> None:
        """Take in a row of the store."""
        if name == "sync":
            self.syncs[key] += count
        elif name == "update":
            self.updates[key] += count
        elif (name == "search" and key in ("vector", "photo")) or (
            name == "told" and key in ("searches", "asked")
        ):
            setattr(self, key, getattr(self, key) + count)
        elif name == "recall":
            self.recalls, self.recall_sum = self.recalls + count, self.recall_sum + total


@dataclass(frozen=True)
class Activity:
    """The periods from oldest to newest, with those in which nothing happened, and all of them together."""

    width: int
    periods: tuple[Period, ...]
    total: Period

    def rows(self, *names: str) -> list[tuple[int, tuple[float | None, ...]]]:
        """(start, values) of each period, of those of its attributes."""
        return [(p.start, tuple(getattr(p, name) for name in names)) for p in self.periods]


def activity(store: ActivityStore, days: int, now: float | None = None) -> Activity:
    """The last ``days``, by hour if they are three at most.

    Raises:
        StoreError: what was counted cannot be read.
    """
    present = int(time.time() if now is None else now)
    width = HOUR if days <= 3 else DAY
    last = present - present % width
    first = last - days * DAY + width
    found = {start: Period(start) for start in range(first, last + 1, width)}
    total = Period(first)
    for start, name, key, count, amount in store.amounts(width, first):
        for period in (found.get(start), total):
            if period is not None:
                period.add(name, key, count, amount)
    return Activity(width, tuple(found.values()), total)


def by_age(versions: dict[str, int]) -> list[tuple[str, int]]:
    """`told_versions` from the newest generation on, then those that are none."""
    return sorted(versions.items(), key=lambda item: (-(int(item[0]) if item[0].isdigit() else -1), item[0]))


def told_versions(periods: Iterable[Period], known: Iterable[int]) -> dict[str, int]:
    """Syncs by version: each published sequence that still counts, "older", "new", "other", "untold".

    Only numbers that the site has published are shown as such: anybody can send a number.
    """
    published = set(known)
    oldest = min(published, default=0)
    counts: dict[str, int] = defaultdict(int)
    for period in periods:
        for key, count in period.syncs.items():
            counts[_version(key, published, oldest)] += count
    return dict(counts)


def _version(key: str, published: set[int], oldest: int) -> str:
    if key == "":
        return "untold"
    if key == OTHER or not key.isdigit():
        return "other"
    if int(key) == 0:
        return "new"
    if int(key) in published:
        return key
    return "older" if int(key) < oldest else "other"
