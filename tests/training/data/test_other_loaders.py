"""DeepFashion2, Street2Shop, Stanford Online Products, a plain CSV, patterns, and the catalogue of all."""

import importlib
import json
import logging
import os
from pathlib import Path

import pytest
from PIL import Image

from pocketshelf.errors import UsageError
from pocketshelf_training.data import (
    deepfashion2,
    patterns,
    plain_csv,
    stanford_online_products,
    street2shop,
)
from pocketshelf_training.data.catalog import DATA_SETS, load_data_set
from pocketshelf_training.data.listing import DataDamaged
from pocketshelf_training.data.protocol import DataMissing, Sample


def write(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8)).save(path)


def garment(style: int, category: int, **more: object) -> dict:
    return {
        "style": style,
        "category_id": category,
        "bounding_box": [10, 20, 110, 220],
        "scale": 2,
        "landmarks": [1, 2, 2, 3, 4, 1, 0, 0, 0],
        **more,
    }


def deepfashion2_folder(root: Path) -> Path:
    (root / "train/image").mkdir(parents=True)
    user = {"source": "user", "pair_id": 7, "item1": garment(1, 1), "item2": garment(0, 8)}
    write(root / "train/annos/000001.json", user)
    write(root / "train/annos/000002.json", {"source": "shop", "pair_id": 7, "item1": garment(1, 1)})
    return root


def test_deepfashion2_gives_a_sample_a_garment(tmp_path: Path) -> None:
    top, trousers, shop = deepfashion2.load(deepfashion2_folder(tmp_path))
    assert (top.domain, shop.domain) == ("street", "shop")
    assert top.identity == shop.identity == "7/1/short sleeve top"
    assert trousers.identity is None, "style 0 is no product"
    assert trousers.category == "trousers"
    assert top.image == trousers.image == tmp_path / "train/image/000001.jpg"
    assert top.boxes == (("short sleeve top", (10.0, 20.0, 100.0, 200.0)),)
    # Unlabelled landmarks have no place; names carry the category, as numbers mean other places in each.
    assert top.landmarks == {
        "short sleeve top 1": (1.0, 2.0, True),
        "short sleeve top 2": (3.0, 4.0, False),
    }
    assert top.attributes == {"scale": "modest"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ({"source": "web", "pair_id": 1}, "source must be one of shop, user"),
        ({"source": "shop", "pair_id": 1, "item1": garment(1, 14)}, "item1: .*category_id 14"),
        ({"source": "shop", "pair_id": 1, "item3": {"style": 1}}, "item3: KeyError"),
        ({"source": "shop", "pair_id": 1, "item1": garment(1, 1, landmarks=[1, 2])}, "no triples"),
    ],
)
def test_deepfashion2_faults_name_the_file(tmp_path: Path, content: object, message: str) -> None:
    write(deepfashion2_folder(tmp_path) / "train/annos/000003.json", content)
    with pytest.raises(DataDamaged, match=rf"000003\.json:1: .*{message}"):
        deepfashion2.load(tmp_path)


def street2shop_folder(root: Path) -> Path:
    box = {"left": 1, "top": 2, "width": 30, "height": 40}
    pair = {"photo": 11, "product": 5, "bbox": box}
    write(root / "meta/json/train_pairs_bags.json", [pair, {**pair, "photo": 99}])
    write(root / "meta/json/test_pairs_bags.json", [{**pair, "photo": 12, "product": 6}])
    shop = [{"photo": 21, "product": 5}, {"photo": 22, "product": 6}, {"photo": 23, "product": 7}]
    write(root / "meta/json/retrieval_bags.json", shop)
    for name in ("000000011.jpeg", "bags/12.png", "21.JPEG", "22.jpg", "23.jpg"):
        picture(root / "images" / name)
    return root


