"""Tiny folders of drawn "real photos", as the data sets lay them out."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw


def write_csv(path: Path, header: str, rows: list[tuple]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(header.split(","))
        writer.writerows(rows)


def save(image: Image.Image, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=95)


def thing(ground: tuple[int, int, int], colour: tuple[int, int, int]) -> Image.Image:
    """A block with a foot, off the middle of plain ground."""
    image = Image.new("RGB", (200, 240), ground)
    draw = ImageDraw.Draw(image)
    draw.rectangle([50, 40, 139, 199], fill=colour)
    draw.rectangle([50, 160, 159, 199], fill=tuple(c // 2 for c in colour))
    return image


def busy() -> Image.Image:
    """Ground of all colours, on which nothing can be told apart."""
    noise = np.random.default_rng(5).integers(0, 256, (30, 25, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((200, 240))


def real_folder(root: Path) -> Path:
    """Two goods, four garments of which one lies on busy ground, street photos with masks, and fabrics."""
    write_csv(
        root / "grocery/products.csv",
        "product_id,title,category,category_id,image,description",
        [(k, f"Good {k}", "Goods", 0, f"iconic/{k}.png", "") for k in range(2)],
    )
    for k, colour in enumerate(((200, 30, 30), (30, 60, 190))):
        save(thing((255, 255, 255), colour), root / f"grocery/iconic/{k}.png")
        save(busy(), root / f"grocery/photos/{k}.jpg")
    write_csv(
        root / "grocery/photos.csv",
        "photo,product_id,category_id,split",
        [("photos/0.jpg", 0, 0, "train"), ("photos/1.jpg", 1, 0, "test")],
    )
    _clothing(root / "clothing")
    for split, names in (("train", ("a", "b")), ("val", ("c", "d"))):
        _street(root / "street", split, names)
    rows = []
    for split, shade in (("train", 40), ("val", 200)):
        for pattern in ("solid", "striped", "checkered", "dotted", "floral", "zigzag"):
            pixels = np.full((64, 64, 3), shade, np.uint8)
            pixels[:, ::8] = 255 - shade
            save(Image.fromarray(pixels), root / f"patterns/photos/{pattern}_{split}.png")
            rows.append((f"photos/{pattern}_{split}.png", pattern, split))
    write_csv(root / "patterns/photos.csv", "photo,pattern,split", rows)
    return root


def _clothing(folder: Path) -> None:
    rows = []
    for k, (colour, split) in enumerate(
        (((20, 20, 20), "train"), ((190, 20, 40), "val"), ((10, 90, 20), "val"))
    ):
        save(thing((205, 195, 180), colour), folder / f"photos/{k}.jpg")
        rows.append((f"photos/{k}.jpg", "T-Shirt", 0, 1, split))
    save(busy(), folder / "photos/busy.jpg")
    rows.append(("photos/busy.jpg", "Dress", 0, 1, "train"))
    write_csv(folder / "photos.csv", "photo,label,kids,sender_id,split", rows)


def _street(folder: Path, split: str, names: tuple[str, ...]) -> None:
    images, annotations = [], []
    for number, name in enumerate(names):
        save(thing((120, 130, 140), (160, 90, 30)), folder / f"photos/{name}.jpg")
        mask = np.zeros((240, 200), np.uint8)
        mask[40:200, 70:140] = 4
        save(Image.fromarray(mask), folder / f"masks/{name}.png")
        images.append({"id": number, "file_name": f"photos/{name}.jpg"})
        annotations.append({"image_id": number, "category_id": 4, "bbox": [70, 40, 70, 160]})
    content = {"images": images, "annotations": annotations, "categories": [{"id": 4, "name": "coat"}]}
    (folder / f"instances_{split}.json").write_text(json.dumps(content))
