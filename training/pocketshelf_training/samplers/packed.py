"""All pictures of a detector's training in one small file, to train where a GPU is at hand.

A ZIP archive: ``index.json`` (boxes in the photos' own pixels, groups, label ids), ``images`` (WebP, no
larger than the training's cache would keep them), ``masks`` (PNG, of the images' sizes) and ``cut-outs``
(WebP with alpha). The pictures are of their data sets' licences, and no part of a repository.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from PIL import Image

from pocketshelf.files import atomic_write
from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.data.street import StreetPhoto
from pocketshelf_training.samplers.sources import Labelled, PhotoCache

__all__ = ["Pictures", "read", "write"]

INDEX = "index.json"
# A composite's thing is seldom larger.
CUT_OUT_SIDE = 320


@dataclass
class Pictures:
    """What a `Mixture` is made of: labelled photos by source, cut-outs (RGBA), grounds, and their cache."""

    photos: dict[str, list[Labelled]]
    cut_outs: list[Image.Image]
    grounds: list[Path]
    cache: PhotoCache


def write(pictures: Pictures, path: Path, root: Path, quality: int) -> None:
    """Pack them.

    Args:
        root: of the real photos; pictures are named from there.
        quality: of WebP, 0 to 100.
    """
    labelled = [photo for source in pictures.photos.values() for photo in source]
    images = list(dict.fromkeys([*(photo.image for photo in labelled), *pictures.grounds]))
    numbers = {image: number for number, image in enumerate(images)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as part, ZipFile(part, "w") as kept:
        scales = []
        for image, number in numbers.items():
            shown, scale = pictures.cache.image(image)
            scales.append(scale)
            kept.writestr(f"images/{number}", _encoded(shown, "WEBP", quality=quality, method=6))
        for photo in labelled:
            if photo.street is not None:
                mask = Image.fromarray(pictures.cache.mask(photo))
                small = mask.resize(pictures.cache.image(photo.image)[0].size, Image.Resampling.NEAREST)
                kept.writestr(f"masks/{numbers[photo.image]}", _encoded(small, "PNG", optimize=True))
        for number, piece in enumerate(pictures.cut_outs):
            piece = piece.copy()
            piece.thumbnail((CUT_OUT_SIDE, CUT_OUT_SIDE))
            kept.writestr(f"cut-outs/{number}", _encoded(piece, "WEBP", quality=quality))
        content = {
            "side": pictures.cache.side,
            "images": [str(image.relative_to(root)) for image in images],
            "scales": scales,
            "grounds": [numbers[ground] for ground in pictures.grounds],
            "cut_outs": len(pictures.cut_outs),
            "photos": {
                source: [_entry(photo, numbers[photo.image]) for photo in photos]
                for source, photos in pictures.photos.items()
            },
        }
        kept.writestr(INDEX, json.dumps(content))


def read(path: Path) -> Pictures:
    """What `write` packed, decoded.

    Raises:
        DataMissing: there is no such file, or it is none of these.
    """
    try:
        with ZipFile(path) as kept:
            return _unpacked({name: kept.read(name) for name in kept.namelist()})
    except (OSError, BadZipFile, KeyError, ValueError) as error:
        raise DataMissing(f"{path}: no packed pictures of a detector's training: {error}") from None


def _unpacked(parts: dict[str, bytes]) -> Pictures:
    content = json.loads(parts[INDEX])
    names = [Path(name) for name in content["images"]]
    cache = PhotoCache(content["side"])
    with ThreadPoolExecutor() as pool:
        shown = pool.map(_decoded, (parts[f"images/{number}"] for number in range(len(names))))
        for name, image, scale in zip(names, shown, content["scales"], strict=True):
            cache.kept[name] = image, tuple(scale)
    photos: dict[str, list[Labelled]] = {}
    for source, entries in content["photos"].items():
        photos[source] = [_labelled(entry, names[entry["image"]]) for entry in entries]
        for entry in entries:
            if entry["ids"]:
                mask = _decoded(parts[f"masks/{entry['image']}"])
                cache.masks[names[entry["image"]]] = np.asarray(mask)
    cut_outs = [_decoded(parts[f"cut-outs/{number}"]) for number in range(content["cut_outs"])]
    return Pictures(photos, cut_outs, [names[number] for number in content["grounds"]], cache)


def _entry(photo: Labelled, number: int) -> dict[str, Any]:
    ids: Sequence[int] = photo.street.label_ids if photo.street is not None else ()
    labels: Sequence[str] = photo.street.labels if photo.street is not None else ()
    sides = [[round(float(side), 2) for side in box] for box in photo.boxes]
    groups = [int(group) for group in photo.groups]
    return {"image": number, "boxes": sides, "groups": groups, "ids": list(ids), "labels": list(labels)}


def _labelled(entry: dict[str, Any], name: Path) -> Labelled:
    boxes = np.array(entry["boxes"], np.float32).reshape(-1, 4)
    street = None
    if entry["ids"]:
        street = StreetPhoto(name, name, boxes, tuple(entry["labels"]), tuple(entry["ids"]))
    return Labelled(name, boxes, np.array(entry["groups"], np.int64), street)


def _encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def _decoded(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content), formats=("WEBP", "PNG"))
    image.load()
    return image
