"""What became of each candidate, and the tables that say so.

``labels.csv`` has the pictures that keep their label, as ``--data-set csv=`` reads them; ``dropped.csv`` the
others, with the rule and the reason.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pocketshelf.files import atomic_write
from pocketshelf_training.mine.categories.purify.purify import Verdict
from pocketshelf_training.mine.categories.search.collect import Candidate

__all__ = ["Outcome", "summary", "write_tables"]

# Every fifth picture of a category is for validation.
VALIDATION = 5
LABELS = ("image", "split", "domain", "category")
DROPPED = ("image", "category", "rule", "why", "agreement", "query", "address", "text")


@dataclass(frozen=True)
class Outcome:
    """A candidate and the verdict on it."""

    candidate: Candidate
    verdict: Verdict

    @property
    def kept(self) -> bool:
        return not self.verdict.rule


def write_tables(folder: Path, outcomes: Sequence[Outcome]) -> tuple[Path, Path]:
    """Write both tables into ``folder``; pictures are named from there."""
    labels, dropped = folder / "labels.csv", folder / "dropped.csv"
    _write(labels, LABELS, _labels(folder, [each for each in outcomes if each.kept]))
    _write(dropped, DROPPED, (_dropped(folder, each) for each in outcomes if not each.kept))
    return labels, dropped


def _labels(folder: Path, kept: Sequence[Outcome]) -> Iterator[tuple[str, ...]]:
    counts: Counter[str] = Counter()
    for each in kept:
        category = each.candidate.category
        counts[category] += 1
        split = "val" if counts[category] % VALIDATION == 0 else "train"
        yield _name(folder, each.candidate.path), split, "street", category


def _dropped(folder: Path, each: Outcome) -> tuple[str, ...]:
    found, verdict = each.candidate, each.verdict
    agreement = f"{verdict.agreement:.3f}" if verdict.agreement else ""
    said = (verdict.rule, verdict.why, agreement, found.query, found.found.address, found.found.text)
    return _name(folder, found.path), found.category, *said


def _name(folder: Path, path: Path | None) -> str:
    return "" if path is None else Path(os.path.relpath(path, folder)).as_posix()


def _write(path: Path, head: Sequence[str], rows: Any) -> None:
    with (
        atomic_write(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as stream,
    ):
        csv.writer(stream).writerows([head, *rows])


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Counts: found and kept, by category; dropped, by rule."""
    found = Counter(each.candidate.category for each in outcomes)
    kept = Counter(each.candidate.category for each in outcomes if each.kept)
    return {
        "candidates": len(outcomes),
        "kept": sum(kept.values()),
        "categories": {name: {"found": count, "kept": kept[name]} for name, count in found.items()},
        "dropped": dict(Counter(each.verdict.rule for each in outcomes if not each.kept).most_common()),
    }
