"""Whatever a catalogue holds: no crash, no silent loss. Rows in are products, or losses named by line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pocketshelf.catalogue import CatalogueTable, ReadOptions, read_catalogue
from pocketshelf.catalogue.exports import FORMATS
from pocketshelf.errors import CatalogueError

EXAMPLES = int(os.environ.get("POCKETSHELF_FUZZ_EXAMPLES", "150"))
QUICK = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
HEADER = ("product_id", "title", "category", "image", "note")


def read(folder: Path, data: bytes, name: str = "c.csv", format: str = "plain") -> CatalogueTable:
    path = folder / name
    path.write_bytes(data)
    return read_catalogue(path, ReadOptions(format))


FAULTS = ["", '"', '""', '12" x', 'a"b', '"a', 'a"', "\0", "\udcff", "a\tb", "a,b", "a;b", "  "]
TEXT = st.sampled_from(FAULTS) | st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=4)


@st.composite
def rows(draw: st.DrawFn) -> tuple[str, list[str]]:
    """A delimiter, and lines: each has its number as id, and whatever in its title and its last cell."""
    delimiter = draw(st.sampled_from(",;\t|"))
    lines = []
    for number in range(draw(st.integers(1, 12))):
        title, note = draw(TEXT), draw(TEXT)
        if draw(st.booleans()):
            title = '"' + title.replace('"', '""') + '"'  # As it should be.
        lines.append(delimiter.join([f"id{number}", title, "Chairs", f"p{number}.jpg", note]))
    return delimiter, lines


@QUICK
@given(rows(), st.sampled_from(["\n", "\r\n", "\r"]))
@example((",", ['id0,"t,Chairs,p0.jpg,', 'id1,12",Chairs,p1.jpg,']), "\n")
@example((",", ['id0,"a,b,Chairs,p0.jpg,', 'id1,12",Chairs,p1.jpg,', "id2,t,Chairs,p2.jpg,"]), "\n")
@example(("\t", ['id0\t"t\tChairs\tp0.jpg\t', "id1\tt\tChairs\tp1.jpg\t", 'id2\tx"\tChairs\tp2.jpg\t']), "\n")
@example((";", ['id0;t;Chairs;p0.jpg;"', 'id1;a;b;Chairs;p1.jpg;"']), "\n")
def test_every_row_is_a_product_or_a_loss_named_by_its_line(
    tmp_path: Path, given_rows: tuple[str, list[str]], newline: str
) -> None:
    delimiter, lines = given_rows
    text = newline.join([delimiter.join(HEADER), *lines]) + newline
    table = read(tmp_path, text.encode("utf-8", errors="surrogateescape"))
    found = {product.product_id for product in table.products}
    lost = {problem.line for problem in table.problems}
    for number, line in enumerate(lines):
        assert f"id{number}" in found or number + 2 in lost, line
    assert found <= {f"id{number}" for number in range(len(lines))}


@QUICK
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", ""]),
            st.sampled_from(["", "T", "U"]),
            st.sampled_from(["", "C", "D"]),
            st.sampled_from(["", "p.jpg", "q.jpg", "r.jpg|s.jpg"]),
        ),
        max_size=8,
    )
)
def test_every_picture_of_every_row_is_kept_or_named(
    tmp_path: Path, cells: list[tuple[str, str, str, str]]
) -> None:
    """And the first line that says a text decides it."""
    lines = [",".join(row) for row in [("product_id", "title", "category", "image"), *cells]]
    table = read(tmp_path, "\n".join(lines).encode())
    lost = {problem.line for problem in table.problems}
    products = {product.product_id: product for product in table.products}
    for line, (product_id, _, _, images) in enumerate(cells, 2):
        if line in lost or not (product_id or images):
            continue
        if not any((product_id, *cells[line - 2][1:])):
            continue  # A line of commas alone is blank.
        listed = {picture.image for picture in products[product_id].pictures}
        assert set(filter(None, images.split("|"))) <= listed
    for product_id, product in products.items():
        mine = [row for line, row in enumerate(cells, 2) if row[0] == product_id and line not in lost]
        assert product.title == next((row[1] for row in mine if row[1]), "")
        assert {row[2] for row in mine} - {""} == {product.category}


@QUICK
@given(
    st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from(["c.csv", "c.jsonl", "c.json", "c.xml", "c.xlsx", "c.unknown"]),
    st.sampled_from(sorted(FORMATS)),
)
@example(b'product_id,title,category,image\n"', "c.csv", "plain")
@example(b"[" * 100_000, "c.json", "plain")
@example(b'{"product_id":' * 5000, "c.jsonl", "plain")
@example(b"<a>" * 10_000, "c.xml", "google")
def test_no_bytes_crash_the_reader(tmp_path: Path, data: bytes, name: str, format: str) -> None:
    try:
        table = read(tmp_path, data, name, format)
    except CatalogueError as error:
        assert name in str(error) and "\n" not in str(error)
    else:
        assert all(product.pictures or product.vectors is not None for product in table.products)


COLUMNS = {name: export.columns for name, export in FORMATS.items()}


@QUICK
@given(st.data(), st.sampled_from(["magento", "shopify", "woocommerce", "google"]))
def test_no_cells_crash_a_format(tmp_path: Path, data: st.DataObject, format: str) -> None:
    """Each row is a product's, or named; only a style and a translation are neither."""
    cell = st.sampled_from(
        ["", "a", "b", "id:1", "sku=a,color=Red|sku=b", "size=1,color=,=", "x.jpg,y.jpg",
         "https://h/a.jpg, b", "A > B, C", "<p>&bull;<b", "variation", "configurable", "1", "|,|", "[",
         "color"]
    )  # fmt: skip
    columns = COLUMNS[format]
    count = data.draw(st.integers(0, 5))
    lines = [[data.draw(cell) for _ in columns] for _ in range(count)]
    text = "\n".join("\t".join(row) for row in [list(columns), *lines])
    table = read(tmp_path, text.encode(), format=format)
    assert len(table.products) <= count
    if any(any(row) for row in lines) and format in ("shopify", "google"):
        assert table.products or table.problems


