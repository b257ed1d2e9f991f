"""Evidence of local searches: made by ``python -m pocketshelf.recall.evidence``, read and split here."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pocketshelf.recall.signals import FEATURES
from pocketshelf_training.predict.commands import CommandFailed

__all__ = ["NAMES", "Evidence", "collect", "one_a_photo", "read", "split_photos"]

NAMES = tuple(FEATURES)


@dataclass(frozen=True)
class Evidence:
    """Searches, one a row.

    Attributes:
        features: float64 (n, F), columns as `NAMES`.
        rank: int64 (n,): place of the wanted product among the local hits, from 1; 0 if it is not there.
        local: bool (n,): the shelf holds the wanted product.
        lines: the rows as they were read.
    """

    features: np.ndarray
    rank: np.ndarray
    local: np.ndarray
    lines: list[dict[str, Any]]

    def hits(self, k: int) -> np.ndarray:
        """Bool (n,): the wanted product is among the first ``k`` local hits."""
        return (self.rank > 0) & (self.rank <= k)

    def take(self, rows: Iterable[int] | np.ndarray) -> Evidence:
        """Some of the rows."""
        index = np.asarray(list(rows), dtype=np.int64)
        return Evidence(
            self.features[index], self.rank[index], self.local[index], [self.lines[i] for i in index]
        )


def collect(
    store: Path,
    photos: Iterable[tuple[Path, str]],
    bundle: Path,
    shelves: int,
    shares: Iterable[float],
    seed: int,
) -> list[dict[str, Any]]:
    """Run ``python -m pocketshelf.recall.evidence`` over (photo, product_id) pairs.

    Raises:
        CommandFailed: it failed; the message is its last line.
    """
    lines = "".join(json.dumps({"photo": str(p), "product_id": i}) + "\n" for p, i in photos)
    options = [f"--share={share}" for share in shares]
    command = [sys.executable, "-m", "pocketshelf.recall.evidence", "--store", str(store), *options]
    command += ["--shelves", str(shelves), "--seed", str(seed)]
    done = subprocess.run(
        command,
        input=lines,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "POCKETSHELF_BUNDLE": str(bundle)},
        check=False,
    )
    if done.returncode:
        raise CommandFailed("the collection of evidence failed; see above")
    return [json.loads(line) for line in done.stdout.splitlines()]


def read(lines: list[dict[str, Any]]) -> Evidence:
    """Rows of searches in drawn shelves; those in the full store only tell how good that would be."""
    return Evidence(
        np.array([[line["features"][name] for name in NAMES] for line in lines], dtype=np.float64),
        np.array([line["rank"] or 0 for line in lines], dtype=np.int64),
        np.array([line["local"] for line in lines], dtype=bool),
        lines,
    )


def split_photos(evidence: Evidence, share: float) -> tuple[Evidence, Evidence]:
    """Two parts without a photo in common; the first has about ``share`` of the photos."""
    first = np.array([_unit(line["photo"], "split") < share for line in evidence.lines], dtype=bool)
    return evidence.take(np.flatnonzero(first)), evidence.take(np.flatnonzero(~first))


def one_a_photo(evidence: Evidence, seed: int = 0) -> Evidence:
    """One row of each photo, drawn at random: rows of different photos are independent, others are not."""
    best: dict[str, tuple[float, int]] = {}
    for i, line in enumerate(evidence.lines):
        key = f"{line['shelf']}/{line['whole']}/{seed}"
        drawn = (_unit(line["photo"], key), i)
        best[line["photo"]] = min(drawn, best.get(line["photo"], (2.0, -1)))
    return evidence.take([i for _, i in sorted(best.values(), key=lambda pair: pair[1])])


def _unit(photo: str, salt: str) -> float:
    """A number in [0, 1) that follows from the photo's name."""
    digest = hashlib.sha256(f"{salt}:{Path(photo).name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
