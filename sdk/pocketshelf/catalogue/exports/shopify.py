"""Shopify: Products, Export, as CSV; by https://help.shopify.com/en/manual/products/import-export/using-csv.

The rows of a handle are its variants and its pictures; texts stand in the first alone. Both the columns of
before 2025 (``Handle``, ``Image Src``) and those since (``URL handle``, ``Product image URL``) are known.
"""

from __future__ import annotations

from collections.abc import Iterator

from pocketshelf.catalogue.exports.columns import (
    Cells,
    listed,
    note_withheld,
    path_leaf,
    pictures_of,
    plain_text,
)
from pocketshelf.catalogue.listing import Line, Records, RowProblem

__all__ = ["COLUMNS", "shopify_lines"]

HANDLE = ("Handle", "URL handle")
COLUMNS = (*HANDLE, "Title", "Body (HTML)", "Vendor", "Type", "Product Category", "Image Src",
           "Product image URL", "Image Position", "Variant SKU", "Variant Image", "Variant image URL",
           "Option1 Name", "Option1 Value", "Image Alt Text")  # fmt: skip
CATEGORIES = ("Product Category", "Custom Product Type", "Standard Product Type")
IMAGES = ("Image Src", "Product image URL", "Variant Image", "Variant image URL")
# Products that the shop does not show, or no longer.
WITHHELD = ("draft", "archived")
KEPT = {
    "vendor": ("Vendor",),
    "tags": ("Tags",),
    "description": ("Body (HTML)", "Description"),
    "price": ("Variant Price", "Price"),
    "barcode": ("Variant Barcode", "Barcode"),
    "sku": ("Variant SKU", "SKU"),
    "gender": ("Google Shopping / Gender",),
    "age_group": ("Google Shopping / Age Group",),
}


def shopify_lines(table: Records) -> Iterator[Line | RowProblem]:
    """A line a row; a row without a handle goes on with the one above. Drafts, archived ones: left out."""
    rows, above = [], ""
    states: dict[str, str] = {}
    for record in table.records:
        cells = Cells(record.cells)
        above = cells.first(*HANDLE) or above
        states[above] = states.get(above) or cells.first("Status").casefold()
        rows.append((record.line, above, cells))
    note_withheld(table, [line for line, handle, _ in rows if states[handle] in WITHHELD])
    rows = [row for row in rows if states[row[1]] not in WITHHELD]
    options: dict[str, dict[str, list[str]]] = {}
    names: dict[tuple[str, int], str] = {}
    for _, handle, cells in rows:
        for number in (1, 2, 3):
            name = names.setdefault((handle, number), cells.first(f"Option{number} Name"))
            value = cells.first(f"Option{number} Value")
            if name and value and (name, value) != ("Title", "Default Title"):
                options.setdefault(handle, {}).setdefault(name, []).append(value)
    for line, handle, cells in rows:
        images = pictures_of(cells.first(name) for name in IMAGES)
        kept = {name: plain_text(text) for name, columns in KEPT.items() if (text := cells.first(*columns))}
        folded = {name: listed(values) for name, values in options.get(handle, {}).items()}
        category = cells.first("Type") or path_leaf([cells.first(*CATEGORIES)], ">")
        yield Line(line, handle, plain_text(cells.first("Title")), category, images, {**kept, **folded})
