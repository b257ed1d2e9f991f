"""Google Merchant Center's product data, as TSV, CSV or an XML feed; the Content API's names are known, too.

By https://support.google.com/merchants/answer/7052112. Rows of one ``item_group_id`` are variants of a style:
those of one colour are one product with all their pictures; sizes are folded.
"""

from __future__ import annotations

from collections.abc import Iterator

from pocketshelf.catalogue.exports.columns import Cells, listed, path_leaf, pictures_of, plain_text
from pocketshelf.catalogue.exports.prices import priced
from pocketshelf.catalogue.listing import Line, Records, RowProblem

__all__ = ["COLUMNS", "google_lines"]

COLUMNS = ("id", "title", "description", "link", "image_link", "image link", "additional_image_link",
           "additional image link", "google_product_category", "google product category", "product_type",
           "product type", "item_group_id", "item group id", "gtin", "brand", "availability")  # fmt: skip
KEPT = ("description", "brand", "gtin", "mpn", "link", "material", "pattern", "gender", "age_group")


def google_lines(table: Records) -> Iterator[Line | RowProblem]:
    """A line a row; variants are of their group and colour."""
    rows = [(record.line, Cells(record.cells)) for record in table.records]
    sizes: dict[str, list[str]] = {}
    spelled: dict[str, str] = {}  # "Red" and "red" are one colour.
    for _, cells in rows:
        sizes.setdefault(_spelled(cells, spelled), []).append(cells.first("size"))
    for line, cells in rows:
        item = _spelled(cells, spelled)
        images = pictures_of(
            [
                cells.first("image_link", "imageLink"),
                cells.first("additional_image_link", "additionalImageLinks"),
            ]
        )
        kept = {name: plain_text(text) for name in KEPT if (text := cells.first(name))}
        further = {"color": cells.first("color"), "size": listed(sizes[item])}
        kept.update({name: text for name, text in further.items() if text})
        kept.update(_price(cells))
        yield Line(line, item, plain_text(cells.first("title")), _category(cells), images, kept)


def _price(cells: Cells) -> dict[str, str]:
    starts, _, ends = cells.first("sale_price_effective_date", "salePriceEffectiveDate").partition("/")
    return priced(cells.first("price"), cells.first("sale_price", "salePrice"), starts.strip(), ends.strip())


def _grouped(cells: Cells) -> str:
    return cells.first("item_group_id", "itemGroupId")


def _spelled(cells: Cells, spelled: dict[str, str]) -> str:
    """The product's id as it was first spelled, where a colour is part of it."""
    item = _item(cells)
    return spelled.setdefault(item.casefold(), item) if _grouped(cells) else item


def _item(cells: Cells) -> str:
    group, colour = _grouped(cells), cells.first("color")
    return (f"{group}-{colour}" if colour else group) if group else cells.first("id", "offerId")


def _category(cells: Cells) -> str:
    """The shop's own category; else Google's, which may be a number only."""
    own = cells.first("product_type", "productTypes").split("\n")
    return path_leaf(own, ">") or path_leaf(
        [cells.first("google_product_category", "googleProductCategory")], ">"
    )
