"""The loaders on tiny folders in the data sets' own formats, and on the real ones where they are."""

import os

import pytest

from pocketshelf_training.data import clothing, grocery
from pocketshelf_training.data.protocol import DataMissing, data_root


def _write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_grocery_rows(tmp_path):
    _write(
        tmp_path / "grocery/products.csv",
        "product_id,title,category,category_id,image,description\n"
        '7,Kiwi,Kiwi,2,iconic/Kiwi.jpg,"green, sweet"\n',
    )
    _write(
        tmp_path / "grocery/photos.csv",
        "photo,product_id,category_id,split\nphotos/val/Kiwi_001.jpg,7,2,val\n",
    )
    shop, photo = grocery.load(tmp_path)
    assert (shop.domain, shop.identity, shop.category) == ("shop", "7", "Kiwi")
    assert (photo.domain, photo.split, photo.identity) == ("street", "val", "7")
    assert photo.image == tmp_path / "grocery/photos/val/Kiwi_001.jpg"


def test_overlapping_garment_labels_are_no_category(tmp_path):
    rows = "photo,label,kids,sender_id,split\n" + "".join(
        f"photos/{i}.jpg,{label},False,1,train\n" for i, label in enumerate(["T-Shirt", "Polo", "Not sure"])
    )
    _write(tmp_path / "clothing/photos.csv", rows)
    samples = clothing.load(tmp_path)
    assert [s.category for s in samples] == ["T-Shirt", None, None]
    assert samples[1].attributes == {"label": "Polo"}


def test_missing_data_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.delenv("POCKETSHELF_DATA", raising=False)
    with pytest.raises(DataMissing, match="POCKETSHELF_DATA"):
        data_root()
    with pytest.raises(DataMissing, match="no such folder"):
        data_root(tmp_path / "absent")
    with pytest.raises(DataMissing, match="not found"):
        grocery.load(tmp_path)


@pytest.mark.skipif(not os.environ.get("POCKETSHELF_DATA"), reason="POCKETSHELF_DATA names no real photos")
def test_the_real_photos_are_all_there():
    samples = grocery.load()
    splits = {s: sum(x.split == s for x in samples if x.domain == "street") for s in ("train", "val", "test")}
    assert splits == {"train": 2640, "val": 296, "test": 1265}
    assert all(sample.image.is_file() for sample in samples)
    # The paper counts 42; the files name 43.
    assert len({s.category for s in samples}) == 43
