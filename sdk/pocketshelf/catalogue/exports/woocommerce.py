"""WooCommerce: Products, Export, as CSV; its schema is the wiki page "Product CSV Import Schema".
Headers may be in the shop's language (`woocommerce_languages`).

A variation is a row of its own, which names its parent by sku or ``id:7``; a variation in a colour with a
picture of its own is a product of its own, other variations are folded into their parent.
"""

from __future__ import annotations

from collections.abc import Iterator

from pocketshelf.catalogue.exports.columns import (
    Cells,
    colour_of,
    listed,
    note_withheld,
    path_leaf,
    pictures_of,
    plain_text,
)
from pocketshelf.catalogue.exports.prices import priced
from pocketshelf.catalogue.exports.woocommerce_languages import ROOTS, TRANSLATED
from pocketshelf.catalogue.listing import Line, Records, RowProblem

__all__ = ["COLUMNS", "woocommerce_lines"]

COLUMNS = ("ID", "Type", "SKU", "Name", "Published", "Short description", "Description", "Categories", "Tags",
           "Images", "Parent", "Attribute 1 name", "Attribute 1 value(s)", *TRANSLATED)  # fmt: skip
MOST_ATTRIBUTES = 20
# Of the column "Published": private, and a draft.
WITHHELD = ("0", "-1")
KEPT = {
    "description": ("Description", "Short description"),
    "tags": ("Tags",),
    "brand": ("Brands", "Brand"),
    "gtin": ("GTIN, UPC, EAN, or ISBN",),
}


class _Row:
    def __init__(self, line: int, cells: dict[str, str]) -> None:
        self.line = line
        self.cells = Cells(cells)
        self.number = self.cells.first("ID")
        self.sku = self.cells.first("SKU")
        self.key = self.sku or self.number
        self.images = pictures_of([self.cells.first("Images")])
        self.options = dict(self._options())
        self.parent = self.cells.first("Parent") if "variation" in self.cells.first("Type") else ""
        self.price = priced(
            self.cells.first("Regular price"),
            self.cells.first("Sale price"),
            self.cells.first("Date sale price starts"),
            self.cells.first("Date sale price ends"),
        )
        self.withheld = self.cells.first("Published") in WITHHELD

    def _options(self) -> Iterator[tuple[str, str]]:
        for number in range(1, MOST_ATTRIBUTES + 1):
            name = self.cells.first(f"Attribute {number} name")
            value = self.cells.first(f"Attribute {number} value(s)")
            if name and value:
                yield name, value


def woocommerce_lines(table: Records) -> Iterator[Line | RowProblem]:
    """A line a row, parents before their variations; drafts and what is private are left out, with theirs."""
    rows = [_Row(record.line, record.cells) for record in table.records]
    by_name = {name: row for row in rows if not row.parent for name in (f"id:{row.number}", row.sku) if name}
    note_withheld(table, [row.line for row in rows if _is_withheld(row, by_name)])
    rows = [row for row in rows if not _is_withheld(row, by_name)]
    folded: dict[str, dict[str, list[str]]] = {}
    prices: dict[str, dict[str, str]] = {}  # A product's own, else its first variation's that has one.
    for row in rows:
        if row.price:
            prices.setdefault(_item(row, by_name), row.price)
        for name, value in row.options.items():
            values = folded.setdefault(_item(row, by_name), {}).setdefault(name, [])
            values += [part.strip() for part in value.split(",")]
    for row in sorted(rows, key=lambda row: bool(row.parent)):
        parent = by_name.get(row.parent)
        if row.parent and parent is None and not row.cells.first("Categories"):
            yield RowProblem(row.line, f"its parent {row.parent!r} is not in the file")
            continue
        yield _line(row, parent, folded, prices)


def _is_withheld(row: _Row, by_name: dict[str, _Row]) -> bool:
    """Whether the shop does not show it, or the product that it is a variation of."""
    return row.withheld or (row.parent in by_name and by_name[row.parent].withheld)


def _item(row: _Row, by_name: dict[str, _Row]) -> str:
    parent = by_name.get(row.parent)
    if parent is None:
        return row.key
    colour = colour_of(row.options)
    return f"{parent.key}-{colour}" if colour and row.images else parent.key


def _line(
    row: _Row,
    parent: _Row | None,
    folded: dict[str, dict[str, list[str]]],
    prices: dict[str, dict[str, str]],
) -> Line:
    item = row.key if parent is None else _item(row, {row.parent: parent})
    sources = [row.cells] if parent is None else [parent.cells, row.cells]

    def first(*columns: str) -> str:
        return next((text for cells in sources if (text := cells.first(*columns))), "")

    title = plain_text(first("Name"))
    own = parent is not None and item != parent.key
    if own:
        title = f"{title}, {colour_of(row.options)}"
    category = path_leaf(first("Categories").split(","), ">", ROOTS) or first("Categories")
    attributes = {name: plain_text(text) for name, columns in KEPT.items() if (text := first(*columns))}
    options = {name: listed(values) for name, values in folded.get(item, {}).items()}
    told = {**attributes, **prices.get(item, {}), **options}
    return Line(row.line, item, title, category, row.images, told)
