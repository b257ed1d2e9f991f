"""Small catalogues that real users have: by `build` and by `import` the same products, and what is right."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from palettes import listed
from pocketshelf.catalogue import ReadOptions, build_store, read_catalogue
from pocketshelf.catalogue.pictures import PictureFolder
from pocketshelf.encoder import Encoder
from pocketshelf.errors import CatalogueError
from pocketshelf.formats import Bundle, Product, space_of
from pocketshelf.store import Store
from pocketshelf_server.catalogue import SqliteCatalogue
from pocketshelf_server.catalogue.importer import Importer

CASES = Path(__file__).parent / "cases"
PICTURES = CASES / "pics"


@dataclass
class Outcome:
    products: dict[str, Product]
    lost: list[int]
    said: str
    notes: str


def built(path: Path, folder: Path, bundle: Bundle, encoder: Encoder, **reading: object) -> Outcome:
    lost: list = []
    notes: list = []
    store = folder / "store"
    try:
        build_store(path, store, PICTURES, encoder=encoder, on_problem=lost.append, on_note=notes.append,
                    reading=ReadOptions(**reading))  # type: ignore[arg-type] # fmt: skip
    except CatalogueError as error:
        assert "no usable row" in str(error)
        products = {}
    else:
        with Store.open(store) as opened:
            products = {product.product_id: product for product in opened.shard}
    return Outcome(
        products, sorted(p.line for p in lost), "\n".join(map(str, lost)), "\n".join(map(str, notes))
    )


def imported(path: Path, folder: Path, bundle: Bundle, encoder: Encoder, **reading: object) -> Outcome:
    (folder / "catalogue.sqlite").unlink(missing_ok=True)
    catalogue = SqliteCatalogue.create(folder / "catalogue.sqlite", space_of(bundle))
    report = Importer(catalogue, lambda: encoder.enrol, PICTURES).run(path, reading=ReadOptions(**reading))  # type: ignore[arg-type]
    with catalogue.reading() as view:
        products = {product.product_id: product for product in view.products()}
    catalogue.close()
    said = "\n".join(map(str, report.errors))
    return Outcome(products, [error.line for error in report.errors], said, "\n".join(map(str, report.notes)))


def same(a: Outcome, b: Outcome) -> None:
    assert a.products.keys() == b.products.keys() and sorted(a.lost) == sorted(b.lost)
    for product_id, product in a.products.items():
        other = b.products[product_id]
        assert product.texts() == other.texts() and np.array_equal(product.vectors, other.vectors)


def both(path: Path, folder: Path, bundle: Bundle, **reading: object) -> Outcome:
    """What `build` makes of it, once `import` has made the same."""
    encoder = Encoder.open(bundle)
    outcome = built(path, folder, bundle, encoder, **reading)
    same(outcome, imported(path, folder, bundle, encoder, **reading))
    return outcome


def test_rows_that_follow_inherit_texts_and_add_pictures(tmp_path: Path, fake_bundle: Bundle) -> None:
    outcome = both(CASES / "shopify_continuation.csv", tmp_path, fake_bundle)
    tee, cap = outcome.products["tee"], outcome.products["cap"]
    assert (len(tee.vectors), len(cap.vectors), outcome.lost) == (3, 1, [])
    assert (tee.title, tee.category) == ("Tee", "Shirts")
    assert listed(tee) == {"Vendor": "Acme", "Image Position": "1"}


def test_a_stray_quote_costs_its_own_row(tmp_path: Path, fake_bundle: Bundle) -> None:
    outcome = both(CASES / "quote_swallows_rows.tsv", tmp_path, fake_bundle)
    assert len(outcome.products) == 38 and outcome.lost == [6, 32]
    assert outcome.products.keys() == {str(i) for i in range(1, 41)} - {"5", "31"}


def test_missing_or_additional_empty_cells_cost_nothing(tmp_path: Path, fake_bundle: Bundle) -> None:
    outcome = both(CASES / "excel_trailing.csv", tmp_path, fake_bundle)
    assert len(outcome.products) == 3 and outcome.lost == []
    assert listed(outcome.products["2"]) == {}


def test_three_products_are_never_silently_made_one(tmp_path: Path, fake_bundle: Bundle) -> None:
    outcome = both(CASES / "excel_scientific.csv", tmp_path, fake_bundle)
    assert outcome.products == {} and outcome.lost == [2, 3, 4]
    assert "what a spreadsheet makes of a long number" in outcome.said and "4.01235E+12" in outcome.notes
    assert "another title" not in outcome.notes


def test_what_build_takes_import_takes(tmp_path: Path, fake_bundle: Bundle) -> None:
    """The same picture twice is one; and more than 32 different ones cost pictures, not the product."""
    outcome = both(CASES / "forty_pictures.csv", tmp_path, fake_bundle)
    assert {key: len(product.vectors) for key, product in outcome.products.items()} == {"1": 8, "2": 1}
    rows = [f"1,Lamp,Lamps,{'./' * i}a.jpg" for i in range(40)]
    (tmp_path / "many.csv").write_text("\n".join(["product_id,title,category,image", *rows]))
    outcome = both(tmp_path / "many.csv", tmp_path, fake_bundle)
    assert len(outcome.products["1"].vectors) == 32 and outcome.lost == list(range(34, 42))
    assert "at most 32 pictures" in outcome.said


def test_the_first_line_decides_the_texts_even_when_its_picture_fails(
    tmp_path: Path, fake_bundle: Bundle
) -> None:
    text = "product_id,title,category,image,shade\na,First,Shirts,gone.jpg,red\na,Second,,a.jpg,blue\n"
    (tmp_path / "c.csv").write_text(text)
    outcome = both(tmp_path / "c.csv", tmp_path, fake_bundle)
    assert outcome.lost == [2]
    assert (outcome.products["a"].title, listed(outcome.products["a"])) == ("First", {"shade": "red"})
    assert outcome.products["a"].image == "a.jpg"  # What screens show must be there.


CELLS = st.tuples(
    st.sampled_from(["a", "b", "c", "4.2E+12", ""]),
    st.sampled_from(["", "Title", "Other", "x" * 5000, "\x1b[2J"]),
    st.sampled_from(["", "Shirts", "Hats", "\x07"]),
    st.sampled_from(["", "a.jpg", "b.jpg", "gone.jpg", "../a.jpg", "upper.jpg", "/b/l/blue.jpg",
                     "a.jpg|c.jpg", "README.md", "b", "https://h.test/x/d.jpg?v=2"]),
    st.sampled_from(["", "1", '"', '"open', "more,cells", '"a, b"']),
)  # fmt: skip


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CELLS, max_size=7))
def test_build_and_import_make_the_same_products_of_any_file(
    tmp_path: Path, fake_bundle: Bundle, rows: list[tuple[str, ...]]
) -> None:
    lines = ["product_id,title,category,image,note", *(",".join(row) for row in rows)]
    (tmp_path / "c.csv").write_text("\n".join(lines))
    outcome = both(tmp_path / "c.csv", tmp_path, fake_bundle)
    for line, row in enumerate(rows, 2):
        if any(row) and line not in outcome.lost:
            assert row[0] in outcome.products or any('"' in other[4] for other in rows)


@pytest.mark.parametrize(
    ("image", "note"),
    [
        ("/b/l/blue.jpg", ""),
        ("b\\l\\blue.jpg", ""),
        ("b/l/blue.jpg?v=17", ""),
        ("Ka\u0308se.jpg", ""),
        ("K\u00e4se.jpg", ""),
        ("K%C3%A4se.jpg", ""),
        ("upper.jpg", "is there as 'UPPER.JPG'"),
        ("B/L/Blue.JPG", "is there as 'blue.jpg'"),
        ("https://cdn.shop.test/s/files/1/b/l/blue.jpg?v=1", ""),
        ("//cdn.shop.test/blue/a.jpg", ""),
    ],
)
def test_a_picture_is_found_however_it_is_written(
    tmp_path: Path, fake_bundle: Bundle, image: str, note: str
) -> None:
    (tmp_path / "c.csv").write_text(f"product_id,title,category,image\n1,T,C,{image}\n", encoding="utf-8")
    outcome = both(tmp_path / "c.csv", tmp_path, fake_bundle)
    assert len(outcome.products) == 1 and outcome.lost == []
    assert note in outcome.notes and bool(note) == bool(outcome.notes)


def test_the_real_magento_export_is_read_as_it_is(real_photos: Path) -> None:
    """417 styles in a colour, of 1,847 variants, with every picture that the export names of them."""
    table = read_catalogue(real_photos / "shop" / "products.csv", ReadOptions("magento"))
    assert (len(table.products), len(table.rows), table.problems, table.notes) == (417, 668, [], [])
    pictures = PictureFolder(real_photos / "shop" / "media")
    notes: list[str] = []
    assert all(pictures.path(row.image, notes.append).is_file() for row in table.rows) and notes == []
    hoodie = next(product for product in table.products if product.product_id == "MH01-Gray")
    assert [Path(picture.image).stem for picture in hoodie.pictures] == [
        "mh01-gray_main",
        "mh01-gray_alt1",
        "mh01-gray_back",
    ]
    assert (hoodie.title, hoodie.category) == (
        "Chaz Kangeroo Hoodie, Gray",
        "Men/Tops/Hoodies & Sweatshirts",
    )
    assert hoodie.attributes["size"] == "XS, S, M, L, XL" and hoodie.attributes["color"] == "Gray"
    assert "\n• Two-tone gray heather hoodie.\n" in hoodie.attributes["description"]
    texts = [text for p in table.products for text in [p.title, p.category, *p.attributes.values()]]
    assert not any("<" in text or re.search(r"&\w+;", text) for text in texts)
