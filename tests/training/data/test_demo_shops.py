"""The demo shops of open shop systems, on drawn pictures under names as theirs are."""

from pathlib import Path

import pytest
from PIL import Image

from pocketshelf_training.data import demo_shops
from pocketshelf_training.data.catalog import load_data_set
from pocketshelf_training.data.protocol import DataMissing
from pocketshelf_training.predict.asking import searches_of

NAMES = {
    "opencart": ("hp_1.jpg", "hp_2.jpg", "hp_logo.jpg", "hp_banner.jpg", "compaq_presario.jpg", "index.html"),
    "commerce_kickstart": (
        "shoe2_v1.jpg",
        "shoe2_v2.jpg",
        "Sweatshirt-2v2b.jpg",
        "sweatshirt-2v1b.jpg",
        "sweatshirt-2v1.jpg",
        "collection-banner-to_wear.jpg",
    ),
    "thelia": ("PROD001-2.jpg", "PROD001-1.jpg", "PROD001-10.jpg", "BRAND-1.png"),
    "saleor": ("saleor-dash-tee-front.png", "saleor-dash-tee-back.png", "saleor-gift-50.png"),
    "solidus": ("solidus_cap_red_1.png", "solidus_cap_red_2.png", "solidus_cap_gray_1.png"),
}


# As AbanteCart's sample data: numbers for names, and which product each picture is of.
PATHS = """INSERT INTO `ac_resource_descriptions` VALUES
(7,1,'perfume (1).jpg','it\\'s','','18/6a/7.jpg','',NOW(),NOW()),
(8,1,'perfume.jpg','','','18/6a/8.jpg','',NOW(),NOW()),
(9,1,'brand.jpg','','','18/6a/9.jpg','',NOW(),NOW()),
(10,1,'gone.jpg','','','18/6a/a.jpg','',NOW(),NOW());
INSERT INTO `ac_resource_map` VALUES
(7,'products',50,0,1,NOW(),NOW()),(8,'products',50,0,0,NOW(),NOW()),
(9,'manufacturers',3,0,0,NOW(),NOW()),(10,'products',51,0,0,NOW(),NOW());
"""


@pytest.fixture
def shops(tmp_path: Path) -> Path:
    abante = tmp_path / "abantecart-src"
    (abante / demo_shops.SAMPLE_DATA).parent.mkdir(parents=True)
    (abante / demo_shops.SAMPLE_DATA).write_text(PATHS)
    (abante / "public_html/resources/image/18/6a").mkdir(parents=True)
    for number in (7, 8, 9):
        Image.new("RGB", (8, 8)).save(abante / f"public_html/resources/image/18/6a/{number}.jpg")
    for name, files in NAMES.items():
        folder = tmp_path / name / demo_shops.SHOPS[name].folder
        folder.mkdir(parents=True)
        for file in files:
            Image.new("RGB", (8, 8)).save(folder / file, "JPEG")
    return tmp_path


def test_the_first_picture_is_shown_and_the_others_ask(shops: Path) -> None:
    samples = demo_shops.load(shops)
    told = {(s.identity, s.domain, s.image.name) for s in samples}
    assert told == {
        ("opencart/hp", "shop", "hp_1.jpg"),
        ("opencart/hp", "street", "hp_2.jpg"),
        ("opencart/compaqpresario", "shop", "compaq_presario.jpg"),
        ("commerce_kickstart/shoe2", "shop", "shoe2_v1.jpg"),
        ("commerce_kickstart/shoe2", "street", "shoe2_v2.jpg"),
        ("commerce_kickstart/sweatshirt2b", "shop", "sweatshirt-2v1b.jpg"),
        ("commerce_kickstart/sweatshirt2b", "street", "Sweatshirt-2v2b.jpg"),
        ("commerce_kickstart/sweatshirt2", "shop", "sweatshirt-2v1.jpg"),
        ("abantecart-src/50", "shop", "8.jpg"),
        ("abantecart-src/50", "street", "7.jpg"),
        ("saleor/dashtee", "shop", "saleor-dash-tee-front.png"),
        ("saleor/dashtee", "street", "saleor-dash-tee-back.png"),
        ("solidus/capred", "shop", "solidus_cap_red_1.png"),
        ("solidus/capred", "street", "solidus_cap_red_2.png"),
        ("solidus/capgray", "shop", "solidus_cap_gray_1.png"),
    }


def test_a_split_asks_among_the_products_of_all_shops(shops: Path) -> None:
    (search,), split = searches_of("demo-shops", load_data_set("demo-shops", shops), None)
    assert split == "test" and len(search.gallery) == 9
    assert {s.identity.split("/")[0] for s in search.queries if s.identity} == {
        "abantecart-src",
        "saleor",
        "solidus",
    }
    (search,), _ = searches_of("demo-shops", load_data_set("demo-shops", shops), "val")
    assert {s.attributes["shop"] for s in search.queries} == {"opencart", "commerce_kickstart"}


def test_pictures_in_other_colours_are_read_alone(shops: Path) -> None:
    samples = demo_shops.load(shops / "thelia")
    assert [(s.identity, s.domain, s.image.name) for s in samples] == [
        ("thelia/prod001", "shop", "PROD001-1.jpg"),
        ("thelia/prod001", "street", "PROD001-2.jpg"),
        ("thelia/prod001", "street", "PROD001-10.jpg"),
    ]


def test_some_of_the_shops_are_enough_and_none_is_an_error(shops: Path, tmp_path: Path) -> None:
    (shops / "saleor").rename(tmp_path / "elsewhere")
    assert {s.attributes["shop"] for s in demo_shops.load(shops)} == set(NAMES) - {"saleor", "thelia"} | {
        "abantecart-src"
    }
    with pytest.raises(
        DataMissing, match=r"holds none of opencart, .*clone one of these repositories into it"
    ):
        demo_shops.load(tmp_path / "elsewhere")
