"""Every data set by name. A new one is a file with ``load(root)`` in this folder and a line here."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any, NamedTuple

from pocketshelf.errors import UsageError
from pocketshelf_training.data.protocol import Sample

__all__ = ["DATA_SETS", "DataSet", "load_data_set", "load_given", "shown_name"]


class DataSet(NamedTuple):
    """Where a data set's loader is and what ``root`` means to it.

    Attributes:
        module: below ``pocketshelf_training.data``.
        root: "shared": the folder of the real photos (POCKETSHELF_DATA); "own": the data set's own.
        summary: one line.
        options: fixed keyword arguments of its ``load``.
        synthetic: drawn or composed; every figure of it says so.
    """

    module: str
    root: str
    summary: str
    options: dict[str, Any] = {}  # noqa: RUF012  (read only)
    synthetic: bool = False


DATA_SETS = {
    "clothing": DataSet("clothing", "shared", "garments lying or hanging at home, ten labels"),
    "grocery": DataSet("grocery", "shared", "phone photos and the shop's pictures of 81 products"),
    "patterns": DataSet("patterns", "shared", "close-ups of fabric, six patterns"),
    "shop": DataSet("shop", "shared", "a garment shop's main pictures and other views, split by style"),
    "street": DataSet("street", "shared", "whole outfits with boxes in ten groups"),
    "pairs": DataSet(
        "pairs", "own", "a gallery and queries that show its items elsewhere, listed in pairs.csv"
    ),
    "csv": DataSet("plain_csv", "own", "one's own photos, listed in a CSV"),
    "deepfashion-inshop": DataSet("deepfashion_inshop", "own", "In-shop Clothes Retrieval"),
    "deepfashion-consumer": DataSet("deepfashion_consumer", "own", "Consumer-to-shop Clothes Retrieval"),
    "deepfashion-attributes": DataSet(
        "deepfashion_attributes", "own", "Category and Attribute Prediction, 1,000 mined attributes"
    ),
    "deepfashion-attributes-fine": DataSet(
        "deepfashion_attributes", "own", "the same, 26 attributes labelled by hand", {"fine": True}
    ),
    "deepfashion-landmarks": DataSet("deepfashion_landmarks", "own", "Fashion Landmark Detection"),
    "deepfashion2": DataSet("deepfashion2", "own", "several garments a photo, pairs of shop and user"),
    "street2shop": DataSet("street2shop", "own", "Where to Buy It: exact street-to-shop matches"),
    "stanford-online-products": DataSet("stanford_online_products", "own", "products from eBay"),
    "stanford-mobile-visual-search": DataSet(
        "stanford_mobile_visual_search", "own", "covers, cards, prints and places by phone cameras"
    ),
    "demo-shops": DataSet("demo_shops", "own", "products of the demo shops of five open shop systems"),
    "lookbench": DataSet("lookbench", "own", "one subset of LookBench, its noise as further gallery"),
    "composites": DataSet("composites", "own", "real cut-outs pasted into new places", synthetic=True),
    "hard-cases": DataSet("plain_csv", "own", "street photos made harder for a detector", synthetic=True),
    "studio": DataSet("studio", "own", "drawn garments in shop and street pictures", synthetic=True),
}


def load_data_set(name: str, root: str | Path | None = None, **options: Any) -> list[Sample]:
    """The samples of the data set ``name``.

    Args:
        root: its folder; may be left out for those that come with the real photos.
        options: for its loader, as ``pictures="img_highres"``.

    Raises:
        UsageError: no such data set, or one of its own without ``root``; the message lists what there is.
        DataMissing, DataDamaged: as its loader says.
    """
    if name not in DATA_SETS:
        raise UsageError(f"no data set {name!r}; there are {', '.join(DATA_SETS)}")
    entry = DATA_SETS[name]
    if root is None and entry.root == "own":
        raise UsageError(f"data set {name!r} needs its folder")
    loader = importlib.import_module(f"pocketshelf_training.data.{entry.module}").load
    return loader(root, **{**entry.options, **options})


def shown_name(name: str) -> str:
    """As a table of figures names the data set: of synthetic ones it says so."""
    entry = DATA_SETS.get(name)
    return f"{name} (synthetic)" if entry and entry.synthetic else name


def load_given(given: str, root: str | None) -> tuple[str, list[Sample]]:
    """The name and the samples of ``NAME[=FOLDER]``; a shared data set without a folder lies below ``root``.

    Raises: see `load_data_set`.
    """
    name, _, folder = given.partition("=")
    shared = name in DATA_SETS and DATA_SETS[name].root == "shared"
    return name, load_data_set(name, folder or (root if shared else None))
