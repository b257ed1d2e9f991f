"""How a gallery's vectors are adjusted, so that photos find products that the training never saw.

A network pulls photos towards the pictures of the products it was trained on, so that photos of new
products often find a trained one first: "An empirical study and analysis of generalized zero-shot learning"
(Chao et al., ECCV 2016). Its remedy, calibrated stacking, takes a constant from the scores of trained
classes. No list of these is needed: their pictures lie near many of the training's photos, as hubs do
("Cross modal retrieval with querybank normalisation", Bogolin et al., CVPR 2022). So each picture is compared
with the training's own pictures: by as much as it lies nearer to its nearest training photos than those do
on average, its vector moves away from the photos' centre; where it lies farther, towards it. Pictures that
the training itself had are recognised by their vectors, and move away by a constant more. Queries, shards
and search stay as they are.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pocketshelf.errors import BundleError, reason
from pocketshelf.formats.bundle import Bundle

__all__ = ["NEIGHBOURS", "Enrolment", "enroller", "fit", "load_enrolment", "save_enrolment"]

NEIGHBOURS = 10
SCALE = 127.0
# A picture as near as this to one of the training's is the same one.
SAME = 0.99


def _none() -> np.ndarray:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Enrolment:
    """Gallery vectors, adjusted by the photos that the network was trained on.

    Attributes:
        photos: float32 (n, d), unit vectors of training photos.
        weight: how much of the excess is taken away; 0: nothing changes.
        level: mean cosine of the training's own pictures to their `NEIGHBOURS` nearest training photos.
        pictures: float32 (m, d), unit vectors of the training's shop pictures; may be none.
        margin: what is taken from the cosines of these, 0 or more.
    """

    photos: np.ndarray
    weight: float
    level: float
    pictures: np.ndarray = field(default_factory=_none)
    margin: float = 0.0

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        """Unit vectors float32 (n, d) to unit vectors of the same shape.

        Raises:
            BundleError: of another length than the training's.
        """
        if vectors.shape[1] != self.photos.shape[1]:
            lengths = f"{self.photos.shape[1]} numbers, not {vectors.shape[1]}"
            raise BundleError(f"the bundle's enrolment has vectors of {lengths}")
        centre = self.photos.mean(0)
        length = float(np.linalg.norm(centre))  # also the mean cosine of a photo to the centre
        excess = self.weight * (nearness(self.photos, vectors) - self.level)
        excess += self.margin * self.trained(vectors)
        moved = vectors - (excess / length)[:, None] * (centre / length)
        return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)

    def trained(self, vectors: np.ndarray) -> np.ndarray:
        """bool (n,): which of the vectors are of pictures that the training had."""
        if not len(self.pictures):
            return np.zeros(len(vectors), bool)
        return (vectors @ self.pictures.T).max(1) >= SAME


def nearness(photos: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Mean cosine (n,) of each vector to its `NEIGHBOURS` nearest photos."""
    cosines = vectors @ photos.T
    count = min(NEIGHBOURS, cosines.shape[1])
    return np.partition(cosines, -count, axis=1)[:, -count:].mean(1)


def fit(photos: np.ndarray, pictures: np.ndarray, weight: float, margin: float = 0.0) -> Enrolment:
    """Of unit vectors: the training's photos (n, d) and its shop pictures (m, d)."""
    return Enrolment(photos, weight, float(nearness(photos, pictures).mean()), pictures, margin)


def enroller(bundle: Bundle) -> Callable[[np.ndarray], np.ndarray]:
    """What adjusts a gallery's vectors (n, d); without an enrolment in the bundle they stay as they are.

    Raises:
        BundleError: the file cannot be read.
    """
    path = bundle.enrolment_path
    return (lambda vectors: vectors) if path is None else load_enrolment(path)


def save_enrolment(path: str | Path, enrolment: Enrolment) -> None:
    """Write an ``.npz``: photos and pictures in eight bits, weight, level and margin."""
    vectors = {"photos": enrolment.photos, "pictures": enrolment.pictures}
    small = {n: np.round(rows * SCALE).clip(-SCALE, SCALE).astype(np.int8) for n, rows in vectors.items()}
    numbers = {"weight": enrolment.weight, "level": enrolment.level, "margin": enrolment.margin}
    with Path(path).open("wb") as stream:
        np.savez_compressed(stream, **small, **numbers)  # type: ignore[arg-type]


def load_enrolment(path: str | Path) -> Enrolment:
    """Read what `save_enrolment` wrote.

    Raises:
        BundleError: missing, damaged, or something else.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as file:
            photos = file["photos"].astype(np.float32)
            weight, level = float(file["weight"]), float(file["level"])
            # Older files lack these.
            pictures = file["pictures"].astype(np.float32) if "pictures" in file else _none()
            margin = float(file["margin"]) if "margin" in file else 0.0
    except Exception as error:  # Those of numpy and zipfile have no common base.
        raise BundleError(f"{path}: no enrolment that can be read ({reason(error)})") from error
    photos_unit, pictures_unit = _unit(photos), _unit(pictures)
    finite = np.isfinite([weight, level, margin]).all()
    if photos_unit is None or not len(photos_unit) or pictures_unit is None or not finite:
        raise BundleError(f"{path}: no enrolment: photos without direction, or a weight that is no number")
    if len(pictures) and pictures.shape[1] != photos.shape[1]:
        raise BundleError(f"{path}: no enrolment: photos and pictures of different spaces")
    return Enrolment(photos_unit, weight, level, pictures_unit, margin)


def _unit(rows: np.ndarray) -> np.ndarray | None:
    """Rows of length 1; None where there is no matrix, or a row without direction."""
    if rows.ndim != 2:
        return None
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths if lengths.all() else None
