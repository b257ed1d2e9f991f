"""Catalogues as shops export them: good rows kept, bad ones named by line, hopeless files refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pocketshelf.catalogue import read_catalogue
from pocketshelf.catalogue.pictures import image_path
from pocketshelf.errors import CatalogueError, PhotoError

HEADER = "product_id,title,category,image"


def write(tmp_path: Path, text: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "c.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_any_delimiter_newline_and_mark(tmp_path: Path, delimiter: str, newline: str, encoding: str) -> None:
    lines = [
        delimiter.join(["title", "PRODUCT_ID", "image", "category", "Farbe"]),
        delimiter.join(['"Größe, 1; 2|3"', "17", "a.jpg", "Röcke", " rot "]),
        delimiter.join(["", "18", "b\\c.jpg", "Röcke", ""]),
    ]
    table = read_catalogue(write(tmp_path, newline.join(lines) + newline, encoding))
    assert table.problems == [] and table.columns == ("title", "product_id", "image", "category", "Farbe")
    first, second = table.rows
    assert (first.line, first.product_id, first.title) == (2, "17", "Größe, 1; 2|3")
    assert (first.category, first.image, first.attributes) == ("Röcke", "a.jpg", {"Farbe": "rot"})
    assert (second.line, second.title, second.image, second.attributes) == (3, "", "b/c.jpg", {})


def test_line_numbers_count_the_lines_of_the_file_through_quoted_newlines(tmp_path: Path) -> None:
    text = f'{HEADER}\n1,"two\nlines",c,a.jpg\n\n2,t,c\n3,"a\n\nb",,x.jpg\n4,t,c,a.jpg\n'
    table = read_catalogue(write(tmp_path, text))
    assert [(row.line, row.title) for row in table.rows] == [(2, "two\nlines"), (9, "t")]
    assert [str(p) for p in table.problems] == [
        "line 5: image is empty",
        "line 6: category is empty",
    ]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",t,c,a.jpg", "product_id is empty"),
        ("  ,t,c,a.jpg", "product_id is empty"),
        ("1,t,,a.jpg", "category is empty"),
        ("1,t,c,", "image is empty"),
        ("1,t,c,a.jpg,more", "has 5 fields"),
        ('1,"a"b,c,a.jpg', "cannot be parsed"),
    ],
)
def test_a_bad_row_is_named_and_the_others_kept(tmp_path: Path, row: str, problem: str) -> None:
    table = read_catalogue(write(tmp_path, f"{HEADER}\n0,t,c,a.jpg\n{row}\n2,t,c,a.jpg\n"))
    assert [r.product_id for r in table.rows] == ["0", "2"]
    assert len(table.problems) == 1 and problem in str(table.problems[0])
    assert table.problems[0].line == 3


def test_a_quote_that_is_never_closed_is_named_where_it_opens(tmp_path: Path) -> None:
    table = read_catalogue(write(tmp_path, f'{HEADER}\n0,t,c,a.jpg\n1,"t,c,a.jpg\n2,t,c,a.jpg\n'))
    assert [r.product_id for r in table.rows] == ["0", "2"]
    assert [str(p) for p in table.problems] == ["line 3: a quote is opened here and never closed"]


def test_titles_may_hold_characters_that_only_python_takes_for_line_breaks(tmp_path: Path) -> None:
    table = read_catalogue(write(tmp_path, f"{HEADER}\n1,a\x0bb\u2028c\x85d,c,a.jpg\n"))
    assert table.rows[0].title == "a\x0bb\u2028c\x85d"


def test_excel_says_its_delimiter_in_a_line_of_its_own(tmp_path: Path) -> None:
    table = read_catalogue(write(tmp_path, f"sep=;\r\n{HEADER.replace(',', ';')}\r\n1;t;c;a.jpg\r\n"))
    assert [(row.line, row.product_id) for row in table.rows] == [(3, "1")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the catalogue is empty"),
        (b"\n \n", "the catalogue is empty"),
        (b"1,2,3\n4,5,6\n", "missing: product_id, title, category, image (found: 1, 2, 3)"),
        (b"product_id,title,image\n", "missing: category"),
        (b"product_id,title,category,image,Image\n", "the column 'Image' comes twice"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is not UTF-8 text"),
        (b"a\0b", "holds NUL bytes"),
        (b"\xff\xfeA", "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        read_catalogue(write(tmp_path, content))
    assert message in str(caught.value) and "c.csv" in str(caught.value)


def test_a_missing_file_or_a_folder_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "no.csv", tmp_path):
        with pytest.raises(CatalogueError, match="cannot be read"):
            read_catalogue(path)


@pytest.mark.parametrize("image", ["../a.jpg", "b/../../a.jpg", "/etc/passwd", ".."])
def test_a_picture_cannot_lie_outside_the_folder(tmp_path: Path, image: str) -> None:
    with pytest.raises(PhotoError, match="leads out of the folder"):
        image_path(tmp_path, image)


def test_pictures_inside_the_folder_are_found_however_they_are_named(tmp_path: Path) -> None:
    for image in ("a.jpg", "b/../a.jpg", "./a.jpg", str(tmp_path / "a.jpg")):
        assert image_path(tmp_path, image) == tmp_path / "a.jpg"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff\ufeffproduct_id,title,category,image\n1,T,C,a.jpg\n",
        '"sep=;"\nproduct_id;title;category;image\n1;T;C;a.jpg\n',
        "Product ID,TITLE,category,image\n\u200b1\u00a0,T,C,a.jpg\n\x1a",
        'product_id, "title",category,image\n1, "T",C,a.jpg\n',
        "\n\nproduct_id,title,category,image\r\r\n1,T,C,a.jpg\r\r\n,,,\r\r\n",
    ],
)
def test_what_programs_leave_in_a_file_costs_nothing(tmp_path: Path, text: str) -> None:
    table = read_catalogue(write(tmp_path, text))
    assert [(row.product_id, row.title, row.category, row.image) for row in table.rows] == [
        ("1", "T", "C", "a.jpg")
    ]
    assert table.problems == [] and table.notes == []


def test_what_is_not_read_is_said(tmp_path: Path) -> None:
    """A column without a name, and the other titles of one id."""
    rows = ["1,T,C,a.jpg,more", "1,U,C,b.jpg,", "2,V,C,c.jpg,", "2,W,C,d.jpg,"]
    table = read_catalogue(write(tmp_path, "\n".join([f"{HEADER},", *rows])))
    assert [len(product.pictures) for product in table.products] == [2, 2]
    assert [str(note) for note in table.notes] == [
        "line 2: a column without a name is not read",
        "line 3: product '1' has another title here than on line 2, which is kept; so it is with 1 more",
    ]