def test_a_thousand_stray_quotes_cost_their_rows_and_not_the_day(tmp_path: Path) -> None:
    lines = [f"{i},{chr(34) if i % 2 else ''}t{i},Chairs,p{i}.jpg," for i in range(4000)]
    table = read(tmp_path, "\n".join([",".join(HEADER), *lines]).encode())
    lost = {problem.line for problem in table.problems}
    assert {int(product.product_id) for product in table.products} | {line - 2 for line in lost} == set(
        range(4000)
    )
    assert len(table.products) >= 1999


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_a_description_of_many_lines_is_no_stray_quote(tmp_path: Path, suffix: str) -> None:
    delimiter = {"csv": ",", "tsv": "\t"}[suffix]
    description = '"Line one, with ""quotes""' + "\n\nand; more | text\n" * 20 + '"'
    lines = [delimiter.join([f"{i}", "t", "Chairs", f"p{i}.jpg", description]) for i in range(5)]
    table = read(tmp_path, "\n".join([delimiter.join(HEADER), *lines]).encode(), f"c.{suffix}")
    assert len(table.products) == 5 and not table.problems
    assert table.products[4].attributes["note"].startswith('Line one, with "quotes"\n\nand; more')


def test_a_quote_swallows_nothing_where_pictures_have_no_ending(tmp_path: Path) -> None:
    lines = ['1,"Big chair,Chair,img1,', '2,Table 12",Chair,img2,', "3,Lamp,Lamp,img3,"]
    table = read(tmp_path, "\n".join([",".join(HEADER), *lines]).encode())
    assert [product.product_id for product in table.products] == ["3"]
    assert [problem.line for problem in table.problems] == [2, 3]
