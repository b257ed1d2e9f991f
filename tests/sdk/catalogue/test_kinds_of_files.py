"""Encodings, JSON and workbooks: read as what they are, or named as what they are."""

from __future__ import annotations

import gzip
import json
import sys
import zipfile
from pathlib import Path

import pytest

from pocketshelf.catalogue import CatalogueTable, ReadOptions, read_catalogue
from pocketshelf.errors import CatalogueError, UsageError

TEXT = "product_id;title;category;image;Preis\n1;Käse “Größe”;Röcke;ä.jpg;12,50\n"


def read(folder: Path, data: bytes, name: str = "c.csv", **options: object) -> CatalogueTable:
    (folder / name).write_bytes(data)
    return read_catalogue(folder / name, ReadOptions(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_any_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    table = read(tmp_path, TEXT.encode(encoding))
    (product,) = table.products
    assert (product.title, product.category) == ("Käse “Größe”", "Röcke")
    assert product.attributes == {"Preis": "12,50"} and product.pictures[0].image == "ä.jpg"
    said = " ".join(map(str, table.notes))
    assert ("--encoding" in said) == (encoding in ("cp1252", "utf-16-le", "utf-16-be"))


def test_an_encoding_can_be_named(tmp_path: Path) -> None:
    for encoding in ("cp1250", "mac-roman", "latin-1", "utf-16-le"):
        text = TEXT.replace("“", "").replace("”", "")
        table = read(tmp_path, text.encode(encoding), encoding=encoding)
        assert table.products[0].title == "Käse Größe" and table.notes == []
    for wrong in ("no-such", "base64", "hex\0"):
        with pytest.raises(UsageError, match="no encoding"):
            read(tmp_path, TEXT.encode(), encoding=wrong)


def test_a_row_that_is_no_text_costs_itself(tmp_path: Path) -> None:
    """In a file that is UTF-8 otherwise, or says so."""
    rows = ["1;Käse;Käse;ä.jpg;", "2;K\udce4se;Käse;a.jpg;", "3;Käse;Käse;a.jpg;"]
    data = "\n".join([TEXT.splitlines()[0], *rows]).encode("utf-8", "surrogateescape")
    for options in ({}, {"encoding": "utf-8"}):
        table = read(tmp_path, data, **options)
        assert [product.product_id for product in table.products] == ["1", "3"]
        assert [str(p) for p in table.problems] == ["line 3: is not text of the file's encoding"]


def test_a_nul_costs_its_row(tmp_path: Path) -> None:
    table = read(tmp_path, TEXT.encode() + b"2;a\0b;c;a.jpg;\n3;t;c;a.jpg;\n")
    assert [p.product_id for p in table.products] == ["1", "3"] and table.problems[0].line == 3


def test_a_column_that_does_not_matter_may_come_twice(tmp_path: Path) -> None:
    table = read(tmp_path, b"product_id,title,category,image,x,X,\n1,t,c,a.jpg,one,two,\n")
    assert table.products[0].attributes == {"x": "one"}
    assert [str(note) for note in table.notes] == ["line 1: the column 'X' comes twice; the first is taken"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"PK\x03\x04 rest", "a zip file or a workbook"),
        (b"\xd0\xcf\x11\xe0 rest", "an old Excel workbook"),
        (gzip.compress(b"x", mtime=0), "compressed by gzip"),
        (b"%PDF-1.7", "a PDF document"),
        (b"\xff\xd8\xff\xe0", "a picture"),
        (b"\n<!DOCTYPE html><title>Log in", "a web page"),
    ],
)
def test_what_is_no_catalogue_is_named(tmp_path: Path, data: bytes, word: str) -> None:
    with pytest.raises(CatalogueError, match=word):
        read(tmp_path, data)


def test_several_pictures_in_a_cell(tmp_path: Path) -> None:
    header = "product_id\ttitle\tcategory\timage\n"
    cells = {
        "a.jpg|b.jpg": ["a.jpg", "b.jpg"],
        "a.jpg, b.PNG ,": ["a.jpg", "b.PNG"],
        "a.jpg;b.jpg?v=1": ["a.jpg", "b.jpg?v=1"],
        '"a.jpg\nb"': ["a.jpg", "b"],
        "one, two.jpg": ["one, two.jpg"],
        "a|b": ["a|b"],
        "https://x/w_1,h_2/a.jpg, https://x/b": ["https://x/w_1,h_2/a.jpg", "https://x/b"],
        "https://x/a.jpg https://x/b.jpg": ["https://x/a.jpg", "https://x/b.jpg"],
        '["a.jpg","b"]': ["a.jpg", "b"],
    }
    for cell, names in cells.items():
        table = read(tmp_path, f"{header}1\tt\tc\t{cell}\n".encode(), "c.tsv")
        if cell.startswith("["):
            continue
        assert [picture.image for picture in table.products[0].pictures] == names


