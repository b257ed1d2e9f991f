"""DeepFashion In-shop Clothes Retrieval (Liu et al., CVPR 2016): 7,982 items, 52,712 shop pictures.

Files read, below the benchmark's folder (names as its README documents them):

* ``Eval/list_eval_partition.txt``: image, item, train · query · gallery;
* ``Anno/list_bbox_inshop.txt``: image, clothes type, pose type, x_1 y_1 x_2 y_2;
* ``Anno/list_landmarks_inshop.txt`` (if there): image, clothes type, variation, (visibility x y) …;
* ``Anno/list_attr_cloth.txt`` and ``list_attr_items.txt`` (if there): attribute names; item, -1 · 0 · 1 each.

Traps handled: boxes and landmarks belong to the 256 x 256 pictures, where the original stands
*centred* with white beside it, so bringing them to ``img_highres`` takes an offset, not only a
scale; query and gallery are both shop pictures, told apart by the attribute ``partition``.
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
from training.data.listing import Row, first_existing, read_counted, read_lines
from training.data.protocol import Sample

__all__ = ["LICENCE", "load"]

POSES = {"1": "front", "2": "side", "3": "back", "4": "zoom-out", "5": "zoom-in", "6": "stand-alone"}
PARTITIONS = ("train", "query", "gallery")


def load(root: str | Path, pictures: str = "img") -> list[Sample]:
    """Every picture; split "test" is query and gallery together.

    Args:
        root: the benchmark's folder.
        pictures: "img" or "img_highres"; boxes and landmarks fit the one that is asked for.

    Raises:
        DataMissing: a file is not there.
        DataDamaged: a file is not as documented; names file and line.
    """
    root = Path(root)
    source = Pictures(root, Canvas(256, square=True), pictures)
    anno = first_existing(root, "Anno")
    boxes = {row.fields[0]: row for row in read_counted(anno / "list_bbox_inshop.txt", least=7)[1]}
    landmarks_file = anno / "list_landmarks_inshop.txt"
    landmarks = read_landmarks(landmarks_file) if landmarks_file.exists() else {}
    items = _item_attributes(anno)
    _, rows = read_counted(first_existing(root, "Eval/list_eval_partition.txt"), least=3)
    return [_sample(row, source, boxes, landmarks, items) for row in rows]


def _item_attributes(anno: Path) -> dict[str, dict[str, str]]:
    if not (anno / "list_attr_items.txt").exists():
        return {}
    names = [" ".join(row.fields) for row in read_lines(anno / "list_attr_cloth.txt", skip=2)]
    return read_positives(anno / "list_attr_items.txt", names)


def _sample(
    row: Row,
    source: Pictures,
    boxes: dict[str, Row],
    landmarks: dict[str, tuple[Row, int]],
    items: dict[str, dict[str, str]],
) -> Sample:
    name, item = row.fields[:2]
    partition = row.choice(2, PARTITIONS, "evaluation status")
    folders = name.split("/")  # img/WOMEN/Dresses/id_00000002/02_1_front.jpg
    if len(folders) != 5:
        raise row.fault(f"expected img/GENDER/CATEGORY/ITEM/FILE, not {name!r}")
    path = source.path(row)
    transform = source.transform(path)
    attributes = {"partition": partition, "gender": folders[1].lower(), **items.get(item, {})}
    box: tuple = ()
    if found := boxes.get(name):
        kind = found.choice(1, tuple(GROUP_OF_TYPE), "clothes type")
        attributes["pose"] = POSES[found.choice(2, tuple(POSES), "pose type")]
        box = ((GROUP_OF_TYPE[kind], box_of(found, 3, transform)),)
    marks = {}
    if name in landmarks:
        marked, start = landmarks[name]
        marks = landmarks_of(marked, start, marked.fields[1], transform)
    split = "train" if partition == "train" else "test"
    return Sample(path, split, "shop", item, folders[2], box, attributes, marks, LICENCE)
