"""The figures of a run: recall with its uncertainty, times, sizes; as one JSON document and as a table."""

from __future__ import annotations

import math
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pocketshelf.demo.answers import TOP_K, Answer
from pocketshelf.demo.dataset import Dataset
from pocketshelf.demo.shelf import Shelf

__all__ = ["STAGES", "Recall", "Report", "StageTime", "recall_rows", "stage_times", "table", "wilson"]

STAGES = ("decode", "detect", "embed", "search", "total")


@dataclass(frozen=True)
class Recall:
    """Recall of one way to search over ``n`` queries.

    Attributes:
        key, label: its name in the JSON document, and for people.
        first, among: how many have the right product first, or among the first `TOP_K`.
    """

    key: str
    label: str
    n: int
    first: int
    among: int

    @property
    def at_1(self) -> float:
        """R@1, a share of the queries."""
        return self.first / max(self.n, 1)

    @property
    def at_5(self) -> float:
        """R@5, a share of the queries."""
        return self.among / max(self.n, 1)

    @property
    def interval_1(self) -> tuple[float, float]:
        """The 95 % interval of R@1."""
        return wilson(self.first, self.n)

    @property
    def interval_5(self) -> tuple[float, float]:
        """The 95 % interval of R@5."""
        return wilson(self.among, self.n)

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "n": self.n,
            "r1": round(self.at_1, 4),
            "r5": round(self.at_5, 4),
            "r1_95": [round(end, 4) for end in self.interval_1],
            "r5_95": [round(end, 4) for end in self.interval_5],
        }


@dataclass(frozen=True)
class StageTime:
    """Milliseconds a photo spends in a stage."""

    stage: str
    median: float
    p90: float


@dataclass(frozen=True)
class Report:
    """Everything that the terminal, the JSON document and the page tell.

    Attributes:
        bundle, space: which models.
        seconds: the run's wall time, a download included.
        shelf_store: where the store lies, for searches of one's own.
        drop_in: address of the page that takes a photo of one's own; None where none is served.
    """

    dataset: Dataset
    shelf: Shelf
    bundle: str
    space: str
    seed: int
    recall: tuple[Recall, ...]
    times: tuple[StageTime, ...]
    seconds: float
    page: str
    shelf_store: str
    drop_in: str | None = None

    @property
    def yours(self) -> str:
        """The command that searches photos of one's own, as a shell takes it."""
        return f"pocketshelf search PHOTO --store {shlex.quote(self.shelf_store)} --html found.html"

    def to_json(self) -> dict[str, Any]:
        """One JSON object."""
        return {
            "data": {
                "name": self.dataset.name,
                "synthetic": self.dataset.drawn,
                "source": self.dataset.source,
                "products": self.shelf.products,
                "queries": len(self.dataset.queries),
                "queries_available": self.dataset.available,
                "seed": self.seed,
            },
            "models": {"bundle": self.bundle, "space": self.space},
            "recall": {row.key: row.to_json() for row in self.recall},
            "ms": {
                time.stage: {"median": round(time.median, 2), "p90": round(time.p90, 2)}
                for time in self.times
            },
            "store": {
                "bytes": self.shelf.store_bytes,
                "sequence": self.shelf.sequence,
                "synced": self.shelf.synced,
                "note": self.shelf.note,
                "import_seconds": round(self.shelf.import_seconds, 2),
                "sync_bytes": self.shelf.sync_bytes,
                "sync_seconds": None
                if self.shelf.sync_seconds is None
                else round(self.shelf.sync_seconds, 2),
            },
            "seconds": round(self.seconds, 1),
            "page": self.page,
        }


def recall_rows(answers: Sequence[Answer], boxes_known: bool, detects: bool = True) -> tuple[Recall, ...]:
    """One row a way to search, the first one being the user's; models without a detector know one way."""
    first = "the box on the garment" if boxes_known else "the first box"
    whole = _recall("whole", "the whole photo", [answer.whole_rank for answer in answers])
    if not detects:
        return (whole,)
    return (
        _recall("detected", f"with detection, {first}", [answer.rank for answer in answers]),
        _recall("detected_any", "with detection, any box", [answer.any_rank for answer in answers]),
        whole,
    )


def _recall(key: str, label: str, ranks: Sequence[int | None]) -> Recall:
    among = [rank for rank in ranks if rank is not None and rank <= TOP_K]
    return Recall(key, label, len(ranks), among.count(1), len(among))


def wilson(successes: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a proportion (Wilson, 1927); (0, 1) for no trials."""
    if n == 0:
        return 0.0, 1.0
    z, share = 1.959964, successes / n
    middle = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def stage_times(answers: Sequence[Answer]) -> tuple[StageTime, ...]:
    """Median and 90th percentile over the searches with detection."""
    if not answers:
        return ()
    spent = {stage: [getattr(answer.detected.ms, stage) for answer in answers] for stage in STAGES}
    return tuple(
        StageTime(stage, float(np.median(ms)), float(np.percentile(ms, 90))) for stage, ms in spent.items()
    )


def table(report: Report) -> str:
    """The figures as lines for a terminal."""
    data, shelf = report.dataset, report.shelf
    kind = "drawn (synthetic)" if data.drawn else "real photos"
    counts = f"{shelf.products} products, {len(data.queries)} of {data.available:,} photos"
    lines = [
        f"data    {data.name}: {counts}; {kind}",
        f"        {data.source}",
        f"models  {report.bundle}, space {report.space}",
        "",
        f"recall {'':34}  R@1 (95 % interval)   R@5 (95 % interval)       n",
        *(_recall_line(row) for row in report.recall),
        "",
        f"ms a photo {'':30}" + "".join(f"{time.stage:>9}" for time in report.times),
        f"  {'median':39}" + "".join(f"{time.median:9.1f}" for time in report.times),
        f"  {'90 % are faster':39}" + "".join(f"{time.p90:9.1f}" for time in report.times),
        "",
        f"store   {shelf.store_bytes / 1000:.0f} kB, sequence {shelf.sequence}; {_origin(shelf)}",
        f"page    {report.page}",
        f"yours   {report.yours}",
    ]
    return "\n".join(lines)


def _recall_line(row: Recall) -> str:
    first, among = _share(row.at_1, row.interval_1), _share(row.at_5, row.interval_5)
    return f"  {row.label:39}  {first}  {among}  {row.n:6}"


def _share(value: float, interval: tuple[float, float]) -> str:
    return f"{value:.3f} ({interval[0]:.2f} to {interval[1]:.2f})"


def _origin(shelf: Shelf) -> str:
    if shelf.sync_bytes is None or shelf.sync_seconds is None:
        return f"{shelf.note} It took {shelf.import_seconds:.1f} s."
    return (
        f"imported and published by the server in {shelf.import_seconds:.1f} s, "
        f"synced in {shelf.sync_seconds:.2f} s, {shelf.sync_bytes / 1000:.1f} kB"
    )
