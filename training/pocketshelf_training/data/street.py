"""Clothing Co-Parsing (Yang, Luo and Lin, CVPR 2014, Apache-2.0): street-style photos of whole outfits.

Its 58 labels are fine and noisy (one annotator's blouse is another's shirt), so the detector learns
ten groups. One box a label and photo: a pair of shoes is one box.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf_training.data.listing import read_json
from pocketshelf_training.data.protocol import DataMissing, LabelledBoxes, Sample, data_root, read_rows

__all__ = [
    "GARMENT_GROUPS",
    "GROUP_OF_LABEL",
    "LICENCE",
    "StreetPhoto",
    "load",
    "load_photos",
    "load_tagged",
]

LICENCE = "Apache-2.0"

GARMENT_GROUPS = (
    "upper",
    "outerwear",
    "dress",
    "trousers",
    "shorts",
    "skirt",
    "footwear",
    "bag",
    "hat",
    "accessory",
)

# Why each label is where it is: what a shop would put on the same shelf.
_LABELS_OF_GROUP = {
    # Worn on the upper body over skin or another top; a vest and a cardigan are layers, but of knitwear.
    "upper": "blouse bodysuit bra cardigan hoodie intimate jumper shirt sweater sweatshirt t-shirt top vest",
    # Worn over all of these. A "suit" is nearly always marked on its jacket; its trousers are pants.
    "outerwear": "blazer cape coat jacket suit",
    # One piece over the torso and below it.
    "dress": "dress romper swimwear",
    # Leggings are worn as trousers; stockings and tights under a dress or a skirt, see accessory.
    "trousers": "jeans leggings pants",
    "shorts": "shorts panties",
    "skirt": "skirt",
    "footwear": "boots clogs flats heels loafers pumps sandals shoes sneakers wedges",
    "bag": "bag purse wallet",
    "hat": "hat",
    # Everything small that goes with an outfit, hosiery among it.
    "accessory": "accessories belt bracelet earrings glasses gloves necklace ring scarf socks stockings "
    "sunglasses tie tights watch",
}

GROUP_OF_LABEL = {label: group for group, labels in _LABELS_OF_GROUP.items() for label in labels.split()}


@dataclass(frozen=True)
class StreetPhoto:
    """One photo with its garments.

    Attributes:
        image: path of the photo.
        mask: path of its pixel labels (PNG, value = label's id, 0 background).
        boxes: float32 (n, 4) corners in pixels.
        labels: the n fine labels.
        label_ids: their values in the mask.
    """

    image: Path
    mask: Path
    boxes: np.ndarray
    labels: tuple[str, ...]
    label_ids: tuple[int, ...]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(GROUP_OF_LABEL[label] for label in self.labels)

    def read_mask(self) -> np.ndarray:
        """uint8 (h, w) of label ids."""
        return np.asarray(Image.open(self.mask, formats=("PNG",)))


def load_photos(split: str, root: str | Path | None = None) -> list[StreetPhoto]:
    """The photos of ``split`` ("train" or "val") that have masks, in the file's order.

    Raises:
        DataMissing: the data set is not there, or has a label that belongs to no group.
    """
    folder = data_root(root) / "street"
    path = folder / f"instances_{split}.json"
    if not path.is_file():
        raise DataMissing(f"{path}: not found; is this the right data folder?")
    content = read_json(path)
    names = {entry["id"]: entry["name"] for entry in content["categories"]}
    strangers = sorted(set(names.values()) - set(GROUP_OF_LABEL) - {"skin", "hair"})
    if strangers:
        raise DataMissing(f"{path}: label {strangers[0]!r} belongs to no group")
    found: dict[int, list[dict]] = {entry["id"]: [] for entry in content["images"]}
    for annotation in content["annotations"]:
        if names[annotation["category_id"]] in GROUP_OF_LABEL:  # skin and hair are the person
            found[annotation["image_id"]].append(annotation)
    return [_photo(folder, entry["file_name"], found[entry["id"]], names) for entry in content["images"]]


def _photo(folder: Path, name: str, annotations: list[dict], names: dict[int, str]) -> StreetPhoto:
    boxes = np.array([entry["bbox"] for entry in annotations], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    ids = tuple(entry["category_id"] for entry in annotations)
    mask = folder / "masks" / Path(name).with_suffix(".png").name
    return StreetPhoto(folder / name, mask, boxes, tuple(names[i] for i in ids), ids)


def load(root: str | Path | None = None) -> list[Sample]:
    """Both splits as samples: the boxes with their groups, nothing else is known of a photo."""
    return [
        Sample(photo.image, split, "street", boxes=_as_xywh(photo), licence=LICENCE)
        for split in ("train", "val")
        for photo in load_photos(split, root)
    ]


def _as_xywh(photo: StreetPhoto) -> LabelledBoxes:
    return tuple(
        (group, (float(x0), float(y0), float(x1 - x0), float(y1 - y0)))
        for group, (x0, y0, x1, y1) in zip(photo.groups, photo.boxes, strict=True)
    )


def load_tagged(root: str | Path | None = None) -> list[Sample]:
    """The photos of which only labels are known, as ``attributes["tags"]``, joined by ``|``; for training."""
    folder = data_root(root) / "street"
    return [
        Sample(folder / row["photo"], "train", "street", attributes={"tags": row["tags"]}, licence=LICENCE)
        for row in read_rows(folder / "tags.csv")
    ]
