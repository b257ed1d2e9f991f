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

from pocketshelf_training.data.deepfashion import LICENCE, Annotations, Canvas, Pictures, read_partition
from pocketshelf_training.data.duplicates import merge_identities
from pocketshelf_training.data.listing import Row, first_existing
from pocketshelf_training.data.protocol import SPLITS, Sample

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
    lists = Annotations(
        first_existing(root, "Anno"), Pictures(root, Canvas(300), pictures), "_consumer2shop", corners=3
    )
    items = lists.items(_english_name)
    seen: dict[str, Sample] = {}
    equal: list[tuple[str, str]] = []
    for row in read_partition(root, least=4):
        for name, expected in ((row.fields[0], "street"), (row.fields[1], "shop")):
            if name not in seen:
                seen[name] = _sample(row, name, expected, lists, items)
            elif seen[name].identity != row.fields[2]:
                equal.append((str(seen[name].identity), row.fields[2]))
    samples = list(seen.values())
    return merge_identities(samples, equal) if merge_duplicates else samples


def _english_name(row: Row) -> str:
    if len(row.fields) < 3:
        raise row.fault("expected a Chinese name, an English name and a type")
    return " ".join(row.fields[1:-1])


def _sample(row: Row, name: str, domain: str, lists: Annotations, items: dict[str, dict[str, str]]) -> Sample:
    """The pair's order says which is the shop's picture; the box list, where it differs, is believed."""
    item = row.fields[2]
    split = row.choice(3, SPLITS, "evaluation status")
    folders = name.split("/")  # img/DRESSES/Dress/id_00000001/comsumer_01.jpg
    if len(folders) < 4:
        raise row.fault(f"expected img/CATEGORY/SUBCATEGORY/ITEM/FILE, not {name!r}")
    domain = lists.word(name, DOMAIN_OF_SOURCE, "source type") or domain
    attributes = dict(items.get(item, {}))
    return lists.sample(row, name, split, domain, identity=item, category=folders[2], attributes=attributes)
