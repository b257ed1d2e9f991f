"""Names that shops give the categories of each of the detector's groups, for the SDK's `Shelves`."""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data import grocery

__all__ = ["GARMENT_SHELVES", "shelves"]

# Categories of our own data, then words of shops' menus; a garment that two groups may show is named by both.
GARMENT_SHELVES: dict[str, tuple[str, ...]] = {
    "upper": (
        *("T-Shirt", "Longsleeve", "Shirt", "Polo", "Hoodie", "Undershirt", "Top", "Body", "Blouse"),
        *(
            "Tee",
            "Tank",
            "Bras & Tanks",
            "Sweater",
            "Sweatshirt",
            "Hoodies & Sweatshirts",
            "Cardigan",
            "Jumper",
        ),
        *("Knitwear", "Pullover"),
    ),
    "outerwear": (
        "Outwear",
        "Blazer",
        "Hoodie",
        "Hoodies & Sweatshirts",
        "Cardigan",
        "Coat",
        "Jacket",
        "Parka",
    ),
    "dress": ("Dress", "Romper", "Jumpsuit", "Gown"),
    "trousers": ("Pants", "Trousers", "Jeans", "Leggings", "Chinos"),
    "shorts": ("Shorts",),
    "skirt": ("Skirt",),
    "footwear": ("Shoes", "Footwear", "Boots", "Sneakers", "Trainers", "Sandals", "Heels", "Loafers"),
    "bag": ("Bag", "Handbag", "Backpack", "Purse", "Wallet"),
    "hat": ("Hat", "Cap", "Beanie", "Headwear"),
    "accessory": ("Accessory", "Accessories", "Scarf", "Belt", "Glasses", "Sunglasses", "Watch", "Jewelry"),
}


def shelves(root: str | Path | None = None) -> dict[str, tuple[str, ...]]:
    """Group → names; the goods are the groceries' own.

    Raises:
        DataMissing: the groceries are not there.
    """
    goods = sorted({sample.category for sample in grocery.shop_pictures(root) if sample.category})
    return {**GARMENT_SHELVES, "goods": tuple(goods)}
