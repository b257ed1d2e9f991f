"""Real photos from a folder: shop pictures and phone photos of groceries, and clothes where they are there.

grocery/products.csv   product_id,title,category,image, …
grocery/photos.csv     photo,product_id,split, …          the splits "val" and "test" are queried
clothing/photos.csv    photo,label,split, …               optional
street/instances_val.json   COCO                          optional
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

from pocketshelf.demo.dataset import Dataset, Example, Query, choose
from pocketshelf.errors import CatalogueError, reason

__all__ = ["load_folder", "read_rows"]

_QUERY_SPLITS = ("val", "test")
_EXAMPLES_EACH = 4
_UNCLEAR_LABELS = ("Not sure", "Skip", "Other")


def load_folder(folder: str | Path, count: int | None, seed: int, source: str = "") -> Dataset:
    """The real photos in ``folder``; ``count`` queries drawn by ``seed``, all of them if None.

    Raises:
        CatalogueError: the folder does not hold the grocery photos.
    """
    grocery = Path(folder) / "grocery"
    photos = [row for row in read_rows(grocery / "photos.csv") if row.get("split") in _QUERY_SPLITS]
    queries = [Query(grocery / row["photo"], row["product_id"]) for row in photos]
    if not queries:
        raise CatalogueError(f"{grocery / 'photos.csv'}: no photo of the splits val and test in it")
    return Dataset(
        name="Grocery Store photos (Klasson et al., 2019)",
        source=source,
        drawn=False,
        catalogue=_existing(grocery / "products.csv"),
        images=grocery,
        queries=tuple(choose(queries, count, seed)),
        available=len(queries),
        examples=(*_street(Path(folder) / "street", seed), *_clothing(Path(folder) / "clothing", seed)),
    )


def _clothing(folder: Path, seed: int) -> list[Example]:
    if not (folder / "photos.csv").is_file():
        return []
    rows = [row for row in read_rows(folder / "photos.csv") if row["split"] == "val"]
    clear = [row for row in rows if row["label"] not in _UNCLEAR_LABELS]
    chosen = choose(clear, _EXAMPLES_EACH, seed)
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
        for image in choose(document["images"], _EXAMPLES_EACH, seed)
    ]


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file by its first line.

    Raises:
        CatalogueError: it is not there or cannot be read.
    """
    try:
        with _existing(path).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogueError(f"{path}: cannot be read ({reason(error)})") from error


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise CatalogueError(f"{path}: no such file; --data takes a folder that has grocery/ in it")
    return path
