"""Magento (Adobe Commerce) 2: System, Data Transfer, Export, Products; and most of what Magento 1 wrote.

Columns by https://experienceleague.adobe.com/docs/commerce-admin/systems/data-transfer/data-attributes-product.html.
A configurable product lists its variants (``sku=…,size=…,color=…|…``), which are rows of their own, with the
pictures of their colour. Here a product is a style in one colour, with all its pictures; sizes are folded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
from pocketshelf.catalogue.listing import Line, Record, Records, RowProblem

__all__ = ["COLUMNS", "magento_lines"]

COLUMNS = ("sku", "store_view_code", "attribute_set_code", "product_type", "categories", "name", "base_image",
           "small_image", "additional_images", "configurable_variations", "additional_attributes",
           "url_key", "visibility")  # fmt: skip
ROOTS = ("default category", "root catalog")
# Columns that say something of a product to who looks for it; a hundred others say how it is sold.
KEPT = ("description", "short_description", "country_of_manufacture")
PATHS = ("categories", "_category")
DROPPED = ("has_options", "required_options")
# What stands for an empty cell, and for no picture.
EMPTY, NO_PICTURE = "__EMPTY__VALUE__", "no_selection"
# Columns of version 2 and 1 that say whether the shop shows a product; and what they say where it does not.
STATES, DISABLED = ("product_online", "status"), "2"
IMAGES = ("base_image", "small_image", "thumbnail_image", "swatch_image", "image", "_media_image")


@dataclass(frozen=True)
class _Style:
    """A configurable product's row, and the options of each of its variants."""

    record: Record
    options: dict[str, dict[str, str]]


def magento_lines(table: Records) -> Iterator[Line | RowProblem]:
    """A line a row; a variant's is of its style and colour, a configurable has its own only without any.

    What is disabled is left out, and of a style that is so its variants are.
    """
    rows = [record for record in _rows(table) if "sku" in record.cells]
    style_of: dict[str, _Style] = {}
    skus = {record.cells["sku"] for record in rows}
    for record in rows:
        options = _variations(record.cells.get("configurable_variations", ""))
        style = _Style(record, options)
        style_of.update({sku: style for sku in options if sku in skus and sku != record.cells["sku"]})
    withheld = _withheld(rows, style_of)
    note_withheld(table, [record.line for record in rows if record.cells["sku"] in withheld])
    rows = [record for record in rows if record.cells["sku"] not in withheld]
    styles = {id(style.record) for style in style_of.values()}
    folded = _folded_sizes(rows, style_of)
    for record in rows:
        if record.cells.get("store_view_code"):
            continue  # A translation of a row above.
        if id(record) not in styles:
            yield _line(record, style_of.get(record.cells["sku"]), folded)
    yield from (RowProblem(r.line, "sku is empty") for r in _rows(table) if "sku" not in r.cells)


def _rows(table: Records) -> Iterator[Record]:
    """The rows; one without a sku goes on with the row above (further pictures of Magento 1)."""
    above = ""
    for record in table.records:
        cells = {name: cell for name, cell in record.cells.items() if cell not in (EMPTY, NO_PICTURE)}
        above = cells.get("sku", above)
        yield Record(record.line, {**cells, "sku": above} if above else cells)


def _withheld(rows: list[Record], style_of: dict[str, _Style]) -> set[str]:
    """The skus of what is disabled in the shop at large, and of variants whose style is."""
    disabled = {
        record.cells["sku"]
        for record in rows
        if not record.cells.get("store_view_code") and Cells(record.cells).first(*STATES) == DISABLED
    }
    return disabled | {sku for sku, style in style_of.items() if style.record.cells["sku"] in disabled}


def _variations(cell: str) -> dict[str, dict[str, str]]:
    """sku to options, out of ``sku=A-S,size=S,color=Red|sku=…``."""
    found = {}
    for part in cell.split("|"):
        options = _pairs(part)
        if sku := options.pop("sku", ""):
            found[sku] = options
    return found


def _pairs(cell: str) -> dict[str, str]:
    """``a=1,b=2``; a comma within a value belongs to it."""
    pairs: dict[str, str] = {}
    name = ""
    for part in cell.split(","):
        key, sign, value = part.partition("=")
        if sign:
            name = key.strip()
            pairs[name] = value.strip().strip('"')
        elif name:
            pairs[name] += f",{part}"
    return {name: value for name, value in pairs.items() if value != EMPTY}


def _options(record: Record, style: _Style | None) -> dict[str, str]:
    """What tells a variant from others of its style."""
    own = _pairs(record.cells.get("additional_attributes", ""))
    chosen = style.options[record.cells["sku"]] if style else {}
    return {**{name: own[name] for name in ("color", "size") if name in own}, **chosen}


def _item(record: Record, style: _Style | None) -> str:
    """The product's id: the style's and the colour, or the row's own."""
    if style is None:
        return record.cells["sku"]
    colour = colour_of(_options(record, style))
    return f"{style.record.cells['sku']}-{colour}" if colour else style.record.cells["sku"]


def _folded_sizes(rows: list[Record], style_of: dict[str, _Style]) -> dict[str, dict[str, str]]:
    """Product id to its options, each with the values of all its variants."""
    found: dict[str, dict[str, list[str]]] = {}
    for record in rows:
        style = style_of.get(record.cells["sku"])
        if style is not None and not record.cells.get("store_view_code"):
            for name, value in _options(record, style).items():
                found.setdefault(_item(record, style), {}).setdefault(name, []).append(value)
    return {
        item: {name: listed(values) for name, values in options.items()} for item, options in found.items()
    }


def _line(record: Record, style: _Style | None, folded: dict[str, dict[str, str]]) -> Line:
    cells, main = record.cells, Cells((style.record if style else record).cells)
    item = _item(record, style)
    options = folded.get(item, _options(record, style))
    images = pictures_of([*(cells.get(name, "") for name in IMAGES), cells.get("additional_images", "")])
    if not images and style is not None:
        images = pictures_of([main.first(*IMAGES), main.first("additional_images")])
    title = main.first("name") or cells.get("name", "")
    if style is not None and (colour := colour_of(options)):
        title = f"{title}, {colour}" if title else colour
    own = Cells(cells)
    category = path_leaf((main.first(*PATHS) or own.first(*PATHS)).split(","), "/", ROOTS)
    attributes = {name: text for name in KEPT if (text := main.first(name) or own.first(name))}
    attributes.update(_price(main if main.first("price") else own))
    for source in (style.record if style else record, record):
        further = _pairs(source.cells.get("additional_attributes", ""))
        attributes.update({name: value for name, value in further.items() if name not in DROPPED and value})
    category = category or own.first("attribute_set_code")
    told = {name: plain_text(text) for name, text in {**attributes, **options}.items()}
    return Line(record.line, item, plain_text(title), category, images, told)


def _price(cells: Cells) -> dict[str, str]:
    """Magento means whole days, whatever time of the day it writes."""
    starts, ends = (
        cells.first(f"special_price_{side}_date").split(" ")[0].strip(",") for side in ("from", "to")
    )
    return priced(cells.first("price"), cells.first("special_price"), starts, ends)
