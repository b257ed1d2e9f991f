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

from pocketshelf_training.data.deepfashion import LICENCE, Annotations, Canvas, Pictures, read_partition
from pocketshelf_training.data.listing import Row, first_existing
from pocketshelf_training.data.protocol import Sample

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
    lists = Annotations(
        first_existing(root, "Anno"), Pictures(root, Canvas(256, square=True), pictures), "_inshop", corners=3
    )
    items = lists.items(lambda row: " ".join(row.fields))
    return [_sample(row, lists, items) for row in read_partition(root, least=3)]


def _sample(row: Row, lists: Annotations, items: dict[str, dict[str, str]]) -> Sample:
    name, item = row.fields[:2]
    partition = row.choice(2, PARTITIONS, "evaluation status")
    folders = name.split("/")  # img/WOMEN/Dresses/id_00000002/02_1_front.jpg
    if len(folders) != 5:
        raise row.fault(f"expected img/GENDER/CATEGORY/ITEM/FILE, not {name!r}")
    attributes = {"partition": partition, "gender": folders[1].lower(), **items.get(item, {})}
    if pose := lists.word(name, POSES, "pose type"):
        attributes["pose"] = pose
    split = "train" if partition == "train" else "test"
    return lists.sample(row, name, split, "shop", identity=item, category=folders[2], attributes=attributes)
