"""A tiny data folder in the layout of the real one: drawn people, goods on white, goods in shops."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

LABELS = {13: "coat", 31: "pants", 39: "shoes", 41: "skin", 20: "hat"}
PARTS = {13: (20, 25, 60, 60), 31: (25, 60, 55, 100), 39: (25, 100, 55, 112), 41: (34, 12, 46, 24)}


@pytest.fixture(scope="session")
def drawn_data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("data")
    draw_street(root / "street")
    draw_grocery(root / "grocery")
    draw_clothing(root / "clothing")
    return root


@pytest.fixture(scope="session")
def data_with_shop(drawn_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn folder, with a shop of six items."""
    root = tmp_path_factory.mktemp("universal")
    for part in drawn_data.iterdir():
        (root / part.name).symlink_to(part)
    (root / "shop").mkdir()
    lines = ["role,image,item_id,category\n"]
    for number in range(12):
        Image.new("RGB", (40, 50), (20 * number, 200 - 15 * number, 90)).save(root / f"shop/{number}.png")
        role = ("gallery", "query")[number % 2]
        lines.append(f"{role},{number}.png,mx{number // 2:02d}-red,upper\n")
    (root / "shop/pairs.csv").write_text("".join(lines))
    return root


def draw_street(folder: Path) -> None:
    (folder / "photos").mkdir(parents=True)
    (folder / "masks").mkdir()
    for split, numbers in (("train", range(8)), ("val", range(8, 10))):
        images, annotations = [], []
        for number in numbers:
            # One photo alone has a hat.
            parts = PARTS | ({20: (30, 4, 50, 14)} if number in (3, 9) else {})
            photo, mask = Image.new("RGB", (80, 120), (90, 120, 90 + number)), Image.new("L", (80, 120))
            for label, (x0, y0, x1, y1) in parts.items():
                ink = (label * 6 % 256, label * 40 % 256, 30 * number % 256)
                ImageDraw.Draw(photo).rectangle((x0, y0, x1 - 1, y1 - 1), fill=ink)
                ImageDraw.Draw(mask).rectangle((x0, y0, x1 - 1, y1 - 1), fill=label)
                annotations.append(
                    {"image_id": number, "category_id": label, "bbox": [x0, y0, x1 - x0, y1 - y0]}
                )
            photo.save(folder / "photos" / f"{number:04}.jpg")
            mask.save(folder / "masks" / f"{number:04}.png")
            images.append({"id": number, "file_name": f"photos/{number:04}.jpg"})
        names = [{"id": label, "name": name} for label, name in LABELS.items()]
        content = {"images": images, "annotations": annotations, "categories": names}
        (folder / f"instances_{split}.json").write_text(json.dumps(content))
    Image.new("RGB", (80, 120), (120, 90, 90)).save(folder / "photos" / "0020.jpg")
    write_csv(folder / "tags.csv", "photo,tags", [["photos/0020.jpg", "coat|shoes"]])


def draw_grocery(folder: Path) -> None:
    (folder / "photos").mkdir(parents=True)
    (folder / "iconic").mkdir()
    products, photos = [], []
    for number in range(5):
        shop = np.full((60, 60, 3), 255, np.uint8)
        shop[10:50, 15:45] = (40 * number, 200 - 30 * number, 60)
        Image.fromarray(shop).save(folder / "iconic" / f"{number}.jpg", quality=95)
        products.append([number, f"Product {number}", "Thing", 0, f"iconic/{number}.jpg", ""])
        for split in ("train", "val"):
            name = f"photos/{split}-{number}.jpg"
            Image.fromarray(np.roll(shop, number, 1)).resize((64, 48)).save(folder / name)
            photos.append([name, number, 0, split])
    write_csv(folder / "products.csv", "product_id,title,category,category_id,image,description", products)
    write_csv(folder / "photos.csv", "photo,product_id,category_id,split", photos)


def draw_clothing(folder: Path) -> None:
    (folder / "photos").mkdir(parents=True)
    rows = []
    for name, label, split in (("a", "Hoodie", "train"), ("b", "Not sure", "train"), ("c", "Hat", "val")):
        Image.new("RGB", (60, 60), (120, 60, 60)).save(folder / "photos" / f"{name}.jpg")
        rows.append([f"photos/{name}.jpg", label, "False", 1, split])
    write_csv(folder / "photos.csv", "photo,label,kids,sender_id,split", rows)


def write_csv(path: Path, header: str, rows: list) -> None:
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([header.split(","), *rows])