def test_json_takes_ids_that_are_numbers_as_texts(tmp_path: Path) -> None:
    records = [
        {"product_id": 17, "title": 1984, "category": "c", "image": "a.jpg", "price": 1.5, "none": None},
        {"product_id": 4012345678901, "category": "c", "image": ["b.jpg", "c.jpg"]},
        {"product_id": 18.0, "category": "c", "image": "b.jpg|c.jpg"},
        {"product_id": True, "category": "c", "image": "a.jpg"},
        {"product_id": 1.5, "category": "c", "image": "a.jpg"},
        {"product_id": 17, "image": "d.jpg"},
    ]
    for name, text in (
        ("c.jsonl", "\n".join(map(json.dumps, records))),
        ("c.json", json.dumps(records)),
        ("d.json", json.dumps({"products": records})),
    ):
        table = read(tmp_path, text.encode(), name)
        found = {p.product_id: (p.title, len(p.pictures), p.attributes) for p in table.products}
        assert found == {"17": ("1984", 2, {"price": 1.5}), "4012345678901": ("", 2, {}), "18": ("", 2, {})}
        assert [problem.line for problem in table.problems] == [4, 5]
    mapped = read(tmp_path, b'{"sku": 1, "name": "T", "category": "c", "image": "a.jpg"}', "c.jsonl",
                  columns={"product_id": ("sku",), "title": ("name",)})  # fmt: skip
    assert mapped.products[0].title == "T" and mapped.products[0].attributes == {}


def test_json_that_is_no_catalogue_is_refused(tmp_path: Path) -> None:
    for text in (b"{", b'"x"', b"5", b"[" * 100_000, b""):
        with pytest.raises(CatalogueError, match=r"c\.json"):
            read(tmp_path, text, "c.json")


SHEET = """<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData>{rows}</sheetData></worksheet>"""
PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets>'
    '<sheet name="Products" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns='
    '"http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type='
    '"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
    'Target="worksheets/sheet1.xml"/></Relationships>',
}  # fmt: skip


def workbook(path: Path, rows: list[list[object]]) -> None:
    """An .xlsx with one sheet; numbers as numbers."""
    cells = "".join(
        "<row>"
        + "".join(
            f"<c><v>{cell}</v></c>"
            if isinstance(cell, int | float)
            else f'<c t="inlineStr"><is><t>{cell}</t></is></c>'
            for cell in row
        )
        + "</row>"
        for row in rows
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": SHEET.format(rows=cells)}.items():
            archive.writestr(name, text)


def test_a_workbook_is_read(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="pip install 'pocketshelf[spreadsheets]'")
    header = ["product_id", "title", "category", "image", "price"]
    workbook(
        tmp_path / "c.xlsx",
        [header, [4012345678901, "Tee", "Shirts", "a.jpg", 12.5], [2, "Cap", "Hats", "", 1]],
    )
    table = read_catalogue(tmp_path / "c.xlsx")
    (tee,) = table.products
    assert (tee.product_id, tee.line, tee.attributes) == ("4012345678901", 2, {"price": "12.5"})
    assert [str(p) for p in table.problems] == ["line 3: image is empty"]


def test_a_broken_workbook_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="pip install 'pocketshelf[spreadsheets]'")
    for data in (b"PK\x03\x04 rest", b"\xd0\xcf\x11\xe0 rest"):
        with pytest.raises(CatalogueError, match=r"c\.xlsx: cannot be read as a workbook"):
            read(tmp_path, data, "c.xlsx")


@pytest.mark.skipif(sys.platform != "linux", reason="memory is bounded on Linux alone")
def test_a_cell_far_outside_of_the_table_costs_its_file_alone(tmp_path: Path) -> None:
    """One forgotten cell makes a table of 17 billion; that ended the process that read it."""
    pytest.importorskip("python_calamine", reason="pip install 'pocketshelf[spreadsheets]'")
    rows = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    with zipfile.ZipFile(tmp_path / "c.xlsx", "w") as archive:
        for name, text in {**PARTS, "xl/worksheets/sheet1.xml": SHEET.format(rows=rows)}.items():
            archive.writestr(name, text)
    with pytest.raises(CatalogueError, match=r"c\.xlsx: .*a cell lies far outside of the table"):
        read_catalogue(tmp_path / "c.xlsx")


def test_text_that_a_program_called_a_workbook_is_read_as_text(tmp_path: Path) -> None:
    table = read(tmp_path, b"product_id\ttitle\tcategory\timage\r\n1\tT\tC\ta.jpg\r\n", "c.xls")
    assert [product.title for product in table.products] == ["T"]
    with pytest.raises(CatalogueError, match="a web page"):
        read(tmp_path, b"<html><table></table></html>", "c.xls")


def test_json_lines_of_any_encoding(tmp_path: Path) -> None:
    text = '{"product_id": "1", "title": "Größe", "category": "c", "image": "a.jpg"}\r\n\r\n'
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le"):
        (product,) = read(tmp_path, text.encode(encoding), "c.jsonl").products
        assert (product.title, product.line) == ("Größe", 1)
    table = read(tmp_path, text.encode("cp1252") + text.encode(), "c.jsonl")
    assert (len(table.products), [problem.line for problem in table.problems]) == (1, [1])
    assert read(tmp_path, text.encode("cp1252"), "c.jsonl", encoding="cp1252").products[0].title == "Größe"


def test_a_header_in_another_encoding_is_told_short_and_with_its_cause(tmp_path: Path) -> None:
    data = b"product_id,title,category,image\n1,T,C,a.jpg\n" * 2000
    with pytest.raises(CatalogueError) as caught:
        read(tmp_path, data, "c.csv", encoding="utf-16")
    text = str(caught.value).replace(str(tmp_path), "")
    assert len(text) < 260 and "is --encoding utf-16 right?" in text and "…" in text


def test_a_workbook_without_the_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(
        CatalogueError, match=r"workbook; pip install 'pocketshelf\[spreadsheets\]', or save it as CSV"
    ):
        read(tmp_path, b"PK\x03\x04", "c.xlsx")
