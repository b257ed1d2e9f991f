"""Pooled features of the grocery photos, computed once for each network and kept in a file."""

from __future__ import annotations

import hashlib
import logging
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import torch
from tqdm import trange

from pocketshelf.files import atomic_write
from pocketshelf.stages.preprocess import decode_photo, network_input
from pocketshelf_training.data import grocery
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.compute import placed
from pocketshelf_training.models.efficientnet_lite import normalise
from pocketshelf_training.models.embedder import Embedder

__all__ = ["Features", "load_features", "open_network"]

log = logging.getLogger("pocketshelf.training")

IMAGENET = "imagenet"
BATCH = 32


@dataclass(frozen=True)
class Features:
    """float32 (n, D) of each part, and int64 (n,) products; photos are the customers', shop the catalogue.

    Attributes:
        own: the network's own unit embedding of shop, val and test, where it was trained to one;
            else empty (0, 0).
    """

    train: np.ndarray
    train_products: np.ndarray
    val: np.ndarray
    val_products: np.ndarray
    test: np.ndarray
    test_products: np.ndarray
    shop: np.ndarray
    shop_products: np.ndarray
    own_val: np.ndarray
    own_test: np.ndarray
    own_shop: np.ndarray


def open_network(source: str) -> Embedder:
    """The network of a checkpoint, or for "imagenet" the frozen ImageNet EfficientNet-Lite0.

    Raises:
        CheckpointError: not an embedder's checkpoint.
    """
    if source != IMAGENET:
        return Embedder.from_checkpoint(source)
    model = Embedder(["none"])
    model.trunk.load_imagenet()
    return model.eval()


def load_features(source: str, root: str | None, cache: Path) -> Features:
    """The features of ``source``, from ``cache`` where they were computed before.

    The cache's name carries a digest of the weights, of the preprocessing and of the photos' names
    and sizes; what was computed from anything else is never found.
    """
    model = placed(open_network(source))
    parts = _parts(root)
    owned = source != IMAGENET
    path = cache / f"features-{_digest(model, parts, owned)}.npz"
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as file:
                return Features(**{field.name: file[field.name] for field in fields(Features)})
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            log.warning("%s: damaged, computed anew", path)
    features = _compute(model, parts, owned)
    cache.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as part, part.open("wb") as stream:
        np.savez(stream, **{field.name: getattr(features, field.name) for field in fields(Features)})
    return features


def _parts(root: str | None) -> dict[str, list[Sample]]:
    parts: dict[str, list[Sample]] = {"shop": [], "train": [], "val": [], "test": []}
    for sample in grocery.load(root):
        parts["shop" if sample.domain == "shop" else sample.split].append(sample)
    return parts


def _digest(model: Embedder, parts: dict[str, list[Sample]], owned: bool) -> str:
    """``owned``: whether the embedding layer was trained; else it is chance, and of no matter."""
    digest = hashlib.blake2b(digest_size=8)
    digest.update(model.preprocessing.hash.encode())
    for name, tensor in model.state_dict().items():
        if name.startswith(("trunk.", "embedding.") if owned else "trunk."):
            digest.update(name.encode())
            digest.update(tensor.numpy().tobytes())
    for part, samples in parts.items():
        for sample in samples:
            entry = f"{part} {sample.image.name} {sample.image.stat().st_size} {sample.identity}"
            digest.update(entry.encode())
    return digest.hexdigest()


def _compute(model: Embedder, parts: dict[str, list[Sample]], owned: bool) -> Features:
    products = {sample.identity: number for number, sample in enumerate(parts["shop"])}
    values: dict[str, np.ndarray] = {}
    for part, samples in parts.items():
        values[part], own = _pooled(model, samples, part)
        values[f"{part}_products"] = np.array([products[s.identity] for s in samples], np.int64)
        if part != "train":
            values[f"own_{part}"] = own if owned else np.zeros((0, 0), np.float32)
    return Features(**values)


@torch.no_grad()
def _pooled(model: Embedder, samples: list[Sample], part: str) -> tuple[np.ndarray, np.ndarray]:
    """Pooled features (n, D) and the network's own embedding (n, d), in float32 as shipped models compute."""
    pooled, own = [], []
    for start in trange(0, len(samples), BATCH, desc=f"features of {part}"):
        chosen = samples[start : start + BATCH]
        views = np.stack([network_input(decode_photo(s.image).pixels, model.preprocessing) for s in chosen])
        features = model.pooled(normalise(torch.from_numpy(views)))
        pooled.append(features.numpy())
        own.append(torch.nn.functional.normalize(model.embedding(features), dim=1).numpy())
    return np.concatenate(pooled), np.concatenate(own)
