"""Every signal of many pictures: what rules are fitted to and measured on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pocketshelf.encoder import Encoder
from pocketshelf.quality import FAULTS, Judge
from pocketshelf.quality.rules import NETWORK_SIGNALS
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.quality.labels import labelled_by_eye
from pocketshelf_training.quality.learn import as_photo
from pocketshelf_training.quality.photos import real_photos
from pocketshelf_training.quality.synthetic import Maker

__all__ = ["SignalTable", "Tables", "labelled_table", "made_table", "read_tables"]


@dataclass(frozen=True)
class SignalTable:
    """Signals of n pictures.

    Attributes:
        names: of the columns.
        values: float32 (n, len(names)).
        faults: int8 (n, len(FAULTS)): 1, 0, or -1 where unknown.
    """

    names: tuple[str, ...]
    values: np.ndarray
    faults: np.ndarray

    def columns(self, names: Iterable[str]) -> np.ndarray:
        """(n, k) of these signals."""
        return self.values[:, [self.names.index(name) for name in names]]

    def known(self, code: str) -> tuple[np.ndarray, np.ndarray]:
        """Rows of which it is known whether they have the fault, and whether they have it."""
        labels = self.faults[:, FAULTS.index(code)]
        rows = np.flatnonzero(labels >= 0)
        return rows, labels[rows] == 1


@dataclass(frozen=True)
class Tables:
    """Real photos labelled by eye, and made ones, of the sources of val and of test."""

    real_val: SignalTable
    real_test: SignalTable
    made_val: SignalTable
    made_test: SignalTable


def read_tables(
    judge: Judge, encoder: Encoder, root: str | Path | None, made: int, seed: int, cache: Path | None
) -> Tables:
    """All four.

    Args:
        made: how many synthetic pictures a part.
        cache: keep the tables there.
    """
    kept = cache / f"quality-{made}-{seed}.npz" if cache else None
    names = ("real_val", "real_test", "made_val", "made_test")
    if kept is not None and kept.is_file():
        with np.load(kept) as file:
            columns = tuple(map(str, file["names"]))
            return Tables(*(SignalTable(columns, file[f"{n}-values"], file[f"{n}-faults"]) for n in names))
    real = [labelled_table(judge, encoder, root, split) for split in ("val", "test")]
    tables = [*real, *(made_table(judge, encoder, root, part, made, seed) for part in ("val", "test"))]
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        arrays = {f"{n}-values": t.values for n, t in zip(names, tables, strict=True)}
        arrays |= {f"{n}-faults": t.faults for n, t in zip(names, tables, strict=True)}
        np.savez(kept, names=np.array(tables[0].names), **arrays)  # type: ignore[arg-type]
    return Tables(*tables)


def labelled_table(judge: Judge, encoder: Encoder, root: str | Path | None, split: str) -> SignalTable:
    """The photos labelled by eye of one split."""
    chosen = [photo for photo in labelled_by_eye() if photo.split == split]
    folder = data_root(root)
    photos = (read_photo(folder / photo.name) for photo in chosen)
    return _table(judge, encoder, photos, [photo.faults for photo in chosen], f"labelled {split}")


def made_table(
    judge: Judge, encoder: Encoder, root: str | Path | None, part: str, count: int, seed: int
) -> SignalTable:
    """``count`` synthetic pictures of one part's sources."""
    by_eye = {photo.name for photo in labelled_by_eye()}
    sources = [photo for photo in real_photos(root) if photo.part == part and photo.name not in by_eye]
    maker = Maker(sources, root, seed)
    examples = [maker.example(number) for number in range(count)]
    return _table(judge, encoder, map(as_photo, examples), [e.faults for e in examples], f"made {part}")


def _table(
    judge: Judge, encoder: Encoder, photos: Iterable[Photo], faults: Sequence[np.ndarray], what: str
) -> SignalTable:
    found = []
    for photo in tqdm(photos, what, len(faults), file=sys.stderr):
        found.append(judge.signals(photo, encoder.boxes(photo)[1]))
    names = tuple(found[0])
    values = np.array([[signals[name] for name in names] for signals in found], np.float32)
    return SignalTable(names, values, np.array(faults, np.int8))


def without_network(names: Iterable[str]) -> list[str]:
    """Those that need no network."""
    return [name for name in names if name not in NETWORK_SIGNALS]
