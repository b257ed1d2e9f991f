"""A tiny shop: five drawn products, shop pictures and street photos in three splits, as a CSV; a model."""

import csv
from pathlib import Path

import pytest
import torch

from evaluate_shop import COLOURS, KINDS, draw
from pocketshelf_training.models.checkpoint import save_checkpoint
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
