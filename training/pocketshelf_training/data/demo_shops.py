"""Demo shops of open shop systems: real products of other shops, each in several pictures.

A shop system comes with a shop to try it by: cameras and telephones (OpenCart), printed things to wear, to
carry and to drink from (Drupal's Commerce Kickstart), furniture and lamps (Thelia), shoes, shirts and cushions
(Saleor), caps and hoodies (Solidus). A product's first picture is the gallery's; its others (from the side,
from behind, worn, close) ask for it.

Traps handled: the same thing in another colour is another product, as in any shop; logos, banners and what a
theme needs are no products; a product of one picture asks nothing, and is in the gallery all the same.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pocketshelf_training.data.protocol import DataMissing, Sample

__all__ = ["LICENCE", "SHOPS", "Shop", "load"]

# The repositories have open licences; the pictures show their makers' products: measured by, never learnt from.
LICENCE = "LicenseRef-demo-shop-pictures"
PICTURES = (".jpg", ".jpeg", ".png")


class Shop(NamedTuple):
    """Where a shop's pictures lie in its repository, and how their names tell the product and the view.

    Attributes:
        split: of its queries; what decides something asks "val".
        folder: of the pictures, as `Path.glob` matches it.
        names: of a picture, without its ending: ``item``, ``view`` where there is one, ``more`` of the item.
        views: those that have no number, in order.
    """

    split: str
    folder: str
    names: str
    views: tuple[str, ...] = ()


SHOPS = {
    "opencart": Shop(
        "val",
        "upload/image/catalog/demo",
        r"(?!.*(?:_logo|_banner|voucher))(?P<item>.+?)(?:_(?P<view>\d))?(?P<more>)",
    ),
    "commerce_kickstart": Shop(
        "val",
        "modules/commerce_kickstart/commerce_kickstart_product/import/images",
        r"(?!collection-banner)(?P<item>.+?)[-_]?v(?P<view>\d)(?P<more>[a-z]*)",
    ),
    "thelia": Shop(
        "test",
        "core/lib/Thelia/Command/Import/data/images",
        r"(?P<item>PROD\d+)-(?P<view>\d+)(?P<more>)",
    ),
    "saleor": Shop(
        "test",
        "saleor/static/placeholders",
        r"saleor-(?!gift|digital)(?P<item>.+?)(?:-(?P<view>front|back|\d))?(?P<more>)",
        ("front", "back"),
    ),
    "solidus": Shop(
        "test",
        "sample/db/samples/images",
        r"solidus_(?P<item>.+?)(?:_(?P<view>\d))?(?P<more>)",
    ),
}


def load(root: str | Path) -> list[Sample]:
    """Every product's pictures: the first of domain "shop", the others of "street", which ask.

    Args:
        root: the folder that holds copies of the repositories, each under its own name, or some of them.

    Raises:
        DataMissing: none of them is there; names them.
    """
    root = Path(root)
    there = {name: root / name / shop.folder for name, shop in SHOPS.items()}
    samples = [
        sample
        for name, folder in there.items()
        if folder.is_dir()
        for sample in _products(name, SHOPS[name], folder)
    ]
    if not samples:
        raise DataMissing(
            f"{root}: holds none of {', '.join(SHOPS)}; clone one of these repositories into it"
        )
    return samples


def _products(name: str, shop: Shop, folder: Path) -> Iterator[Sample]:
    items: defaultdict[str, list[tuple[int, Path]]] = defaultdict(list)
    for path in sorted(folder.iterdir()):
        found = re.fullmatch(shop.names, path.stem, re.IGNORECASE)
        if not found or path.suffix.lower() not in PICTURES:
            continue
        # Kickstart writes one product's name in several ways: shoe2_v1, laptopbag1v1, Sweatshirt-2v2.
        item = re.sub(r"[-_]", "", found["item"]).lower() + found["more"]
        view = (found["view"] or "0").lower()
        items[item].append((shop.views.index(view) if view in shop.views else int(view), path))
    for item, pictures in items.items():
        for place, (_, path) in enumerate(sorted(pictures)):
            domain = "street" if place else "shop"
            yield Sample(
                path, shop.split, domain, f"{name}/{item}", attributes={"shop": name}, licence=LICENCE
            )
