"""DeepFashion2 (Ge et al., CVPR 2019): several garments a photo, each with box, landmarks and style.

Layout: ``train/image/000001.jpg`` with ``train/annos/000001.json``, and ``validation/`` likewise; ``test/``
has no annotations and is not loaded. An annotation has ``source`` (shop · user), ``pair_id`` and
``item1``, ``item2`` …, each with ``bounding_box`` [x1, y1, x2, y2], ``category_name``, ``style``,
``landmarks`` [x, y, v, …] (v 2 visible, 1 occluded, 0 not labelled), ``scale``, ``occlusion``,
``zoom_in`` and ``viewpoint``.

Traps handled: one sample a *garment* (several samples share a photo; group them by ``image`` to train
a detector); a product is pair_id *and* style *and* category, and style 0 is no product at all; landmark
numbers mean other places in each category, so their names carry it; a garment may have no landmark.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pocketshelf_training.data.listing import DataDamaged, first_existing, read_json
from pocketshelf_training.data.protocol import DataMissing, Landmarks, Sample

__all__ = ["CATEGORIES", "LICENCE", "load"]

LICENCE = "LicenseRef-DeepFashion2-non-commercial"

CATEGORIES = (
    "short sleeve top",
    "long sleeve top",
    "short sleeve outwear",
    "long sleeve outwear",
    "vest",
    "sling",
    "shorts",
    "trousers",
    "skirt",
    "short sleeve dress",
    "long sleeve dress",
    "vest dress",
    "sling dress",
)
DOMAINS = {"shop": "shop", "user": "street"}
SCALES = {
    "scale": {1: "small", 2: "modest", 3: "large"},
    "occlusion": {1: "slight", 2: "medium", 3: "heavy"},
    "zoom_in": {1: "none", 2: "medium", 3: "large"},
    "viewpoint": {1: "not worn", 2: "front", 3: "side or back"},
}


def load(root: str | Path) -> list[Sample]:
    """One sample a garment of train and validation (split "val").

    Raises:
        DataMissing: neither part is there.
        DataDamaged: an annotation is not as documented; names file and item.
    """
    root = Path(root)
    parts = [("train", "train"), ("validation", "val")]
    there = [(folder, split) for folder, split in parts if (root / folder / "annos").is_dir()]
    if not there:
        raise DataMissing(f"{root}: has neither train/annos nor validation/annos; is it unpacked?")
    return [sample for folder, split in there for sample in _part(root / folder, split)]


def _part(folder: Path, split: str) -> Iterator[Sample]:
    images = first_existing(folder, "image")
    for path in sorted((folder / "annos").glob("*.json")):
        content = read_json(path)
        if not isinstance(content, dict) or content.get("source") not in DOMAINS:
            raise DataDamaged(f"{path}:1: source must be one of {', '.join(DOMAINS)}")
        for key in sorted(key for key in content if key.startswith("item")):
            try:
                yield _garment(images / f"{path.stem}.jpg", split, content, content[key])
            except (KeyError, TypeError, ValueError, IndexError) as error:
                raise DataDamaged(f"{path}:1: {key}: {type(error).__name__} {error}") from error


def _garment(image: Path, split: str, content: dict[str, Any], item: dict[str, Any]) -> Sample:
    category = CATEGORIES[_from_one(item["category_id"], len(CATEGORIES))]
    left, top, right, bottom = (float(value) for value in item["bounding_box"])
    style = int(item["style"])
    identity = f"{content['pair_id']}/{style}/{category}" if style > 0 else None
    return Sample(
        image,
        split,
        DOMAINS[content["source"]],
        identity,
        category,
        boxes=((category, (left, top, right - left, bottom - top)),),
        attributes={
            name: values[int(item[name])]
            for name, values in SCALES.items()
            if name in item and int(item[name]) in values
        },
        landmarks=_landmarks(category, item.get("landmarks", [])),
        licence=LICENCE,
    )


def _from_one(number: Any, count: int) -> int:
    if not 1 <= int(number) <= count:
        raise ValueError(f"category_id {number} is not in 1 to {count}")
    return int(number) - 1


def _landmarks(category: str, values: list[float]) -> Landmarks:
    if len(values) % 3:
        raise ValueError(f"{len(values)} landmark values are no triples")
    triples = zip(values[0::3], values[1::3], values[2::3], strict=True)
    return {
        f"{category} {number}": (float(x), float(y), v == 2)
        for number, (x, y, v) in enumerate(triples, 1)
        if v != 0
    }
