"""From lines to products: the one set of rules by which `build`, `import` and `adapt` read the same file.

The first line of a product decides its texts, whether its pictures can be used or not; what it leaves empty
is taken from the first line that says it. Every line adds its pictures. A line that contradicts the product's
category is lost: it is another product by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from pocketshelf.catalogue.listing import Line, ListedPicture, ListedProduct, RowProblem
from pocketshelf.formats.product_rules import MAX_VECTORS, check_described, check_names

__all__ = ["group_lines"]

# How spreadsheets write a number of many digits, and what they make of a formula that fails.
SCIENTIFIC = re.compile(r"\d([.,]\d+)?E\+\d+")
FAILED = re.compile(r"#(N/A|NAME\?|REF!|VALUE!|DIV/0!|NULL!|NUM!|NV|BEZUG!|WERT!)")


@dataclass
class _Product:
    """A product while its lines come in."""

    first: Line
    lines: list[Line] = field(default_factory=list)

    @property
    def title(self) -> str:
        return next((line.title for line in self.lines if line.title), "")

    @property
    def category(self) -> str:
        return next((line.category for line in self.lines if line.category), "")

    def category_line(self) -> int:
        return next((line.line for line in self.lines if line.category), self.first.line)


def group_lines(
    lines: Iterable[Line | RowProblem],
) -> tuple[list[ListedProduct], list[RowProblem], list[RowProblem]]:
    """The products in the order of their first lines; every line that is in none, or not whole; and notes."""
    products: dict[str, _Product] = {}
    problems: list[RowProblem] = []
    for line in lines:
        if isinstance(line, RowProblem):
            problems.append(line)
        elif problem := _add(line, products):
            problems.append(RowProblem(line.line, problem))
    whole = []
    for product in products.values():
        if problem := _whole(product):
            problems += _lost(product, problem)
        else:
            whole.append(product)
    listed = [_listed(product, problems) for product in whole]
    return listed, sorted(problems, key=lambda problem: problem.line), _other_titles(whole)


def _other_titles(products: Iterable[_Product]) -> list[RowProblem]:
    """A note on the first product that has several titles: is it several products by mistake?"""
    found = [
        (line, product)
        for product in products
        for line in product.lines
        if line.title not in ("", product.title)
    ]
    if not found:
        return []
    line, product = found[0]
    count = len({id(other) for _, other in found})
    more = f"; so it is with {count - 1} more" if count > 1 else ""
    return [
        RowProblem(
            line.line,
            f"product {product.first.product_id!r} has another title here than on line {product.first.line}, "
            f"which is kept{more}",
        )
    ]


def _add(line: Line, products: dict[str, _Product]) -> str | None:
    """Add the line to its product; why not, if it cannot."""
    if not line.product_id:
        return "product_id is empty"
    try:
        check_names(line.product_id, line.category or "-")
    except ValueError as error:
        return str(error)
    known = products.setdefault(line.product_id, _Product(line))
    if line.category and known.category not in ("", line.category) and not _damaged(line.product_id):
        return (
            f"product {line.product_id!r} is of category {line.category!r} here, "
            f"but of {known.category!r} on line {known.category_line()}"
        )
    known.lines.append(line)
    return None


def _damaged(product_id: str) -> bool:
    return bool(SCIENTIFIC.fullmatch(product_id) or FAILED.fullmatch(product_id))


def _whole(product: _Product) -> str | None:
    """Why nothing can be made of the product; None if something can."""
    first, title, category = product.first, product.title, product.category
    said = {(line.title or title, line.category or category) for line in product.lines}
    if _damaged(first.product_id) and len(said) > 1:
        return (
            f"product_id {first.product_id!r} is what a spreadsheet makes of a long number or a formula, and "
            f"{len(said)} products have it; format the column as text and export again"
        )
    if not category:
        return "category is empty"
    given = {line.vectors.shape[1] for line in product.lines if line.vectors is not None}
    if len(given) > 1:
        return "vectors differ in length"
    if not given and not any(line.images for line in product.lines):
        return "image is empty"
    image = next((image for line in product.lines for image in line.images), None)
    try:
        check_described(first.product_id, category, title, image, first.attributes)
    except ValueError as error:
        return str(error)
    return None


def _lost(product: _Product, problem: str) -> list[RowProblem]:
    """All lines of a product that cannot be made."""
    return [RowProblem(line.line, problem) for line in product.lines]


def _listed(product: _Product, problems: list[RowProblem]) -> ListedProduct:
    """The product with its pictures, each once; those beyond what a product may have go to ``problems``."""
    images: dict[str, int] = {}
    for line in product.lines:
        more = [image for image in dict.fromkeys(line.images) if image not in images]
        room = MAX_VECTORS - len(images)
        images.update(dict.fromkeys(more[:room], line.line))
        if more[room:]:
            problem = (
                f"a product has at most {MAX_VECTORS} pictures; left out: {', '.join(more[room:])[:200]}"
            )
            problems.append(RowProblem(line.line, problem))
    given = [line.vectors for line in product.lines if line.vectors is not None]
    first = product.first
    return ListedProduct(
        first.line,
        first.product_id,
        product.title,
        product.category,
        tuple(ListedPicture(line, image) for image, line in images.items()),
        first.attributes,
        np.concatenate(given)[:MAX_VECTORS] if given else None,
        tuple(line.line for line in product.lines),
    )
