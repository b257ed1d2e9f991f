"""What a shop picture's vector goes through before it joins a gallery, so that new products get their turn.

A network pulls photos towards the pictures of the products it was trained on, so that photos of new ones
often find a trained one first: "An empirical study and analysis of generalized zero-shot learning" (Chao
et al., ECCV 2016), whose remedy, calibrated stacking, takes a constant from the scores of trained classes.
Which they are need not be known: their pictures lie near many of the training's photos, as hubs do
("Cross modal retrieval with querybank normalisation", Bogolin et al., CVPR 2022). So a picture moves away
from where all photos lie, by as much as it is nearer to its nearest training photos than the training's own
pictures are on average, and towards it where it is farther. Queries, shards and search stay as they are.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdk.errors import BundleError
from sdk.formats.bundle import Bundle

__all__ = ["NEIGHBOURS", "Enrolment", "enroller", "fit", "load_enrolment", "save_enrolment"]

NEIGHBOURS = 10
SCALE = 127.0


@dataclass(frozen=True)
class Enrolment:
    """Gallery vectors, adjusted by the photos that the network was trained on.

    Attributes:
        photos: float32 (n, d), unit vectors of training photos.
        weight: how much of the excess is taken away; 0: nothing changes.
        level: mean cosine of a shop picture to its `NEIGHBOURS` nearest training photos, as the training's
            own pictures have it.
    """

    photos: np.ndarray
    weight: float
    level: float

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
        excess = nearness(self.photos, vectors) - self.level
        moved = vectors - (self.weight * excess / length)[:, None] * (centre / length)
        return (moved / np.linalg.norm(moved, axis=1, keepdims=True)).astype(np.float32)


def nearness(photos: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """Mean cosine (n,) of each vector to its `NEIGHBOURS` nearest photos."""
    cosines = vectors @ photos.T
    count = min(NEIGHBOURS, cosines.shape[1])
    return np.partition(cosines, -count, axis=1)[:, -count:].mean(1)


def fit(photos: np.ndarray, pictures: np.ndarray, weight: float) -> Enrolment:
    """Of unit vectors: the training's photos (n, d) and its shop pictures (m, d)."""
    return Enrolment(photos, weight, float(nearness(photos, pictures).mean()))


def enroller(bundle: Bundle) -> Callable[[np.ndarray], np.ndarray]:
    """What adjusts a gallery's vectors (n, d); without an enrolment in the bundle they stay as they are.

    Raises:
        BundleError: the file cannot be read.
    """
    return (
        (lambda vectors: vectors) if bundle.enrolment_path is None else load_enrolment(bundle.enrolment_path)
    )


def save_enrolment(path: str | Path, enrolment: Enrolment) -> None:
    """Write an ``.npz``: the photos in eight bits, weight and level."""
    photos = np.round(enrolment.photos * SCALE).clip(-SCALE, SCALE).astype(np.int8)
    with Path(path).open("wb") as stream:
        np.savez_compressed(stream, photos=photos, weight=enrolment.weight, level=enrolment.level)


def load_enrolment(path: str | Path) -> Enrolment:
    """Read what `save_enrolment` wrote.

    Raises:
        BundleError: missing, damaged, or something else.
    """
    try:
        with np.load(io.BytesIO(Path(path).read_bytes()), allow_pickle=False) as file:
            photos = file["photos"].astype(np.float32)
            weight, level = float(file["weight"]), float(file["level"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise BundleError(f"{path}: no enrolment that can be read ({error})") from error
    lengths = np.linalg.norm(photos, axis=1, keepdims=True) if photos.ndim == 2 else np.zeros(1)
    if not lengths.size or not lengths.all() or not np.isfinite([weight, level]).all():
        raise BundleError(f"{path}: no enrolment: photos without direction, or a weight that is no number")
    return Enrolment(photos / lengths, weight, level)
