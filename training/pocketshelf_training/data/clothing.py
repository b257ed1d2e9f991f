"""Clothing dataset (Grigorev, 2020, CC0): garments lying or hanging at home.

Of its 20 labels ten are clear classes. The others overlap with them (Polo with T-Shirt, Undershirt
with Top, Hoodie with Longsleeve, Blazer with Outwear) or are none ("Not sure", "Skip", "Other");
they are loaded without a category, and so serve where no label is needed.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.protocol import Sample, labelled_photos

__all__ = ["GROUP_OF", "LICENCE", "MAIN_LABELS", "load"]

LICENCE = "CC0-1.0"

# The detector's group of each label that has one; "Not sure", "Skip" and "Other" have none.
GROUP_OF = {
    "T-Shirt": "upper",
    "Longsleeve": "upper",
    "Shirt": "upper",
    "Polo": "upper",
    "Hoodie": "upper",
    "Undershirt": "upper",
    "Top": "upper",
    "Body": "upper",
    "Blouse": "upper",
    "Outwear": "outerwear",
    "Blazer": "outerwear",
    "Pants": "trousers",
    "Shorts": "shorts",
    "Skirt": "skirt",
    "Dress": "dress",
    "Shoes": "footwear",
    "Hat": "hat",
}

MAIN_LABELS = (
    "T-Shirt",
    "Longsleeve",
    "Shirt",
    "Outwear",
    "Dress",
    "Pants",
    "Shorts",
    "Skirt",
    "Shoes",
    "Hat",
)


def load(root: str | Path | None = None) -> list[Sample]:
    """All photos; ``category`` only for the ten main labels, the raw label as an attribute."""
    return labelled_photos(root, "clothing", "label", LICENCE, MAIN_LABELS)
