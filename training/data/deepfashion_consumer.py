"""DeepFashion Consumer-to-shop Clothes Retrieval (Liu et al., CVPR 2016).

Files read, below the benchmark's folder:

* ``Eval/list_eval_partition.txt``: consumer image, shop image, item, train · val · test (one row a *pair*);
* ``Anno/list_bbox_consumer2shop.txt``: image, clothes type, source (1 shop, 2 consumer), x_1 y_1 x_2 y_2;
* ``Anno/list_landmarks_consumer2shop.txt`` (if there);
* ``Anno/list_attr_cloth.txt`` (Chinese name, English name, type) and ``list_attr_items.txt`` (if there).

Traps handled: a picture stands in many pair rows but is one sample; file names say "comsumer";
the same product was listed under several item numbers, which are merged (see `duplicates`); items
are said not to overlap between splits, but doubles do, so their earlier copies are left out; boxes
belong to the pictures of long side 300.
"""

from __future__ import annotations

from pathlib import Path

from training.data.deepfashion import (
    GROUP_OF_TYPE,
    LICENCE,
    Canvas,
    Pictures,
    box_of,
    landmarks_of,
    read_landmarks,
    read_positives,
)
from training.data.duplicates import merge_identities
from training.data.listing import Row, first_existing, read_counted, read_lines
from training.data.protocol import Sample

__all__ = ["LICENCE", "load"]

DOMAIN_OF_SOURCE = {"1": "shop", "2": "street"}


def load(root: str | Path, pictures: str = "img", merge_duplicates: bool = True) -> list[Sample]:
    """Every picture once; consumers' photos have domain "street".

    Args:
        root: the benchmark's folder.
        pictures: "img", or the name of a folder beside it with the same pictures in another size.
        merge_duplicates: read the shop pictures and give equal products one identity.

    Raises:
        DataMissing: a file is not there.
        DataDamaged: a file is not as documented; names file and line.
    """
    root = Path(root)
    source = Pictures(root, Canvas(300), pictures)
    anno = first_existing(root, "Anno")
    boxes = {row.fields[0]: row for row in read_counted(anno / "list_bbox_consumer2shop.txt", least=7)[1]}
    landmarks_file = anno / "list_landmarks_consumer2shop.txt"
    landmarks = read_landmarks(landmarks_file) if landmarks_file.exists() else {}
    items = _item_attributes(anno)
    _, pairs = read_counted(first_existing(root, "Eval/list_eval_partition.txt"), least=4)
    seen: dict[str, Sample] = {}
    equal: list[tuple[str, str]] = []
    for row in pairs:
        for name, expected in ((row.fields[0], "street"), (row.fields[1], "shop")):
            if name not in seen:
                seen[name] = _sample(row, name, expected, source, boxes, landmarks, items)
            elif seen[name].identity != row.fields[2]:
                equal.append((str(seen[name].identity), row.fields[2]))
    samples = list(seen.values())
    return merge_identities(samples, equal) if merge_duplicates else samples


def _item_attributes(anno: Path) -> dict[str, dict[str, str]]:
    if not (anno / "list_attr_items.txt").exists():
        return {}
    names = []
    for row in read_lines(anno / "list_attr_cloth.txt", skip=2):
        if len(row.fields) < 3:
            raise row.fault("expected a Chinese name, an English name and a type")
        names.append(" ".join(row.fields[1:-1]))
    return read_positives(anno / "list_attr_items.txt", names)


def _sample(
    row: Row,
    name: str,
    domain: str,
    source: Pictures,
    boxes: dict[str, Row],
    landmarks: dict[str, tuple[Row, int]],
    items: dict[str, dict[str, str]],
) -> Sample:
    """The pair's order says which is the shop's picture; the box list, where it differs, is believed."""
    item = row.fields[2]
    split = row.choice(3, ("train", "val", "test"), "evaluation status")
    folders = name.split("/")  # img/DRESSES/Dress/id_00000001/comsumer_01.jpg
    if len(folders) < 4:
        raise row.fault(f"expected img/CATEGORY/SUBCATEGORY/ITEM/FILE, not {name!r}")
    path = source.path(row, name)
    transform = source.transform(path)
    box: tuple = ()
    if found := boxes.get(name):
        kind = found.choice(1, tuple(GROUP_OF_TYPE), "clothes type")
        domain = DOMAIN_OF_SOURCE[found.choice(2, tuple(DOMAIN_OF_SOURCE), "source type")]
        box = ((GROUP_OF_TYPE[kind], box_of(found, 3, transform)),)
    marks = {}
    if name in landmarks:
        marked, start = landmarks[name]
        marks = landmarks_of(marked, start, marked.fields[1], transform)
    return Sample(path, split, domain, item, folders[2], box, dict(items.get(item, {})), marks, LICENCE)
