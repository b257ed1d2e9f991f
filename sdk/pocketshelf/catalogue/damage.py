"""What spreadsheets do to catalogues: long numbers rounded, leading zeros dropped, sizes turned into dates.

Nothing is lost by it here, and nothing can be mended; it is said, with the numbers of the lines.
Check digits are those of GS1's General Specifications, section 7.9.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator

from pocketshelf.catalogue.grouping import FAILED, SCIENTIFIC
from pocketshelf.catalogue.listing import Record, RowProblem

__all__ = ["has_check_digit", "notes_on_damage"]

LENGTHS = (8, 12, 13, 14)
TRADE_NUMBER = re.compile(r"\b(ean|upc|gtin|isbn|jan|barcode|bar code)(\b|[\s_-]?\d+\b)", re.IGNORECASE)
MONTHS = "jan|feb|mar|mär|mrz|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez"
# "10-12" and "3/4" come back as these.
DATE = re.compile(
    rf"\d{{1,2}}[-. ]{{1,2}}({MONTHS})[a-z]*\.?|({MONTHS})[a-z]*\.?[- ]\d{{1,2}}|"
    r"\d{4}-\d\d-\d\d( 00:00:00)?|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}",
    re.IGNORECASE,
)
SIZE = re.compile(r"size|grö(ss|ß)e|groesse|taille|talla|taglia|maat|maß|storlek|größe", re.IGNORECASE)
TIME = re.compile(r"date|datum|fecha|month|monat|time|since|from|until|created|updated|day\b", re.IGNORECASE)
# A spreadsheet keeps 15 digits of a number; a program that reads one as a fraction writes ".0".
ROUNDED = re.compile(r"[1-9]\d{14}0+|\d+[.,]0")
SHOWN = 5


def notes_on_damage(id_column: str | None, records: list[Record]) -> Iterator[RowProblem]:
    """What looks damaged, a note a kind and column.

    Args:
        id_column: the column of the products' ids.
    """
    columns: dict[str, list[tuple[int, str]]] = {}
    for record in records:
        for name, cell in record.cells.items():
            columns.setdefault(name, []).append((record.line, cell))
    for name, cells in columns.items():
        failed = [at for at in cells if at[1].startswith("#") and FAILED.fullmatch(at[1])]
        yield from _note(failed, f"{name} {{0!r}} is a spreadsheet's formula that failed")
        if name == id_column or _is_trade_number(name):
            yield from _of_numbers(name, cells)
        if not TIME.search(name):
            yield from _of_sizes(name, cells)


def has_check_digit(number: str) -> bool:
    """Whether the last digit of an EAN, UPC or GTIN follows from the others."""
    digits = [int(digit) for digit in reversed(number)]
    return sum(digit * (3 if place % 2 else 1) for place, digit in enumerate(digits)) % 10 == 0


def _is_trade_number(name: str) -> bool:
    return bool(TRADE_NUMBER.search(name.replace("_", " ")))


def _of_numbers(name: str, cells: list[tuple[int, str]]) -> Iterator[RowProblem]:
    scientific = [(line, cell) for line, cell in cells if SCIENTIFIC.fullmatch(cell)]
    yield from _note(
        scientific,
        f"{name} {{0!r}} is what a spreadsheet makes of a long number; format it as text, export again",
    )
    rounded = [at for at in cells if ROUNDED.fullmatch(at[1])]
    yield from _note(
        rounded, f"{name} {{0!r}} ends in zeros or '.0'; did a spreadsheet take it for a number?"
    )
    digits = [(line, re.sub(r"[\s-]", "", cell)) for line, cell in cells]
    digits = [(line, cell) for line, cell in digits if cell.isascii() and cell.isdigit()]
    shorter = _shorter(digits)
    yield from _note(
        shorter,
        f"{name} {{0!r}} is shorter than the others and fits them with leading zeros; were they lost?",
    )
    if _is_trade_number(name):
        known = {line for line, _ in shorter}
        wrong = [at for at in digits if at[0] not in known and not _is_number_of_trade(at[1])]
        yield from _note(
            wrong, f"{name} {{0!r}} is no EAN, UPC or GTIN: its length or its check digit is wrong"
        )


def _is_number_of_trade(cell: str) -> bool:
    return len(cell) == 10 or (len(cell) in LENGTHS and has_check_digit(cell))  # Ten: an ISBN of before 2007.


def _shorter(digits: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Numbers that are shorter than most, and right as trade numbers once zeros stand before them."""
    counts = Counter(len(cell) for _, cell in digits if len(cell) in LENGTHS and has_check_digit(cell))
    if not counts:
        return []
    usual = counts.most_common(1)[0][0]
    return [
        (line, cell)
        for line, cell in digits
        if usual - 5 <= len(cell) < usual
        and not (len(cell) in LENGTHS and counts[len(cell)] > counts[usual] // 2)
        and has_check_digit(cell.zfill(usual))
    ]


def _of_sizes(name: str, cells: list[tuple[int, str]]) -> Iterator[RowProblem]:
    """Dates in a column of sizes; in any other, a few days of months among what is none."""
    dates = [(line, cell) for line, cell in cells if DATE.fullmatch(cell)]
    if not SIZE.search(name):
        dates = [(line, cell) for line, cell in dates if re.search(MONTHS, cell, re.IGNORECASE)]
        if len(dates) > len(cells) // 2:
            return
    yield from _note(dates, f"{name} {{0!r}} is a date: did a spreadsheet make it of a size such as 10-12?")


def _note(found: list[tuple[int, str]], text: str) -> Iterator[RowProblem]:
    if not found:
        return
    shown: Callable[[list[int]], str] = lambda lines: ", ".join(map(str, lines))  # noqa: E731
    lines = [line for line, _ in found]
    more = ""
    if len(lines) > 1:
        rest = len(lines) - 1 - SHOWN
        more = f" (also on lines {shown(lines[1 : 1 + SHOWN])}{f' and {rest} more' if rest > 0 else ''})"
    yield RowProblem(lines[0], text.format(found[0][1]) + more)
