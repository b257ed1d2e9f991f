"""The catalogue of one's own: ``product_id,title,category,image`` and any others, which become attributes."""

from __future__ import annotations

from collections.abc import Iterator

from pocketshelf.catalogue.listing import REQUIRED_COLUMNS, Line, Records, RowProblem
from pocketshelf.catalogue.pictures import picture_names

__all__ = ["plain_lines"]


def plain_lines(table: Records) -> Iterator[Line | RowProblem]:
    """Each record as it stands; `pocketshelf.catalogue.reading` has found the columns."""
    for record in table.records:
        cells = record.cells
        attributes = {name: cell for name, cell in cells.items() if name not in REQUIRED_COLUMNS}
        yield Line(
            record.line,
            cells.get("product_id", ""),
            cells.get("title", ""),
            cells.get("category", ""),
            picture_names(cells.get("image", "")),
            attributes,
        )
