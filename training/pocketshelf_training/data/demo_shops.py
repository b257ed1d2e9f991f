"""Demo shops of open shop systems: real products of other shops, each in several pictures.

A shop system comes with a shop to try it by: cameras and telephones (OpenCart), printed things to wear, to
carry and to drink from (Drupal's Commerce Kickstart), perfumes, cosmetics and shoes (AbanteCart), shoes,
shirts and cushions (Saleor), caps and hoodies (Solidus). A product's first picture is the gallery's; its
others (from the side, from behind, worn, close, in its box) ask for it.

Traps handled: where names tell colours apart, another colour is another product, as in any shop; logos,
banners and what a theme needs are no products; a product of one picture asks nothing, and is in the gallery
all the same. Thelia's furniture is read alone, where its own folder is named: it is one picture in other
colours, and no other view.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pocketshelf_training.data.protocol import DataMissing, Sample

__all__ = ["LICENCE", "SHOPS", "Shop", "load"]

# The repositories have open licences; the pictures show makers' products: measured by, never learnt from.
LICENCE = "LicenseRef-demo-shop-pictures"
PICTURES = (".jpg", ".jpeg", ".png", ".webp")
# A product, the place of a picture of it, and the picture.
Shown = tuple[str, int, Path]


class Shop(NamedTuple):
    """Where a shop's pictures lie in its repository, and what tells the product and the view.

    Attributes:
        split: of its queries; what decides something asks "val".
        folder: of the pictures.
        names: of a picture, without its ending: ``item``, ``view`` where there is one, ``more`` of the item.
        views: those that have no number, in order.
        alone: it is read where its own folder is named, and else left out.
    """

    split: str
    folder: str
    names: str = ""
    views: tuple[str, ...] = ()
    alone: bool = False


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
    "abantecart-src": Shop("test", "public_html/resources/image"),
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
    "thelia": Shop(
        "test",
        "core/lib/Thelia/Command/Import/data/images",
        r"(?P<item>PROD\d+)-(?P<view>\d+)(?P<more>)",
        alone=True,
    ),
}
# AbanteCart's pictures have numbers for names; its sample data say which are of which product.
SAMPLE_DATA = "public_html/install/abantecart_sample_data.sql"
PATHS = re.compile(r"\((\d+),1,'.*?'(18/[0-9a-f]+/[0-9a-f]+\.\w+)'")
OF_PRODUCTS = re.compile(r"\((\d+),'products',(\d+),\d+,(\d+),")


def load(root: str | Path) -> list[Sample]:
    """Every product's pictures: the first of domain "shop", the others of "street", which ask.

    Args:
        root: the folder that holds clones of the repositories, each under its own name, or some of them; or
            one repository.

    Raises:
        DataMissing: none of them is there; names them.
    """
    root = Path(root)
    there = {name: root / name for name, shop in SHOPS.items() if not shop.alone}
    if (own := SHOPS.get(root.name)) and (root / own.folder).is_dir():
        there = {root.name: root}
    samples = [
        sample
        for name, folder in there.items()
        if (folder / SHOPS[name].folder).is_dir()
        for sample in _samples(name, folder)
    ]
    if not samples:
        raise DataMissing(
            f"{root}: holds none of {', '.join(SHOPS)}; clone one of these repositories into it"
        )
    return samples


def _samples(name: str, folder: Path) -> Iterator[Sample]:
    items: defaultdict[str, list[tuple[int, Path]]] = defaultdict(list)
    for item, place, path in _named(SHOPS[name], folder) if SHOPS[name].names else _listed(folder):
        items[item].append((place, path))
    for item, pictures in items.items():
        for place, (_, path) in enumerate(sorted(pictures)):
            yield Sample(
                path,
                SHOPS[name].split,
                "street" if place else "shop",
                f"{name}/{item}",
                attributes={"shop": name},
                licence=LICENCE,
            )


def _named(shop: Shop, folder: Path) -> Iterator[Shown]:
    for path in sorted((folder / shop.folder).iterdir()):
        found = re.fullmatch(shop.names, path.stem, re.IGNORECASE)
        if not found or path.suffix.lower() not in PICTURES:
            continue
        # Kickstart writes one product's name in several ways: shoe2_v1, laptopbag1v1, Sweatshirt-2v2.
        item = re.sub(r"[-_]", "", found["item"]).lower() + found["more"]
        view = (found["view"] or "0").lower()
        yield item, shop.views.index(view) if view in shop.views else int(view), path


def _listed(folder: Path) -> Iterator[Shown]:
    sql = (folder / SAMPLE_DATA).read_text(encoding="utf-8", errors="replace")
    paths = dict(PATHS.findall(sql))
    for number, item, place in OF_PRODUCTS.findall(sql):
        path = folder / SHOPS["abantecart-src"].folder / paths.get(number, "")
        if path.is_file():
            yield item, int(place), path
