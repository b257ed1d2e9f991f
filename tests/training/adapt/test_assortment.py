"""What of a catalogue is held back, and who asks."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf.catalogue import RowProblem
from pocketshelf.errors import CatalogueError
from pocketshelf_training.adapt.assortment import Assortment, Questions, read_assortment

COLUMNS = ["product_id", "title", "category", "image", "split"]


def listed(folder: Path, rows: list[list[str]]) -> Path:
    for row in rows:
        if row[3] and "missing" not in row[3]:
            Image.new("RGB", (8, 8)).save(folder / row[3])
    path = folder / "catalogue.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([COLUMNS, *rows])
    return path


def shop_of(folder: Path, products: int, views: int = 1, split: str = "") -> Path:
    rows = [
        [f"p{i}", "", f"c{i % 2}", f"{i}-{view}.png", split if i < 3 else ""]
        for view in range(views)
        for i in range(products)
    ]
    return listed(folder, rows)


def read(path: Path, share: float = 0.25, seed: int = 1, photos: Path | None = None) -> Assortment:
    return read_assortment(path, photos, None, share, seed)


def test_a_share_of_the_products_is_held_back_by_the_seed(tmp_path: Path) -> None:
    path = shop_of(tmp_path, 40, views=2)
    shop, again, other = read(path), read(path), read(path, seed=2)
    held = set(shop.products[shop.held])
    assert len(held) == 10
    assert held == set(again.products[again.held])
    assert held != set(other.products[other.held])
    # All pictures of a product or none.
    assert not held & set(shop.products[~shop.held])


def test_a_column_split_decides_what_is_held_back(tmp_path: Path) -> None:
    shop = read(shop_of(tmp_path, 12, split="test"))
    assert {shop.names[p] for p in shop.products[shop.held]} == {"p0", "p1", "p2"}


def test_a_split_in_other_letters_counts_and_one_without_a_test_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop = read(shop_of(tmp_path, 12, split="Test"))
    assert {shop.names[p] for p in shop.products[shop.held]} == {"p0", "p1", "p2"}
    assert not caplog.text
    assert read(shop_of(tmp_path, 12, split="held back")).held.any()
    assert "no product is of split test: those held back are drawn" in caplog.text


def test_views_ask_for_first_pictures(tmp_path: Path) -> None:
    shop = read(shop_of(tmp_path, 80, views=2))
    questions = Questions.of(shop)
    assert questions.kind == "views"
    assert questions.gallery.sum() == questions.asking.sum() == 80
    assert not (questions.gallery & questions.asking).any()


def test_photos_ask_where_there_are_some(tmp_path: Path) -> None:
    path = shop_of(tmp_path, 40)
    photos = tmp_path / "photos.csv"
    lines = [f"{i}-0.png,p{i}" for i in range(40)] * 2 + ["0-0.png,of another shop"]
    photos.write_text("\n".join(["image,product_id", *lines]))
    shop = read(path, photos=photos)
    questions = Questions.of(shop)
    assert questions.kind == "photos"
    assert questions.asking.sum() == 80
    assert (questions.gallery == ~shop.photo).all()


def test_photos_of_other_products_are_counted_and_of_others_alone_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, photos = shop_of(tmp_path, 12), tmp_path / "photos.csv"
    photos.write_text("image,product_id\n0-0.png,p0\n1-0.png,P1\n2-0.png,\n")
    shop = read(path, photos=photos)
    assert shop.photo.sum() == 1
    assert "2 photos of products that the catalogue does not have" in caplog.text
    photos.write_text("image,product_id\n0-0.png,P0\n")
    with pytest.raises(CatalogueError, match="its first names 'P0', the catalogue 'p0'"):
        read(path, photos=photos)


def test_single_pictures_are_asked_for_by_what_is_drawn(tmp_path: Path) -> None:
    questions = Questions.of(read(shop_of(tmp_path, 40)))
    assert questions.kind == "re-photographed"
    assert "synthetic" in questions.meaning


def test_bad_lines_are_listed_and_left_out(tmp_path: Path) -> None:
    good = [[f"p{i}", "", "c", f"{i}.png", ""] for i in range(10)]
    bad = [["p0", "", "another", "0.png", ""], ["x", "", "c", "missing.png", ""], ["", "", "c", "0.png", ""]]
    problems: list[RowProblem] = []
    shop = read_assortment(listed(tmp_path, good + bad), None, None, 0.2, 1, problems.append)
    assert len(shop) == 10
    assert sorted(problem.line for problem in problems) == [12, 13, 14]


def test_too_few_products_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="needs 10"):
        read(shop_of(tmp_path, 4))


def test_pictures_that_are_left_out_take_their_rows_along(tmp_path: Path) -> None:
    shop = read(shop_of(tmp_path, 12))
    kept = np.arange(12) % 3 > 0
    few = shop.only(kept)
    assert len(few.paths) == len(few.products) == len(few.held) == 8
    assert [few.names[p] for p in few.products] == [f"p{i}" for i in range(12) if i % 3]
