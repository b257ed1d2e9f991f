"""Pairs of a gallery and queries, and the shop's own, split by style."""

from pathlib import Path

import pytest

from pocketshelf_training.data import pairs, shop
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing

HEAD = "role,image,item_id,category\n"


def listed(folder: Path, lines: str) -> Path:
    (folder / "pairs.csv").write_text(HEAD + lines)
    return folder


def test_a_gallery_and_its_queries(tmp_path: Path) -> None:
    samples = pairs.load(listed(tmp_path, "gallery,a.jpg,1,upper\nquery,b.jpg,1,\ngallery,c.jpg,2,bag\n"))
    assert [(s.domain, s.identity, s.category) for s in samples] == [
        ("shop", "1", "upper"),
        ("street", "1", None),
        ("shop", "2", "bag"),
    ]
    assert samples[1].image == tmp_path / "b.jpg"


def test_a_query_without_a_gallery_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataDamaged, match=r"pairs\.csv:3: no gallery picture shows item 2"):
        pairs.load(listed(tmp_path, "gallery,a.jpg,1,\nquery,b.jpg,2,\n"))


def test_an_unknown_role_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataDamaged, match=r"pairs\.csv:2: role 'main'"):
        pairs.load(listed(tmp_path, "main,a.jpg,1,\n"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
def test_a_list_is_read_as_a_spreadsheet_saved_it(tmp_path: Path, encoding: str) -> None:
    text = "role;image;item_id;category\ngallery;a.jpg;1;B\u00fccher\nquery;b.jpg;1;\n"
    (tmp_path / "pairs.csv").write_bytes(text.encode(encoding))
    assert [s.category for s in pairs.load(tmp_path)] == ["B\u00fccher", None]


@pytest.mark.parametrize(
    ("line", "said"),
    [("query", "no image"), ("query,b.jpg", "no item_id"), ("query,b.jpg,,", "no item_id")],
)
def test_a_cell_that_is_missing_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DataDamaged, match=rf"pairs\.csv:3: {said}"):
        pairs.load(listed(tmp_path, f"gallery,a.jpg,1,\n{line}\n"))


def test_a_missing_column_and_an_unknown_split_are_named(tmp_path: Path) -> None:
    (tmp_path / "pairs.csv").write_text("role,image\ngallery,a.jpg\n")
    with pytest.raises(DataDamaged, match=r"pairs\.csv:1: no column item_id; there are role, image"):
        pairs.load(tmp_path)
    (tmp_path / "pairs.csv").write_text("role,image,item_id,split\ngallery,a.jpg,1,Testing\n")
    with pytest.raises(DataDamaged, match=r"pairs\.csv:2: split 'Testing' is not one of train, val, test"):
        pairs.load(tmp_path)


def test_no_list(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"pairs\.csv: not found"):
        pairs.load(tmp_path)


def test_a_style_is_what_comes_before_the_colour() -> None:
    assert shop.style_of("mh01-black") == "mh01"
    assert shop.style_of("gift-card-physical-custom") == "gift-card-physical-custom"


def test_colours_of_a_style_share_its_split(tmp_path: Path) -> None:
    lines = "".join(f"gallery,{n}-{c}.jpg,mh{n:02d}-{c},upper\n" for n in range(40) for c in ("black", "red"))
    (tmp_path / "shop").mkdir()
    listed(tmp_path / "shop", lines)
    samples = shop.load(tmp_path)
    splits: dict[str, set[str]] = {}
    for sample in samples:
        splits.setdefault(sample.attributes["style"], set()).add(sample.split)
    assert all(len(found) == 1 for found in splits.values())
    assert {"train", "val", "test"} == set.union(*splits.values())


def test_a_shops_menu_is_told_by_its_export(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    rows = [
        'MJ01-XS-Red,"Default Category/Men/Tops/Jackets,Default Category/Collections/Eco"',
        'MJ01-L-Red,"Default Category,Default Category/Promotions/Men Sale"',
        "24-MB01,Default Category/Collections/Eco",
        '24-WB04,"Default Category/Gear,Default Category"',
    ]
    (tmp_path / "shop/products.csv").write_text("\n".join(["sku,categories", *rows]))
    assert shop.menu(tmp_path) == {"mj01": "Jackets", "24-wb04": "Gear"}
