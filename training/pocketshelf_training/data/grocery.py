"""Grocery Store Dataset (Klasson, Zhang, Kjellström, WACV 2019): phone photos and the shop's pictures.

81 products in 43 categories by the files' own count (the paper says 42); true camera-to-shop pairs.
Photos often show several pieces of the product, or the product in a hand before a shelf of others.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.protocol import Sample, data_root, read_rows

__all__ = ["LICENCE", "catalogue", "load", "photos", "shop_pictures"]

LICENCE = "MIT"


def load(root: str | Path | None = None) -> list[Sample]:
    """Phone photos of all splits (domain "street") and the 81 shop pictures (domain "shop").

    The shop's pictures carry split "train": the catalogue is known to everyone, the queries are not.
    """
    folder = data_root(root) / "grocery"
    products = {row["product_id"]: row for row in read_rows(folder / "products.csv")}
    samples = [
        Sample(folder / row["image"], "train", "shop", product, row["category"], licence=LICENCE)
        for product, row in products.items()
    ]
    for row in read_rows(folder / "photos.csv"):
        product = row["product_id"]
        category = products[product]["category"]
        samples.append(
            Sample(folder / row["photo"], row["split"], "street", product, category, licence=LICENCE)
        )
    return samples


def catalogue(root: str | Path | None = None) -> Path:
    """The products as ``pocketshelf build`` takes them; the pictures lie beside it."""
    return data_root(root) / "grocery" / "products.csv"


def photos(split: str, root: str | Path | None = None) -> list[Sample]:
    """The phone photos of a split."""
    return [sample for sample in load(root) if sample.domain == "street" and sample.split == split]


def shop_pictures(root: str | Path | None = None) -> list[Sample]:
    """The shop's picture of every product."""
    return [sample for sample in load(root) if sample.domain == "shop"]
