"""What spreadsheets did to a catalogue is said, with line numbers; and what is none is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketshelf.catalogue import read_catalogue
from pocketshelf.catalogue.damage import has_check_digit


def notes(folder: Path, column: str, cells: list[str], ids: list[str] | None = None) -> list[str]:
    ids = ids or [f"p{i}" for i in range(len(cells))]
    rows = [f"{i},T,C,a.jpg,{cell}" for i, cell in zip(ids, cells, strict=True)]
    (folder / "c.csv").write_text("\n".join([f"product_id,title,category,image,{column}", *rows]))
    return [str(note) for note in read_catalogue(folder / "c.csv").notes]


EANS = ["4006381333931", "9780201379624", "0012345678905", "5901234123457"]


def test_numbers_that_a_spreadsheet_rounded(tmp_path: Path) -> None:
    (note,) = notes(tmp_path, "EAN", [*EANS, "4.00638E+12", '"4,00638E+12"'])
    assert note.startswith("line 6: EAN '4.00638E+12' is what a spreadsheet makes of a long number")
    assert note.endswith("(also on lines 7)")
    assert notes(tmp_path, "x", ["", ""], ["4.01235E+12", "2E3"])[0].startswith(
        "line 2: product_id '4.01235E+12'"
    )


def test_leading_zeros_that_were_lost(tmp_path: Path) -> None:
    ids = [*EANS[:2], "12345678905", "5901234123457"]
    (note,) = notes(tmp_path, "x", [""] * 4, ids)
    assert note.startswith("line 4: product_id '12345678905' is shorter than the others")
    (note,) = notes(tmp_path, "gtin", ids)
    assert note.startswith("line 4: gtin '12345678905' is shorter")


def test_check_digits_where_a_column_is_named_so(tmp_path: Path) -> None:
    wrong = ["4006381333930", *EANS[1:], "12345"]
    (note,) = notes(tmp_path, "ean13", wrong)
    assert note.startswith("line 2: ean13 '4006381333930' is no EAN, UPC or GTIN") and "lines 6" in note
    assert notes(tmp_path, "upc_code", ["036000291452", "0-36000-29145-2"]) == []
    assert notes(tmp_path, "ocean", wrong) == [], "that is another word"
    assert notes(tmp_path, "x", [""] * 4, ["100", "101", "99", "1"]) == [], "numbers of one's own"


@pytest.mark.parametrize("cell", ["10-Dec", "Dec-10", "12. Okt", "2024-12-10", "10/12/2024", "4-Mär"])
def test_sizes_that_became_dates(tmp_path: Path, cell: str) -> None:
    (note,) = notes(tmp_path, "Größe" if "M" in cell else "size", ["S", "M", cell, "38"])
    assert note.startswith("line 4: ") and repr(cell) in note and "size such as 10-12" in note


def test_dates_where_they_belong_are_none(tmp_path: Path) -> None:
    assert notes(tmp_path, "created date", ["10-Dec", "11-Dec", "x"]) == []
    assert notes(tmp_path, "season", ["10-Dec", "11-Dec", "12-Dec"]) == []
    assert notes(tmp_path, "size", ["10-12", "38/40", "10.5", "M"]) == []


@pytest.mark.parametrize("number", [*EANS, "96385074", "036000291452", "10614141000415"])
def test_check_digits_are_those_of_gs1(number: str) -> None:
    assert has_check_digit(number)
    assert not has_check_digit(number[:-1] + str((int(number[-1]) + 1) % 10))


def test_formulas_that_failed_and_numbers_that_were_rounded(tmp_path: Path) -> None:
    said = notes(tmp_path, "x", ["#N/A", "", "#REF!"], ["401234567890123000", "12.0", "#NAME?"])
    assert [note.split(":")[0] for note in said] == ["line 4", "line 2", "line 2"]
    assert "'#NAME?' is a spreadsheet's formula" in said[0] and "did a spreadsheet" in said[1]
    rows = ["#N/A,Tee,Shirts,a.jpg", "#N/A,Cap,Hats,b.jpg", "1,Bag,Bags,c.jpg"]
    (tmp_path / "c.csv").write_text("\n".join(["product_id,title,category,image", *rows]))
    table = read_catalogue(tmp_path / "c.csv")
    assert [product.product_id for product in table.products] == ["1"]
    assert [problem.line for problem in table.problems] == [2, 3]
