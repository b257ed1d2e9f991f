"""Pooled features of pictures by the float network, computed once and kept in a file."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from pocketshelf.errors import PhotoError
from pocketshelf.files import atomic_write
from pocketshelf.progress import ProgressBar
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.engine.compute import ahead, placed
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder
from pocketshelf_training.samplers.pictures import colour
from pocketshelf_training.samplers.views import rim_colour

__all__ = ["Change", "pooled", "rephotographed", "unchanged"]

BATCH = 16
QUIET_SECONDS = 10.0
# Pixels uint8 (h, w, 3) and the picture's number to other pixels.
Change = Callable[[np.ndarray, int], np.ndarray]


def unchanged(pixels: np.ndarray, number: int) -> np.ndarray:
    """The picture as it is."""
    return pixels


def rephotographed(pixels: np.ndarray, number: int) -> np.ndarray:
    """The picture as a phone might see it printed: from aside, in other light, not quite whole or sharp.

    The same number gives the same change.
    """
    rng = np.random.default_rng((number, 11))
    height, width = pixels.shape[:2]
    inward = rng.uniform(-0.12, 0.22, (4, 2)) * (width, height)
    corners = np.array([(0, 0), (0, height), (width, height), (width, 0)]) + inward * _INWARD
    image = Image.fromarray(pixels).transform(
        (width, height),
        Image.Transform.QUAD,
        tuple(corners.ravel()),
        Image.Resampling.BILINEAR,
        fillcolor=rim_colour(pixels),
    )
    return np.asarray(colour(image, rng))


# Which way is inward at each corner: upper left, lower left, lower right, upper right.
_INWARD = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)])


def pooled(
    network: Embedder, paths: Sequence[Path], what: str, cache: Path, change: Change = unchanged
) -> tuple[np.ndarray, np.ndarray]:
    """float32 (n, D) of whole pictures, and bool (n,), which of them could be read; the others' rows are
    zero.

    Found in ``cache`` where the same network saw the same files before.
    """
    path = cache / f"pooled-{_digest(network, paths, change)}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["features"], file["readable"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        pass
    features, readable = _compute(network, paths, what, change)
    cache.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as part, part.open("wb") as stream:
        np.savez(stream, features=features, readable=readable)
    return features, readable


@torch.no_grad()
def _compute(
    network: Embedder, paths: Sequence[Path], what: str, change: Change
) -> tuple[np.ndarray, np.ndarray]:
    def inputs(start: int) -> list[np.ndarray | None]:
        return [_input(network, paths[i], i, change) for i in range(start, min(start + BATCH, len(paths)))]

    placed(network.eval())
    features = np.zeros((len(paths), network.trunk.channels), np.float32)
    readable = np.zeros(len(paths), bool)
    starts = range(0, len(paths), BATCH)
    with ProgressBar(what, seldom=QUIET_SECONDS) as bar:
        for start, found in zip(starts, ahead(inputs, starts), strict=True):
            there = [i for i, pixels in enumerate(found, start) if pixels is not None]
            if there:
                views = np.stack([pixels for pixels in found if pixels is not None])
                features[there] = network.pooled(normalise(torch.from_numpy(views))).numpy()
                readable[there] = True
            bar.update(start + len(found), len(paths))
    return features, readable


def _input(network: Embedder, path: Path, number: int, change: Change) -> np.ndarray | None:
    try:
        return network_input(change(decode_photo(path).pixels, number), network.preprocessing)
    except PhotoError:
        return None


def _digest(network: Embedder, paths: Sequence[Path], change: Change) -> str:
    digest = hashlib.blake2b(digest_size=10)
    digest.update(f"{network.preprocessing.hash} {change.__name__}".encode())
    for tensor in network.trunk.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    for path in paths:
        known = path.stat()
        digest.update(f"{path.resolve()} {known.st_size} {known.st_mtime_ns}".encode())
    return digest.hexdigest()
