"""A garment shop's export (Magento's sample data, OSL-3.0 / AFL-3.0): main pictures and other views.

An item is a style in one colour; the same style in other colours is another item, a hard negative. Many
views are close-ups, and some main pictures were recoloured by the shop. The split goes by style, never by
picture, and not by chance: by a hash of the style's name.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path

from pocketshelf_training.data import pairs
from pocketshelf_training.data.protocol import Sample, data_root, read_rows

__all__ = ["ALONE", "GROUPS_OF_CATEGORY", "LICENCE", "load", "menu", "split_of", "style_of"]

LICENCE = "OSL-3.0"
# Of the styles: the share of train, and of train and val together.
TRAIN, TRAIN_AND_VAL = 0.5, 0.65
# Which of a detector's groups a category may be; of `ALONE` the pictures are single things on white.
GROUPS_OF_CATEGORY = {"upper": ("upper", "outerwear"), "trousers": ("trousers", "shorts"), "bag": ("bag",)}
ALONE = ("bag",)


def load(root: str | Path | None = None) -> list[Sample]:
    """The 473 main pictures (domain "shop") and 202 other views (domain "street"), split by style.

    Raises:
        DataMissing, DataDamaged: see `pocketshelf_training.data.pairs.load`.
    """
    samples = pairs.load(data_root(root) / "shop", LICENCE)
    return [
        replace(s, split=split_of(style), attributes={"style": style})
        for s in samples
        for style in [style_of(s.identity or "")]
    ]


def menu(root: str | Path | None = None) -> dict[str, str]:
    """Style → where the shop's own menu has it most often: Jackets, of "Default Category/Men/Tops/Jackets".

    What stands below collections and promotions alone, as its gear does, has none.

    Raises:
        DataMissing: the export is not there.
    """
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in read_rows(data_root(root) / "shop" / "products.csv"):
        for path in row["categories"].split(","):
            parts = path.split("/")[1:]
            if parts and parts[0] not in ("Collections", "Promotions"):
                found[style_of(row["sku"].lower())][parts[-1]] += 1
    return {style: names.most_common(1)[0][0] for style, names in found.items()}


def style_of(item: str) -> str:
    """The letters and digits before the colour: ``mh01`` of ``mh01-black``; others are whole."""
    found = re.match(r"[a-z]+\d+", item)
    return found.group(0) if found else item


def split_of(style: str) -> str:
    """train, val or test: the same for every picture of a style, in every session."""
    place = int(hashlib.sha256(style.encode()).hexdigest()[:8], 16) / 2**32
    return "train" if place < TRAIN else "val" if place < TRAIN_AND_VAL else "test"