def test_street2shop_pairs_and_gallery(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pocketshelf.training"):
        samples = street2shop.load(street2shop_folder(tmp_path))
    assert [(s.domain, s.split, s.identity) for s in samples] == [
        ("street", "train", "bags/5"),
        ("street", "test", "bags/6"),
        ("shop", "train", "bags/5"),
        ("shop", "test", "bags/6"),
        ("shop", "test", "bags/7"),
    ]
    assert samples[0].boxes == (("bags", (1.0, 2.0, 30.0, 40.0)),)
    assert samples[1].image.name == "12.png"
    assert "bags: 1 entries left out" in caplog.text


def test_street2shop_faults(tmp_path: Path) -> None:
    street2shop_folder(tmp_path)
    write(tmp_path / "meta/json/test_pairs_bags.json", [{"photo": 12, "product": 6}])
    with pytest.raises(DataDamaged, match=r"test_pairs_bags\.json:1: entry 1: no or bad 'bbox'"):
        street2shop.load(tmp_path)
    (tmp_path / "meta/json/test_pairs_bags.json").unlink()
    with pytest.raises(DataMissing, match="test_pairs_bags"):
        street2shop.load(tmp_path)
    (tmp_path / "meta/json/retrieval_bags.json").unlink()
    with pytest.raises(DataMissing, match="categories are bags, belts"):
        street2shop.load(tmp_path)


def test_stanford_online_products(tmp_path: Path) -> None:
    header = "image_id class_id super_class_id path\n"
    write(tmp_path / "Ebay_train.txt", header + "1 1 1 bicycle_final/111085122871_0.JPG\n")
    write(tmp_path / "Ebay_test.txt", header + "2 11319 4 coffee_maker_final/2_0.JPG\n\n")
    train, test = stanford_online_products.load(tmp_path)
    assert (train.split, train.identity, train.category) == ("train", "1", "bicycle")
    assert (test.split, test.category, test.domain) == ("test", "coffee_maker", "shop")
    assert train.image == tmp_path / "bicycle_final/111085122871_0.JPG"
    write(tmp_path / "Ebay_test.txt", header + "2 11319 coffee_maker_final/2_0.JPG\n")
    with pytest.raises(DataDamaged, match=r"Ebay_test\.txt:2: 3 fields"):
        stanford_online_products.load(tmp_path)


CSV = "image,split,domain,product_id,category,x,y,w,h,landmark:left hem,colour\n"


def test_plain_csv(tmp_path: Path) -> None:
    picture(tmp_path / "photos/a.jpg")
    text = (
        "\ufeff" + CSV + 'photos/a.jpg,val,shop,17,Shirt,1,2,3,4,5 6 0,"dark, red"\nphotos/a.jpg,,,,,,,,,,\n'
    )
    full, bare = plain_csv.load(write(tmp_path / "mine.csv", text))
    assert (full.split, full.domain, full.identity, full.category) == ("val", "shop", "17", "Shirt")
    assert full.boxes == (("Shirt", (1.0, 2.0, 3.0, 4.0)),)
    assert full.landmarks == {"left hem": (5.0, 6.0, False)}
    assert full.attributes == {"colour": "dark, red"}
    assert bare == Sample(tmp_path / "photos/a.jpg", "train", "street")


@pytest.mark.parametrize(
    ("line", "error", "message"),
    [
        ("b.jpg,val,shop,17,Shirt,1,2,3,4,,", DataMissing, "no picture"),
        ("a.jpg,dev,shop,17,Shirt,1,2,3,4,,", DataDamaged, "split 'dev' is not one of train, val, test"),
        ("a.jpg,val,web,17,Shirt,1,2,3,4,,", DataDamaged, "domain 'web'"),
        ("a.jpg,val,shop,17,Shirt,1,2,3,,,", DataDamaged, "box: not numbers"),
        ("a.jpg,val,shop,17,Shirt,1,2,0,4,,", DataDamaged, "an empty box"),
        ("a.jpg,val,shop,17,Shirt,1,2,3,4,5,", DataDamaged, "landmark:left hem is 'x y'"),
        ("a.jpg,val,,,,,,,,,,more", DataDamaged, "has 12 fields, the first line 11"),
        ('a.jpg,"val', DataDamaged, "a quote is opened here and never closed"),
    ],
)
def test_plain_csv_faults_name_the_line(tmp_path: Path, line: str, error: type, message: str) -> None:
    picture(tmp_path / "a.jpg")
    write(tmp_path / "photos.csv", CSV + "a.jpg,,,,,,,,,,\n" + line + "\n")
    with pytest.raises(error, match=rf"photos\.csv:3: .*{message}"):
        plain_csv.load(tmp_path)


def test_plain_csv_takes_what_spreadsheets_make(tmp_path: Path) -> None:
    """Semicolons, an older code page, cells left out at the end."""
    picture(tmp_path / "ä.jpg")
    (tmp_path / "photos.csv").write_bytes("image;split;Größe;colour\nä.jpg;val;M\n".encode("cp1252"))
    (sample,) = plain_csv.load(tmp_path)
    assert (sample.split, sample.attributes) == ("val", {"Größe": "M"})


def test_plain_csv_needs_its_one_column(tmp_path: Path) -> None:
    write(tmp_path / "photos.csv", "photo,label\n")
    with pytest.raises(DataDamaged, match=r"photos\.csv:1: no column image; there are photo, label"):
        plain_csv.load(tmp_path)


def test_patterns(tmp_path: Path) -> None:
    write(tmp_path / "patterns/photos.csv", "photo,pattern,split\nphotos/dotted_1.jpg,dotted,val\n")
    (sample,) = patterns.load(tmp_path)
    assert (sample.attributes, sample.split) == ({"pattern": "dotted"}, "val")


@pytest.mark.skipif(not os.environ.get("POCKETSHELF_DATA"), reason="POCKETSHELF_DATA names no real photos")
def test_the_real_patterns_are_the_six() -> None:
    samples = load_data_set("patterns")
    assert {s.attributes["pattern"] for s in samples} == set(patterns.PATTERNS)
    assert all(s.image.is_file() for s in samples)


def test_every_catalogued_data_set_has_a_loader() -> None:
    for name, entry in DATA_SETS.items():
        module = importlib.import_module(f"pocketshelf_training.data.{entry.module}")
        assert callable(module.load), name
        assert module.__doc__, name


def test_catalogue_names_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no data set 'deepfashion'; there are clothing, grocery"):
        load_data_set("deepfashion")
    with pytest.raises(UsageError, match="'street2shop' needs its folder"):
        load_data_set("street2shop")
    assert len(load_data_set("deepfashion2", deepfashion2_folder(tmp_path))) == 3


def test_the_documentation_lists_every_data_set() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/data.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert sorted(row.split("`")[1] for row in rows) == sorted(DATA_SETS)
    for row in rows:
        name, file = row.split("`")[1], row.split("`")[3]
        assert file == f"{DATA_SETS[name].module}.py"


def test_of_many_pictures_that_are_not_there_a_few_are_named(tmp_path: Path) -> None:
    (tmp_path / "photos.csv").write_text("image\n" + "".join(f"gone{n}.jpg\n" for n in range(40)))
    with pytest.raises(DataMissing) as told:
        plain_csv.load(tmp_path)
    lines = str(told.value).split("; ")
    names = [line.rpartition("/")[2] for line in lines]
    assert names == ["gone0.jpg", "gone1.jpg", "gone2.jpg", "and 37 more"]
    assert "photos.csv:2: no picture" in lines[0] and "\n" not in str(told.value)
