"""Real photos from a folder: shop pictures and phone photos of groceries, and clothes where they are there.

grocery/products.csv   product_id,title,category,image, …
grocery/photos.csv     photo,product_id,split, …          the splits "val" and "test" are queried
clothing/photos.csv    photo,label,split, …               optional
street/instances_val.json   COCO                          optional
"""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import TypeVar

from pocketshelf.demo.dataset import Dataset, Example, Query
from pocketshelf.errors import CatalogueError

__all__ = ["load_folder"]

_QUERY_SPLITS = ("val", "test")
_EXAMPLES_EACH = 4
T = TypeVar("T")
_UNCLEAR_LABELS = ("Not sure", "Skip", "Other")


def load_folder(folder: str | Path, count: int | None, seed: int, name: str | None = None) -> Dataset:
    """The real photos in ``folder``; ``count`` queries drawn by ``seed``, all of them if None.

    Raises:
        CatalogueError: the folder does not hold the grocery photos.
    """
    grocery = Path(folder) / "grocery"
    photos = [row for row in _rows(grocery / "photos.csv") if row.get("split") in _QUERY_SPLITS]
    queries = [Query(grocery / row["photo"], row["product_id"]) for row in photos]
    if not queries:
        raise CatalogueError(f"{grocery / 'photos.csv'}: no photo of the splits val and test in it")
    return Dataset(
        name=name or "Grocery Store photos (Klasson et al., 2019)",
        drawn=False,
        catalogue=_existing(grocery / "products.csv"),
        images=grocery,
        queries=tuple(_choose(queries, count, seed)),
        available=len(queries),
        examples=(*_street(Path(folder) / "street", seed), *_clothing(Path(folder) / "clothing", seed)),
    )


def _choose(items: list[T], count: int | None, seed: int) -> list[T]:
    """A plain random sample, in the files' order: what is measured on it is an unbiased estimate."""
    if count is None or count >= len(items):
        return items
    chosen = sorted(random.Random(seed).sample(range(len(items)), count))
    return [items[i] for i in chosen]


def _clothing(folder: Path, seed: int) -> list[Example]:
    if not (folder / "photos.csv").is_file():
        return []
    rows = [row for row in _rows(folder / "photos.csv") if row["split"] == "val"]
    clear = [row for row in rows if row["label"] not in _UNCLEAR_LABELS]
    chosen = _choose(clear, _EXAMPLES_EACH, seed)
    return [Example(folder / row["photo"], "clothing", row["label"]) for row in chosen]


def _street(folder: Path, seed: int) -> list[Example]:
    path = folder / "instances_val.json"
    if not path.is_file():
        return []
    document = json.loads(path.read_text(encoding="utf-8"))
    names = {category["id"]: category["name"] for category in document["categories"]}
    worn: dict[int, list[str]] = {}
    for annotation in document["annotations"]:
        worn.setdefault(annotation["image_id"], []).append(names[annotation["category_id"]])
    return [
        Example(folder / image["file_name"], "street", ", ".join(sorted(set(worn.get(image["id"], [])))))
        for image in _choose(document["images"], _EXAMPLES_EACH, seed)
    ]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with _existing(path).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"{path}: cannot be read ({error})") from error


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise CatalogueError(f"{path}: no such file; --data takes a folder that has grocery/ in it")
    return path
