"""The formats by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from pocketshelf.catalogue.exports import google, magento, plain, shopify, woocommerce
from pocketshelf.catalogue.exports.woocommerce_languages import english_column
from pocketshelf.catalogue.listing import REQUIRED_COLUMNS, Line, Records, RowProblem
from pocketshelf.errors import UsageError

__all__ = ["FORMATS", "Export", "export_named", "known_columns", "likely_format"]


@dataclass(frozen=True)
class Export:
    """One format.

    Attributes:
        columns: that tell it.
        needs: groups of columns, of each of which one must be there.
        lines: from a table to what its lines say.
        column: what a column of a file is called in ``needs`` and ``lines``.
    """

    columns: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    lines: Callable[[Records], Iterator[Line | RowProblem]]
    column: Callable[[str], str] = str


FORMATS: dict[str, Export] = {
    "plain": Export(REQUIRED_COLUMNS, tuple((name,) for name in REQUIRED_COLUMNS), plain.plain_lines),
    "magento": Export(magento.COLUMNS, (("sku",), ("name",), magento.IMAGES), magento.magento_lines),
    "shopify": Export(shopify.COLUMNS, (shopify.HANDLE, ("Title",), shopify.IMAGES), shopify.shopify_lines),
    "woocommerce": Export(
        woocommerce.COLUMNS,
        (("ID", "SKU"), ("Name",), ("Images",)),
        woocommerce.woocommerce_lines,
        english_column,
    ),
    "google": Export(
        google.COLUMNS,
        (("id", "offerId"), ("title",), ("image_link", "image link", "imageLink")),
        google.google_lines,
    ),
}


def export_named(name: str) -> Export:
    """The format.

    Raises:
        UsageError: there is none; the message lists them.
    """
    if name not in FORMATS:
        raise UsageError(f"no format {name!r}; there are {', '.join(FORMATS)}")
    return FORMATS[name]


def known_columns(name: str) -> set[str]:
    """The format's columns, folded: by them the delimiter is found."""
    return {column.casefold() for column in export_named(name).columns}


def likely_format(columns: Collection[str]) -> str | None:
    """The format whose columns these are, for a hint; None if they are nobody's."""
    folded = {column.casefold() for column in columns}
    shares = {name: len(folded & known_columns(name)) for name in FORMATS if name != "plain"}
    best = max(shares, key=lambda name: shares[name])
    return best if shares[best] >= 4 else None
