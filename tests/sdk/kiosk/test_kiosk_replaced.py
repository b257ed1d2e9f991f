"""A shelf that is removed and made again, or put in the place of another, under an open kiosk."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pocketshelf.catalogue import build_store
from pocketshelf.formats import Product, ShardMeta
from pocketshelf.kiosk.desk.clerk import SIDES, Clerk
from pocketshelf.kiosk.desk.finder import Finder
from pocketshelf.kiosk.desk.opening import is_news, look_at
from pocketshelf.kiosk.worker.errors import NotFound
from pocketshelf.shipped import shipped
from pocketshelf.store import Store

SAMPLES = shipped("samples")
WISHES = {"number": 0, "side": min(SIDES)}


def ask(desk: Finder, do: str) -> Any:
    return json.loads(desk.serve(do, {}, b""))


def make(path: Path, product_id: str) -> None:
    vectors = np.array([[1, 2, 3, 127]], dtype=np.int8)
    products = [Product(product_id, 1, "c", product_id, f"{product_id}.png", vectors)]
    Store.create(path, ShardMeta("space", "hash", "bundle", 1, 4), products).close()


def test_what_stands_in_its_place_is_news_although_its_generations_are_named_alike(tmp_path: Path) -> None:
    make(tmp_path / "shelf", "red")
    before = look_at(tmp_path / "shelf")
    assert before is not None and not is_news(before, look_at(tmp_path / "shelf"))
    (tmp_path / "shelf" / "generations" / "00000001" / "shard.sha256").unlink()
    assert not is_news(before, look_at(tmp_path / "shelf")), "it is being removed"
    shutil.rmtree(tmp_path / "shelf")
    assert not is_news(before, look_at(tmp_path / "shelf")), "it is gone"
    make(tmp_path / "shelf", "blue")
    assert is_news(before, look_at(tmp_path / "shelf")) and is_news(None, before)


def test_its_pictures_are_shown(tmp_path: Path) -> None:
    make(tmp_path / "shelf", "red")
    Image.new("RGB", (64, 64), "blue").save(tmp_path / "blue.png")
    clerk = Clerk(str(tmp_path / "shelf"), images=str(tmp_path))
    with pytest.raises(NotFound):
        clerk.serve("picture", {**WISHES, "id": "blue"}, b"")
    make(tmp_path / "other", "blue")
    (tmp_path / "shelf").rename(tmp_path / "old")
    (tmp_path / "other").rename(tmp_path / "shelf")
    assert clerk.serve("picture", {**WISHES, "id": "blue"}, b"").startswith(b"\xff\xd8")


def test_its_products_are_found(own_shelf: Path, tmp_path: Path) -> None:
    finder = Finder(str(own_shelf))
    products, revision = ask(finder, "shelf")["products"], finder.revision
    with (SAMPLES / "catalogue.csv").open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    with (tmp_path / "few.csv").open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows[:4]])
    shutil.rmtree(own_shelf)
    assert ask(finder, "reload") == {"changed": False} and ask(finder, "shelf")["products"] == products
    assert build_store(tmp_path / "few.csv", own_shelf, images=SAMPLES).problems == []
    assert ask(finder, "reload") == {"changed": True} and finder.revision != revision
    assert ask(finder, "shelf")["products"] < products
