"""A tiny shop: five drawn products, shop pictures and street photos in three splits, as a CSV; a model."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from evaluate_shop import COLOURS, KINDS, draw
from fake_models import make_bundle
from pocketshelf.formats.bundle import Bundle, write_bundle
from pocketshelf_training.models.checkpoint import save_checkpoint
from pocketshelf_training.models.detector import Detector
from pocketshelf_training.models.embedder import Embedder


@pytest.fixture(scope="session")
def drawn_shop(tmp_path_factory) -> Path:
    """Of each product a shop picture, two photos of train, one of val, two of test, the last unreadable."""
    folder = tmp_path_factory.mktemp("drawn-shop")
    rows = []
    for product, (colour, kind) in enumerate(zip(COLOURS, KINDS, strict=True)):
        views = [("train", "shop", 0, 255), ("train", "street", 2, 230), ("train", "street", 4, 240)]
        views += [("val", "street", 3, 200), ("test", "street", 1, 220), ("test", "street", 5, 235)]
        for number, (split, domain, shift, ground) in enumerate(views):
            name = f"{product}-{number}.png"
            draw(colour, shift, ground).save(folder / name)
            shade = "dark" if product % 2 else "light"
            rows.append([name, split, domain, f"p{product}", kind, shade, "goods", 12, 8 + shift, 40, 40])
    (folder / "4-5.png").write_bytes(b"no picture")
    with (folder / "photos.csv").open("w", newline="") as stream:
        head = "image,split,domain,identity,category,shade,group,x,y,w,h"
        csv.writer(stream).writerows([head.split(","), *rows])
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """An embedder without training, whose record says that p1 and p3 were left out."""
    torch.manual_seed(0)
    model = Embedder(["Red things", "Green things"], dimension=16, size=64)
    path = tmp_path_factory.mktemp("run") / "best.pt"
    save_checkpoint(path, "embedder", model.config, model.state_dict(), {"left_out": ["p1", "p3"]})
    return path


@pytest.fixture(scope="session")
def real_photos(tmp_path_factory) -> str:
    """A data folder in the layout of the real one: groceries, hats at home (blue), people in a shirt."""
    root = tmp_path_factory.mktemp("data")
    for name in ("grocery", "clothing", "street"):
        (root / name).mkdir()
    products, photos = [], []
    for number, (colour, kind) in enumerate(zip(COLOURS, KINDS, strict=True)):
        draw(colour, 0).save(root / f"grocery/shop-{number}.png")
        products.append([number, f"Product {number}", kind, f"shop-{number}.png"])
        for split, shift in (("train", 2), ("train", 4), ("val", 1), ("test", 3)):
            draw(colour, shift, 230).save(root / f"grocery/{split}-{number}-{shift}.png")
            photos.append([f"{split}-{number}-{shift}.png", number, split])
    write_csv(root / "grocery/products.csv", "product_id,title,category,image", products)
    write_csv(root / "grocery/photos.csv", "photo,product_id,split", photos)
    for number, colour in enumerate((COLOURS[2], COLOURS[2], COLOURS[0])):
        draw(colour, 0, 230).save(root / f"clothing/{number}.png")
    hats = [[f"{number}.png", "Hat", "val"] for number in range(3)]
    write_csv(root / "clothing/photos.csv", "photo,label,split", hats)
    draw(COLOURS[1], 2, 230).save(root / "street/0.png")
    for split in ("train", "val"):
        shirts = [{"image_id": 0, "category_id": 1, "bbox": [12, 10, 40, 40]}]
        names = [{"id": 1, "name": "shirt"}]
        content = {"images": [{"id": 0, "file_name": "0.png"}], "annotations": shirts, "categories": names}
        (root / f"street/instances_{split}.json").write_text(json.dumps(content))
    return str(root)


def write_csv(path: Path, header: str, rows: list[list]) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header.split(","), *rows])


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Stand-in models that know red, green and hats, and beside them untrained networks' records."""
    made = make_bundle(tmp_path / "bundle")
    categories = ("Red things", "Green things", "Hat", "Grey things", "Other things")
    torch.manual_seed(0)
    embedder, detector = Embedder(list(categories), dimension=16, size=64), Detector(size=64)
    made_by = {"seed": 3, "epochs": 7, "settings": {"seed": 5, "size": 320, "small_size": 256}}
    save_checkpoint(made.folder / "embedder.npz", "embedder", embedder.config, embedder.state_dict(), made_by)
    save_checkpoint(made.folder / "detector.npz", "detector", detector.config, detector.state_dict(), made_by)
    return write_bundle(replace(made, embedder=replace(made.embedder, categories=categories)))
