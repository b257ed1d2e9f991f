"""What a catalogue lists: products with the names of their pictures, and what was lost or noted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

__all__ = [
    "REQUIRED_COLUMNS",
    "CatalogueRow",
    "CatalogueTable",
    "Line",
    "ListedPicture",
    "ListedProduct",
    "Record",
    "Records",
    "RowProblem",
]

REQUIRED_COLUMNS = ("product_id", "title", "category", "image")


@dataclass(frozen=True)
class RowProblem:
    """One bad line, and why it is left out (or one that is only remarked on); line 0 where there are none."""

    line: int
    problem: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.problem}" if self.line else self.problem


@dataclass(frozen=True)
class Record:
    """A line of a table: its number in the file, from 1, and its cells by column; empty ones are left out."""

    line: int
    cells: dict[str, str]


@dataclass
class Records:
    """A table as the file has it, whatever its columns mean."""

    columns: tuple[str, ...] = ()
    records: list[Record] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)


@dataclass(frozen=True)
class Line:
    """What one line says of a product; texts that it leaves empty are those of the product's other lines.

    Attributes:
        images: names of pictures, as the file has them.
        vectors: int8 (n, D) if the file brings them instead.
    """

    line: int
    product_id: str
    title: str = ""
    category: str = ""
    images: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict)
    vectors: np.ndarray | None = None


@dataclass(frozen=True)
class ListedPicture:
    """A picture as the file names it, with forward slashes, and the line where."""

    line: int
    image: str


@dataclass(frozen=True)
class ListedProduct:
    """A product as the whole file has it.

    Attributes:
        line: where it is first named.
        attributes: those of that line.
        vectors: int8 (n, D) if the file brings them, else None.
        lines: all that are of it.
    """

    line: int
    product_id: str
    title: str
    category: str
    pictures: tuple[ListedPicture, ...]
    attributes: dict[str, Any] = field(default_factory=dict)
    vectors: np.ndarray | None = None
    lines: tuple[int, ...] = ()

    def without_pictures(self, problems: Iterable[RowProblem]) -> list[RowProblem]:
        """A problem for each line that has none yet, where none of its pictures can be used."""
        said = {problem.line for problem in problems}
        return [
            RowProblem(line, "none of its product's pictures can be used")
            for line in self.lines
            if line not in said
        ]


@dataclass(frozen=True)
class CatalogueRow:
    """One picture of a product, with what the product is."""

    line: int
    product_id: str
    title: str
    category: str
    image: str
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass
class CatalogueTable:
    """A catalogue as it was read.

    Attributes:
        columns: the file's.
        products: in the file's order.
        problems: the lines that were lost, by number.
        notes: what was remarked on and is not lost.
    """

    path: Path
    columns: tuple[str, ...] = ()
    products: list[ListedProduct] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)
    notes: list[RowProblem] = field(default_factory=list)

    @property
    def rows(self) -> list[CatalogueRow]:
        """Each picture of each product, in the order of the products."""
        return list(self._rows())

    def _rows(self) -> Iterator[CatalogueRow]:
        for p in self.products:
            for picture in p.pictures:
                yield CatalogueRow(
                    picture.line, p.product_id, p.title, p.category, picture.image, p.attributes
                )
