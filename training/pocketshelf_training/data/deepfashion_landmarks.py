"""DeepFashion Fashion Landmark Detection (Liu et al., ECCV 2016): 123,016 pictures with 4 to 8 landmarks.

Files read: ``Eval/list_eval_partition.txt`` (image, train · val · test), ``Anno/list_bbox.txt``
(image, x_1 y_1 x_2 y_2) and ``Anno/list_landmarks.txt`` (image, clothes type, variation, (visibility x y) …).
``list_joints.txt`` (the wearer's joints, since version 1.1) is not read: landmarks here are garments'.

Traps handled: visibility 0 means visible; boxes and landmarks belong to the pictures of long side
512 here, not 300; there are neither identities nor categories, only clothes types.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.deepfashion import LICENCE, Annotations, Canvas, Pictures, read_partition
from pocketshelf_training.data.listing import first_existing
from pocketshelf_training.data.protocol import SPLITS, Sample

__all__ = ["LICENCE", "load"]

VARIATIONS = {
    "1": "normal pose",
    "2": "medium pose",
    "3": "large pose",
    "4": "medium zoom-in",
    "5": "large zoom-in",
}


def load(root: str | Path, pictures: str = "img") -> list[Sample]:
    """Every picture, with its variation as an attribute.

    Args:
        root: the benchmark's folder.
        pictures: "img", or the name of a folder beside it with the same pictures in another size.

    Raises:
        DataMissing: a file is not there.
        DataDamaged: a file is not as documented; names file and line.
    """
    root = Path(root)
    lists = Annotations(first_existing(root, "Anno"), Pictures(root, Canvas(512), pictures))
    samples = []
    for row in read_partition(root, least=2):
        name, split = row.fields[0], row.choice(1, SPLITS, "evaluation status")
        row.require(name, list_bbox=lists.boxes, list_landmarks=lists.landmarks)
        marked, _ = lists.landmarks[name]
        variation = VARIATIONS[marked.choice(2, VARIATIONS, "variation type")]
        known = {"variation": variation}
        samples.append(lists.sample(row, name, split, "street", marked.fields[1], attributes=known))
    return samples
