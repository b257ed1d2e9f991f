"""DeepFashion Category and Attribute Prediction (Liu et al., CVPR 2016): 289,222 pictures.

Two sets of annotations of the same pictures:

* coarse (``Anno_coarse``, earlier ``Anno``): 50 categories, 1,000 attributes mined from text, with
  ``Eval/list_eval_partition.txt``. ``list_category_cloth.txt`` (name, type), ``list_category_img.txt``
  (image, number from 1), ``list_attr_cloth.txt`` (name with blanks, type 1 to 5), ``list_attr_img.txt``
  (image, -1 · 0 · 1 each), ``list_bbox.txt``, ``list_landmarks.txt``;
* fine (``Anno_fine``): 20,000 pictures, 26 attributes in six groups, labelled by hand. ``train.txt``,
  ``val.txt``, ``test.txt`` name the pictures; ``train_attr.txt``, ``_cate``, ``_bbox`` and ``_landmarks``
  have one line each *in the same order*, without names.

Traps handled: categories count from 1; attribute names contain blanks; lists that are matched by
line number are checked for equal length; boxes belong to the pictures of long side 300; an item's
folder is a search result, not one product, so there is no identity; whether a picture is a shop's or
a customer's is not published: all are given as "street", the harder one.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.deepfashion import (
    GROUP_OF_TYPE,
    LANDMARKS_OF_TYPE,
    LICENCE,
    Annotations,
    Canvas,
    Pictures,
    box_of,
    by_picture,
    read_partition,
    read_positives,
)
from pocketshelf_training.data.listing import DataDamaged, Row, first_existing, read_counted, read_lines
from pocketshelf_training.data.protocol import SPLITS, Landmarks, Sample

__all__ = ["FINE_GROUPS", "LICENCE", "load"]

# The types of Anno_fine/list_attr_cloth.txt.
FINE_GROUPS = {"1": "texture", "2": "sleeve", "3": "length", "4": "neckline", "5": "fabric", "6": "fit"}

Categories = list[tuple[str, str]]


def load(root: str | Path, fine: bool = False, pictures: str = "img") -> list[Sample]:
    """Every annotated picture.

    Args:
        root: the benchmark's folder.
        fine: the 20,000 hand-labelled pictures, attributes as {"sleeve": "long_sleeve", …}; else all,
            attributes as {"floral": "yes", …}.
        pictures: "img" or "img_highres"; boxes and landmarks fit the one that is asked for.

    Raises:
        DataMissing: a file is not there.
        DataDamaged: a file is not as documented; names file and line.
    """
    root = Path(root)
    source = Pictures(root, Canvas(300), pictures)
    if fine:
        anno = first_existing(root, "Anno_fine", "Anno/Anno_fine")
        categories = _categories(anno / "list_category_cloth.txt")
        return [s for split in SPLITS for s in _fine_split(anno, split, categories, source)]
    return _coarse(root, first_existing(root, "Anno_coarse", "Anno"), source)


def _categories(path: Path) -> Categories:
    """(name, clothes type) in the file's order, which the numbers from 1 refer to."""
    _, rows = read_counted(path, least=2)
    return [(row.fields[0], row.choice(1, GROUP_OF_TYPE, "category type")) for row in rows]


def _category(row: Row, index: int, categories: Categories) -> tuple[str, str]:
    number = int(row.numbers(index, 1)[0])
    if not 1 <= number <= len(categories):
        raise row.fault(f"category {number} is not in 1 to {len(categories)}")
    return categories[number - 1]


def _coarse(root: Path, anno: Path, source: Pictures) -> list[Sample]:
    categories = _categories(anno / "list_category_cloth.txt")
    labels, lists = by_picture(anno / "list_category_img.txt", least=2), Annotations(anno, source)
    names = [" ".join(row.fields[:-1]) for row in read_lines(anno / "list_attr_cloth.txt", skip=2)]
    attributes = read_positives(anno / "list_attr_img.txt", names)
    samples = []
    for row in read_partition(root, least=2):
        name, split = row.fields[0], row.choice(1, SPLITS, "evaluation status")
        row.require(name, list_category_img=labels, list_bbox=lists.boxes)
        category, kind = _category(labels[name], 1, categories)
        found = dict(attributes.get(name, {}))
        samples.append(lists.sample(row, name, split, "street", kind, category=category, attributes=found))
    return samples


def _fine_split(anno: Path, split: str, categories: Categories, source: Pictures) -> list[Sample]:
    rows = list(read_lines(anno / f"{split}.txt"))
    lists = {kind: _parallel(anno / f"{split}_{kind}.txt", rows) for kind in ("attr", "cate", "bbox")}
    landmarks = anno / f"{split}_landmarks.txt"
    marks = _parallel(landmarks, rows) if landmarks.exists() else [None] * len(rows)
    groups = [(row.fields[0], _group(row)) for row in read_counted(anno / "list_attr_cloth.txt", least=2)[1]]
    samples = []
    for row, attr, cate, box, mark in zip(rows, *lists.values(), marks, strict=True):
        category, kind = _category(cate, 0, categories)
        path = source.path(row)
        transform = source.transform(path)
        boxes = ((GROUP_OF_TYPE[kind], box_of(box, 0, transform)),)
        found = _fine_landmarks(mark, transform) if mark else {}
        samples.append(
            Sample(path, split, "street", None, category, boxes, _one_of_each(attr, groups), found, LICENCE)
        )
    return samples


def _group(row: Row) -> str:
    return FINE_GROUPS[row.choice(-1, FINE_GROUPS, "attribute type")]


def _parallel(path: Path, names: list[Row]) -> list[Row]:
    """A list without names that goes with ``names`` line by line."""
    rows = list(read_lines(path))
    if len(rows) != len(names):
        raise DataDamaged(f"{path}:{len(rows)}: {len(rows)} lines, but {names[0].path.name} has {len(names)}")
    return rows


def _one_of_each(row: Row, groups: list[tuple[str, str]]) -> dict[str, str]:
    """{"sleeve": "long_sleeve"}; where a group has several, all of them joined by "+"."""
    values = row.numbers(0)
    if len(values) != len(groups):
        raise row.fault(f"{len(values)} labels where {len(groups)} attributes are named")
    found: dict[str, str] = {}
    for (name, group), value in zip(groups, values, strict=True):
        if value == 1:
            found[group] = f"{found[group]}+{name}" if group in found else name
    return found


def _fine_landmarks(row: Row, transform: tuple[float, float, float]) -> Landmarks:
    """Eight pairs x y in the order of full-body clothes; 0 0 where there is none. Visibility is not given."""
    names = LANDMARKS_OF_TYPE["3"]
    values = row.numbers(0)
    if len(values) != 2 * len(names):
        raise row.fault(f"{len(values)} landmark values where {2 * len(names)} belong")
    scale, dx, dy = transform
    points = zip(names, values[0::2], values[1::2], strict=True)
    return {name: (x * scale + dx, y * scale + dy, True) for name, x, y in points if (x, y) != (0, 0)}
