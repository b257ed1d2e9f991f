"""What the models say of each picture, kept by models and picture: a second run embeds only what is new."""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import say
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError
from pocketshelf.files import atomic_write
from pocketshelf.formats.bundle import Bundle
from pocketshelf_training.mine.pictures import Picture

__all__ = ["Embedded", "add_beside", "embed_by_each", "embed_pictures", "embedded_of", "side_by_side"]

# A run that is cut off loses so many pictures' vectors at most.
SAVE_EVERY = 256


@dataclass(frozen=True)
class Embedded:
    """n pictures, a row each.

    Attributes:
        pictures: those that could be read.
        vectors: float32 (n, d), of length 1.
        shares: float32 (n, c), the probability of each of ``categories``.
    """

    pictures: Sequence[Picture]
    vectors: np.ndarray
    shares: np.ndarray
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.pictures)


def embedded_of(
    pictures: Sequence[Picture], vectors: np.ndarray, shares: np.ndarray, categories: Sequence[str]
) -> Embedded:
    """Vectors brought to length 1."""
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return Embedded(pictures, (vectors / norms).astype(np.float32), shares, tuple(categories))


def embed_pictures(
    encoder: Encoder, pictures: Sequence[Picture], cache: Path | None = None, whole: bool = False
) -> Embedded:
    """The most prominent thing in each picture; one that cannot be read is told and left out.

    Args:
        cache: folder of the vectors kept.
        whole: embed the whole picture, without a look at what is in it.
    """
    kept = _Kept(None if cache is None else cache / f"{_models(encoder.bundle, whole)}.npz")
    names, readable, rows = encoder.bundle.embedder.categories, [], []
    try:
        for picture in tqdm(pictures, "pictures", file=sys.stderr):
            try:
                data = picture.path.read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                if digest not in kept.rows:
                    embedding = encoder.encode(data, whole).regions[0].embedding
                    shares = [embedding.categories.get(name, 0.0) for name in names]
                    kept.add(digest, np.concatenate([embedding.vector, shares]))
            except (PhotoError, OSError) as error:
                say(f"left out: {picture.name}: {error}")
                continue
            readable.append(picture)
            rows.append(kept.rows[digest])
    finally:
        kept.save()
    table = np.array(rows, np.float32).reshape(len(rows), encoder.bundle.embedder.dimension + len(names))
    dimension = encoder.bundle.embedder.dimension
    return embedded_of(readable, table[:, :dimension], table[:, dimension:], names)


def add_beside(parser: argparse.ArgumentParser) -> None:
    """``--beside``: further bundles of `embed_by_each`."""
    parser.add_argument(
        "--beside",
        type=Path,
        metavar="BUNDLE",
        action="append",
        default=[],
        help="this bundle's vectors, too, beside the others'; may repeat",
    )


def embed_by_each(
    encoders: Sequence[Encoder], pictures: Sequence[Picture], cache: Path | None = None, whole: bool = False
) -> Embedded:
    """`embed_pictures` by every one of ``encoders``, side by side: what two networks agree on is surer."""
    return side_by_side([embed_pictures(encoder, pictures, cache, whole) for encoder in encoders])


def side_by_side(parts: Sequence[Embedded]) -> Embedded:
    """The pictures that all parts have, their vectors in a row: a cosine is the mean of the parts' cosines.

    Categories are those of the first; what another part says of one of the same name counts as much.
    """
    first, *others = parts
    if not others:
        return first
    places = [{picture.name: row for row, picture in enumerate(part.pictures)} for part in parts]
    pictures = [each for each in first.pictures if all(each.name in known for known in places)]
    rows = [[known[each.name] for each in pictures] for known in places]
    vectors = np.hstack([part.vectors[own] for part, own in zip(parts, rows, strict=True)])
    shares = sum(
        (_as_named(part, first.categories)[own] for part, own in zip(parts, rows, strict=True)),
        np.zeros((len(pictures), len(first.categories)), np.float32),
    )
    return embedded_of(pictures, vectors, shares / len(parts), first.categories)


def _as_named(part: Embedded, names: Sequence[str]) -> np.ndarray:
    """Its shares (n, c) under ``names``; none for what it does not know."""
    place = {name: column for column, name in enumerate(part.categories)}
    shares = np.zeros((len(part), len(names)), np.float32)
    for column, name in enumerate(names):
        if name in place:
            shares[:, column] = part.shares[:, place[name]]
    return shares


def _models(bundle: Bundle, whole: bool) -> str:
    """The models that a vector depends on: the detector chooses what is embedded."""
    models = [bundle.embedder, *([bundle.detector] if bundle.detector and not whole else [])]
    said = [bundle.space, *(spec.sha256 for spec in models), str(whole)]
    return hashlib.sha256("|".join(said).encode()).hexdigest()[:16]


class _Kept:
    """Digest of a picture's bytes → its row, in an ``.npz``; a file that cannot be read is made anew."""

    def __init__(self, path: Path | None) -> None:
        self._path, self._unsaved = path, 0
        self.rows: dict[str, np.ndarray] = {}
        if path is not None and path.is_file():
            try:
                with np.load(path, allow_pickle=False) as file:
                    self.rows = dict(zip(map(str, file["digests"]), file["rows"], strict=True))
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                say(f"{path}: not a file of vectors ({error}); made anew")

    def add(self, digest: str, row: np.ndarray) -> None:
        self.rows[digest] = row.astype(np.float32)
        self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            self.save()

    def save(self) -> None:
        if self._path is None or not self._unsaved:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._path) as temporary, temporary.open("wb") as stream:
            np.savez(stream, digests=np.array(list(self.rows)), rows=np.stack(list(self.rows.values())))
        self._unsaved = 0
