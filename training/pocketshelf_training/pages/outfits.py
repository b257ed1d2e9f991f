"""Photos with several garments: ``pocketshelf-train outfits``.

A shelf of garments at home (`clothing`, split train), and street photos of split val searched with
detection, as a user would. For each detected box whose group the shelf holds: is the first hit in a category
of that group? And how many photos show one product first for more than half of their boxes? Beside them
single garments: the first hit of a photo of `clothing`, split val, has its label.

With ``--own-names`` the shelf's categories are numbered, as of a shop whose names nobody knows here.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.catalogue import build_store
from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.retriever import Retriever
from pocketshelf.types import Region
from pocketshelf_training.data import clothing, street
from pocketshelf_training.data.catalogue_file import write_catalogue
from pocketshelf_training.data.clothing import GROUP_OF
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.pages.page import add_bundle, joined, table

__all__ = ["add_arguments", "matches", "on_shelf", "repeats", "run"]

GARMENTS, SEED = 250, 0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument(
        "--own-names", action="store_true", help="number the shelf's categories: no name says what they are"
    )
    parser.add_argument("--json", action="store_true")


def matches(regions: Iterable[Region], labels: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Of each box whose group the shelf holds: the group, and whether its first hit is of that group.

    Args:
        labels: product → its label; the shelf holds these.
    """
    held = {GROUP_OF[label] for label in labels.values()}
    return [
        (region.group, GROUP_OF.get(labels[region.hits[0].product_id]) == region.group)
        for region in regions
        if region.group in held and region.hits
    ]


def repeats(regions: Iterable[Region]) -> bool | None:
    """Whether one product is first for more than half of a photo's boxes; None for fewer than two boxes."""
    first = [region.hits[0].product_id for region in regions if region.hits]
    if len(first) < 2:
        return None
    return max(Counter(first).values()) > len(first) / 2


def on_shelf(samples: Iterable[Sample]) -> list[Sample]:
    """The garments of split train that the shelf holds, drawn with the seed."""
    train = [s for s in samples if s.split == "train"]
    return [train[at] for at in np.random.default_rng(SEED).permutation(len(train))[:GARMENTS]]


def run(args: argparse.Namespace) -> int:
    samples = [s for s in clothing.load(args.data) if s.attributes["label"] in GROUP_OF]
    with tempfile.TemporaryDirectory() as folder:
        shelf = Path(folder) / "shelf"
        garments = on_shelf(samples)
        _build(shelf, garments, Encoder.open(args.bundle), args.own_names)
        labels = {sample.image.stem: sample.attributes["label"] for sample in garments}
        with Retriever.open(shelf, args.bundle) as retriever:
            figures = _measure(retriever, samples, labels, args.data)
    rows = [(group, *cells) for group, cells in figures["groups"].items()]
    page = joined(
        [
            f"Shelf: {GARMENTS} garments of clothing train (seed {SEED})"
            f"{', its categories numbered' * args.own_names}; queries: boxes of street val.\n",
            table(["group", ">boxes", ">first hit in a category of the group"], rows),
            f"One product first for over half of the boxes: {figures['repeats']:.3f} of "
            f"{figures['outfits']} photos. Single garments (clothing val, {figures['single photos']}): "
            f"first hit of the own label {figures['single']:.3f}, "
            f"of the own group {figures['single group']:.3f}.\n",
        ]
    )
    tell_lines(json.dumps(figures, indent=1) if args.json else page)
    return 0


def _build(store: Path, garments: list[Sample], encoder: Encoder, own_names: bool) -> None:
    """The shelf: each photo a product, its label the category, or that label's number."""
    base, listed = garments[0].image.parent, store.with_suffix(".csv")
    labels = sorted({s.attributes["label"] for s in garments})
    names = {label: f"Shelf {n}" if own_names else label for n, label in enumerate(labels, 1)}
    products = [replace(s, identity=s.image.stem, category=names[s.attributes["label"]]) for s in garments]
    write_catalogue(listed, products, base)
    build_store(listed, store, images=base, encoder=encoder)


def _measure(
    retriever: Retriever, samples: list[Sample], on_shelf: Mapping[str, str], root: str | None
) -> dict[str, Any]:
    found, repeated = defaultdict(list), []
    photos = [photo.image for photo in street.load_photos("val", root)]
    for photo in tqdm(photos, "street", file=sys.stderr):
        regions = retriever.search(photo).regions
        for group, fits in matches(regions, on_shelf):
            found[group].append(fits)
        repeated.append(repeats(regions))
    outfits = [value for value in repeated if value is not None]
    single = [s for s in samples if s.split == "val"]
    labels = []
    for sample in tqdm(single, "garments", file=sys.stderr):
        hits = retriever.search(sample.image).regions[0].hits or ()
        labels.append((sample.attributes["label"], on_shelf[hits[0].product_id] if hits else ""))
    return {
        "groups": {
            group: (len(fits), round(float(np.mean(fits)), 3)) for group, fits in sorted(found.items())
        },
        "outfits": len(outfits),
        "repeats": float(np.mean(outfits)),
        "single photos": len(labels),
        "single": float(np.mean([own == hit for own, hit in labels])),
        "single group": float(np.mean([GROUP_OF[own] == GROUP_OF.get(hit) for own, hit in labels])),
    }
