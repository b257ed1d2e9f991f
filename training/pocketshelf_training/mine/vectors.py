"""What the models say of each picture, kept by models and picture: a second run embeds only what is new."""

from __future__ import annotations

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import say
from pocketshelf.encoder import Encoder
from pocketshelf.errors import PhotoError, reason
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
        palettes: of what was embedded, as `pocketshelf.stages.colours` writes them; () where nobody looked.
    """

    pictures: Sequence[Picture]
    vectors: np.ndarray
    shares: np.ndarray
    categories: tuple[str, ...]
    palettes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.pictures)


def embedded_of(
    pictures: Sequence[Picture],
    vectors: np.ndarray,
    shares: np.ndarray,
    categories: Sequence[str],
    palettes: Sequence[str] = (),
) -> Embedded:
    """Vectors brought to length 1."""
    norms = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    unit = (vectors / norms).astype(np.float32)
    return Embedded(pictures, unit, shares, tuple(categories), tuple(palettes))


def embed_pictures(
    encoder: Encoder, pictures: Sequence[Picture], cache: Path | None = None, whole: bool = False
) -> Embedded:
    """The most prominent thing in each picture; one that cannot be read is told and left out.

    Args:
        cache: folder of the vectors kept.
        whole: embed the whole picture, without a look at what is in it.
    """
    kept = _Kept(None if cache is None else cache / f"{_models(encoder.bundle, whole)}.npz")
    names, readable, digests = encoder.bundle.embedder.categories, [], []
    try:
        for picture in tqdm(pictures, "pictures", file=sys.stderr):
            try:
                data = picture.path.read_bytes()
                digest = hashlib.sha256(data).hexdigest()
                if digest not in kept.rows:
                    region = encoder.encode(data, whole).regions[0]
                    shares = [region.embedding.categories.get(name, 0.0) for name in names]
                    kept.add(digest, np.concatenate([region.embedding.vector, shares]), region.palette or "")
            except (PhotoError, OSError) as error:
                say(f"left out: {picture.name}: {error}")
                continue
            readable.append(picture)
            digests.append(digest)
    finally:
        kept.save()
    dimension = encoder.bundle.embedder.dimension
    table = np.array([kept.rows[each] for each in digests], np.float32).reshape(-1, dimension + len(names))
    palettes = [kept.palettes[each] for each in digests]
    return embedded_of(readable, table[:, :dimension], table[:, dimension:], names, palettes)


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

    Categories and palettes are those of the first; what another part says of a category of the same name
    counts as much.
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
    palettes = [first.palettes[row] for row in rows[0]] if first.palettes else ()
    return embedded_of(pictures, vectors, shares / len(parts), first.categories, palettes)


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
    """Digest of a picture's bytes → its row and palette, in an ``.npz``.

    A file that cannot be read, or was kept before palettes were, is made anew.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._unsaved = path, 0
        self.rows: dict[str, np.ndarray] = {}
        self.palettes: dict[str, str] = {}
        if path is not None and path.is_file():
            try:
                with np.load(path, allow_pickle=False) as file:
                    self._read(file)
            except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
                say(f"{path}: not a file of vectors ({reason(error)}); made anew")

    def _read(self, file: Mapping[str, np.ndarray]) -> None:
        if "palettes" not in file:
            say(f"{self._path}: vectors without their pictures' palettes, of an older version; made anew")
            return
        digests = [str(each) for each in file["digests"]]
        rows = dict(zip(digests, file["rows"], strict=True))
        self.palettes = dict(zip(digests, map(str, file["palettes"]), strict=True))
        self.rows = rows

    def add(self, digest: str, row: np.ndarray, palette: str) -> None:
        self.rows[digest] = row.astype(np.float32)
        self.palettes[digest] = palette
        self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            self.save()

    def save(self) -> None:
        if self._path is None or not self._unsaved:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(self._path) as temporary, temporary.open("wb") as stream:
            np.savez(
                stream,
                digests=np.array(list(self.rows)),
                rows=np.stack(list(self.rows.values())),
                palettes=np.array([self.palettes[each] for each in self.rows]),
            )
        self._unsaved = 0
