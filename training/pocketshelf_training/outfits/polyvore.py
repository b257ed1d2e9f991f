"""``pocketshelf-train polyvore``: compatibility AUC and FITB of a bundle's head on Polyvore Outfits.

An outfit's score is the mean over its pairs, as in the data set's paper; an item without a role here, such as
jewellery, is left out of it. Pictures are a shop's, so both sides of a pair are projected as such.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pocketshelf.cli.output import tell_lines
from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError
from pocketshelf.outfit import OutfitHead, load_head
from pocketshelf.stages.colours import histograms, looked_at, palette_of
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf_training.data.polyvore_outfits import SPLITS, VERSIONS, PolyvoreOutfits, load
from pocketshelf_training.outfits.figures import auc
from pocketshelf_training.pages.page import add_bundle, table

__all__ = ["add_arguments", "figures", "outfit_score", "run"]

log = logging.getLogger(__name__)

# Item id to its place in the head's space (K,).
Projected = Callable[[str], np.ndarray]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="DIR", type=Path, help="folder of Polyvore Outfits")
    add_bundle(parser)
    parser.add_argument("--version", choices=VERSIONS, action="append", help="default: both")
    parser.add_argument("--split", choices=SPLITS[1:], default="test")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    encoder = Encoder.open(args.bundle, detects=False)
    if encoder.bundle.outfit_path is None:
        raise BundleError(f"{encoder.bundle.folder}: this bundle has no outfit head")
    head = load_head(encoder.bundle.outfit_path)
    found = {}
    for version in args.version or VERSIONS:
        outfits = load(args.folder, version, args.split)
        found[version] = figures(outfits, head, _embedded(outfits, encoder, head))
    rows = [
        (version, f"{f['AUC']:.3f}", f"{f['FITB']:.3f}", f["outfits"], f["blanks"])
        for version, f in found.items()
    ]
    page = table(["version", ">AUC", ">FITB", ">outfits", ">blanks"], rows)
    tell_lines(json.dumps(found) if args.json else page)
    return 0


def _embedded(outfits: PolyvoreOutfits, encoder: Encoder, head: OutfitHead) -> Projected:
    """Every item that is asked about, embedded once."""
    asked = [items for items, _ in outfits.compatibility]
    asked += [blank.question + blank.answers for blank in outfits.blanks]
    needed = sorted({item for items in asked for item in items if item in outfits.roles})
    photos = (decode_photo(outfits.image(item)) for item in tqdm(needed, "pictures", file=sys.stderr))
    seen = [(encoder.embed(photo), palette_of(looked_at(photo))) for photo in photos]
    rows = np.zeros((0, 0), np.float32)
    if seen:
        vectors, palettes = zip(*seen, strict=True)
        rows = head.project(np.stack(vectors), "shop", histograms(palettes))
    return dict(zip(needed, rows, strict=True)).__getitem__


def figures(outfits: PolyvoreOutfits, head: OutfitHead, projected: Projected) -> dict[str, Any]:
    """AUC over outfits, accuracy over blanks, and how many of each could be asked.

    Chance where no pair of an outfit has roles: its score is 0, that of strangers.
    """
    scores = np.array([outfit_score(items, outfits, head, projected) for items, _ in outfits.compatibility])
    labels = np.array([label for _, label in outfits.compatibility], bool)
    right = [
        _filled(blank.question, blank.answers, blank.right, outfits, head, projected)
        for blank in outfits.blanks
    ]
    return {
        "AUC": auc(scores[labels], scores[~labels]) if labels.any() and not labels.all() else float("nan"),
        "FITB": float(np.mean(right)) if right else float("nan"),
        "outfits": len(scores),
        "blanks": len(right),
    }


def outfit_score(
    items: Iterable[str], outfits: PolyvoreOutfits, head: OutfitHead, projected: Projected
) -> float:
    """Mean compatibility of the pairs whose items have different roles; 0 without such a pair."""
    known = [item for item in items if item in outfits.roles]
    pairs = [(a, b) for a, b in combinations(known, 2) if outfits.roles[a] != outfits.roles[b]]
    return float(np.mean([_pair(a, b, outfits, head, projected) for a, b in pairs])) if pairs else 0.0


def _pair(a: str, b: str, outfits: PolyvoreOutfits, head: OutfitHead, projected: Projected) -> float:
    roles = outfits.roles
    return float(head.compatibility(roles[a], projected(a), roles[b], projected(b)[None])[0])


def _filled(
    question: tuple[str, ...],
    answers: tuple[str, ...],
    right: int,
    outfits: PolyvoreOutfits,
    head: OutfitHead,
    projected: Projected,
) -> float:
    """1 if the right answer alone has the best mean with the question's items; ties share."""
    known = [item for item in question if item in outfits.roles]
    means = np.zeros(len(answers))
    for place, answer in enumerate(answers):
        role = outfits.roles.get(answer)
        pairs = [item for item in known if role is not None and outfits.roles[item] != role]
        if pairs:
            means[place] = np.mean([_pair(item, answer, outfits, head, projected) for item in pairs])
    best = means == means.max()
    return float(best[right] / best.sum())
