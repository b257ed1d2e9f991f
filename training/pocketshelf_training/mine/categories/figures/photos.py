"""Real photos with known labels, and strangers to put among them."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.encoder import Encoder
from pocketshelf.files import atomic_write
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data import clothing, grocery, patterns, shop, street
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.mine.categories.purify.twins import fingerprints
from pocketshelf_training.mine.pictures import Picture
from pocketshelf_training.mine.vectors import Embedded, embed_pictures, embedded_of

__all__ = ["NAMES", "Photo", "kept_prints", "photos", "seen_by"]

NAMES = clothing.MAIN_LABELS
# Strangers of each kind, and the share of split train on which bounds are chosen.
STRANGERS, CHOOSING = 300, 0.3
LEAST_SIDE = 48
# No street photo is larger: crops are cut from all of its pixels.
MOST_PIXELS = 4096
# Groups that a picture may show at once with another: a label of either would not be surely wrong.
ALIKE = {"upper": {"upper", "outerwear"}, "outerwear": {"upper", "outerwear"}}


@dataclass(frozen=True)
class Photo:
    """One picture.

    Attributes:
        kind: the data set that it comes from.
        label: number in `NAMES`; -1 for a stranger.
        part: "choose" or "measure" of split train, or "val".
        barred: numbers of labels that a stranger may not get, since they might be right.
    """

    path: Path
    kind: str
    label: int
    part: str
    barred: frozenset[int] = frozenset()


def photos(root: str | Path | None, cache: Path) -> list[Photo]:
    """The garments of ten labels, then the strangers: half of each kind to choose by, half to measure with.

    Args:
        cache: crops of street photos are kept there.
    """
    rng = np.random.default_rng(0)
    return [*_garments(root, rng), *_strangers(root, cache / "crops", rng)]


def _garments(root: str | Path | None, rng: np.random.Generator) -> list[Photo]:
    known = [each for each in clothing.load(root) if each.category]
    chosen = rng.random(len(known)) < CHOOSING
    return [
        Photo(
            each.image,
            "clothing",
            NAMES.index(str(each.category)),
            "val" if each.split == "val" else "choose" if first else "measure",
        )
        for each, first in zip(known, chosen, strict=True)
    ]


def _strangers(root: str | Path | None, crops: Path, rng: np.random.Generator) -> list[Photo]:
    listed = [
        *(("street crop", path, group) for path, group in _crops(root, crops, rng)),
        *(("grocery", each.image, "") for each in _some(grocery.photos("train", root), rng)),
        *(("shop picture", each.image, each.category or "") for each in _some(shop.load(root), rng)),
        *(("pattern", each.image, "") for each in _some(patterns.load(root), rng)),
    ]
    return [
        Photo(path, kind, -1, "measure" if number % 2 else "choose", _barred(group))
        for number, (kind, path, group) in enumerate(listed)
    ]


def _some(samples: Sequence[Sample], rng: np.random.Generator) -> list[Sample]:
    return [samples[row] for row in rng.permutation(len(samples))[:STRANGERS]]


def _crops(root: str | Path | None, folder: Path, rng: np.random.Generator) -> list[tuple[Path, str]]:
    folder.mkdir(parents=True, exist_ok=True)
    boxes = [
        (each.image, group, box)
        for each in street.load(root)
        for group, box in each.boxes
        if min(box[2:]) >= LEAST_SIDE
    ]
    found = []
    for row in rng.permutation(len(boxes))[:STRANGERS]:
        image, group, (x, y, w, h) = boxes[row]
        path = folder / f"{row}.jpg"
        if not path.is_file():
            whole = Image.fromarray(decode_photo(image, MOST_PIXELS).pixels)
            with atomic_write(path) as part:
                whole.crop((int(x), int(y), int(x + w), int(y + h))).save(part, "JPEG", quality=92)
        found.append((path, group))
    return found


def _barred(group: str) -> frozenset[int]:
    groups = ALIKE.get(group, {group})
    return frozenset(n for n, name in enumerate(NAMES) if clothing.GROUP_OF[name] in groups)


def seen_by(network: str, pool: Sequence[Photo], cache: Path) -> Embedded:
    """All photos, seen by "imagenet", a network that ImageNet alone taught, or by the shipped bundle.

    Raises:
        ValueError: a photo could not be read.
    """
    pictures = [Picture(each.path, str(number)) for number, each in enumerate(pool)]
    if network != "imagenet":
        seen = embed_pictures(Encoder.open(None, detects=False), pictures, cache, whole=True)
    else:
        features, readable = _imagenet([each.path for each in pool], cache)
        seen = embedded_of(
            [each for each, there in zip(pictures, readable, strict=True) if there],
            features[readable],
            np.zeros((int(readable.sum()), 0), np.float32),
            (),
        )
    if len(seen) != len(pool):
        raise ValueError(f"{len(pool) - len(seen)} photos cannot be read")
    return seen


def _imagenet(paths: Sequence[Path], cache: Path) -> tuple[np.ndarray, np.ndarray]:
    # torch: only where the features are asked for.
    from pocketshelf_training.adapt.features import pooled
    from pocketshelf_training.models.embedder import Embedder

    network = Embedder(["goods"], variant="lite0", size=224)
    network.trunk.load_imagenet()
    return pooled(network, paths, "imagenet", cache)


def kept_prints(pool: Sequence[Photo], cache: Path) -> np.ndarray:
    """The photos' fingerprints, uint64 (n, 2), computed once."""
    path = cache / "fingerprints.npz"
    names = np.array([str(each.path) for each in pool])
    try:
        with np.load(path, allow_pickle=False) as file:
            if np.array_equal(file["names"], names):
                return file["prints"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        pass
    prints = fingerprints([each.path for each in pool])
    with atomic_write(path) as part, part.open("wb") as stream:
        np.savez(stream, names=names, prints=prints)
    return prints
