"""Stanford Online Products (Oh Song et al., CVPR 2016): 120,053 photos of 22,634 products from eBay.

``Ebay_train.txt`` and ``Ebay_test.txt`` have the header "image_id class_id super_class_id path" and one
line a photo; paths are "bicycle_final/111085122871_0.JPG". ``Ebay_info.txt`` repeats both and is not read.

Traps handled: train and test share no product; there is no query and gallery: every test photo is
searched among all the others, itself left out; the category is the folder without "_final".
"""

from __future__ import annotations

from pathlib import Path

from pocketshelf_training.data.listing import Row, read_lines
from pocketshelf_training.data.protocol import Sample

__all__ = ["LICENCE", "load"]

LICENCE = "LicenseRef-eBay-research"


def load(root: str | Path) -> list[Sample]:
    """Every photo, domain "shop".

    Raises:
        DataMissing: a list is not there.
        DataDamaged: a line is not as documented; names file and line.
    """
    root = Path(root)
    return [
        _sample(root, row, split)
        for split in ("train", "test")
        for row in read_lines(root / f"Ebay_{split}.txt", skip=1)
    ]


def _sample(root: Path, row: Row, split: str) -> Sample:
    if len(row.fields) != 4:
        raise row.fault(f"{len(row.fields)} fields where image_id class_id super_class_id path belong")
    product = int(row.numbers(1, 1)[0])
    path = row.fields[3]
    category = path.split("/")[0].removesuffix("_final")
    return Sample(root / path, split, "shop", str(product), category, licence=LICENCE)
