"""DeepFashion Fashion Landmark Detection (Liu et al., ECCV 2016): 123,016 pictures with 4 to 8 landmarks.

Files read: ``Eval/list_eval_partition.txt`` (image, train · val · test), ``Anno/list_bbox.txt``
(image, x_1 y_1 x_2 y_2) and ``Anno/list_landmarks.txt`` (image, clothes type, variation, (visibility x y) …).
``list_joints.txt`` (the wearer's joints, since version 1.1) is not read: landmarks here are garments'.

Traps handled: visibility 0 means visible; boxes and landmarks belong to the pictures of long side
512 here, not 300; there are neither identities nor categories, only clothes types.
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.deepfashion import (
    GROUP_OF_TYPE,
    LICENCE,
    Canvas,
    Pictures,
    box_of,
    landmarks_of,
    read_landmarks,
)
from pocketshelf_training.data.listing import first_existing, read_counted
from pocketshelf_training.data.protocol import Sample

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
    source = Pictures(root, Canvas(512), pictures)
    anno = first_existing(root, "Anno")
    boxes = {row.fields[0]: row for row in read_counted(anno / "list_bbox.txt", least=5)[1]}
    landmarks = read_landmarks(anno / "list_landmarks.txt")
    samples = []
    for row in read_counted(first_existing(root, "Eval/list_eval_partition.txt"), least=2)[1]:
        name, split = row.fields[0], row.choice(1, ("train", "val", "test"), "evaluation status")
        for file, known in (("list_bbox.txt", boxes), ("list_landmarks.txt", landmarks)):
            if name not in known:
                raise row.fault(f"{name} is not in {file}")
        marked, start = landmarks[name]
        kind = marked.fields[1]
        path = source.path(row)
        transform = source.transform(path)
        variation = VARIATIONS[marked.choice(2, tuple(VARIATIONS), "variation type")]
        samples.append(
            Sample(
                path,
                split,
                "street",
                boxes=((GROUP_OF_TYPE[kind], box_of(boxes[name], 1, transform)),),
                attributes={"variation": variation},
                landmarks=landmarks_of(marked, start, kind, transform),
                licence=LICENCE,
            )
        )
    return samples
