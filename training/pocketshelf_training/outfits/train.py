"""``pocketshelf-train train outfits``: fit the outfit head and put it into a bundle.

Street photos teach what is worn together; the shop's main pictures and garments at home say how a shop's
pictures differ from these. The garments are embedded once and kept in the cache.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import FileSpec, load_bundle, write_bundle
from pocketshelf.outfit import OutfitHead, save_head
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.outfits.align import balanced
from pocketshelf_training.outfits.colours import with_colours
from pocketshelf_training.outfits.fit import Recipe, fit_head, with_shop
from pocketshelf_training.outfits.sources import garments_at_home, shop_pictures
from pocketshelf_training.outfits.street import StreetOutfits, read_street
from pocketshelf_training.outputs import require_file
from pocketshelf_training.pages.page import add_bundle

__all__ = ["FUSION", "add_arguments", "head_of", "run", "shop_vectors"]

log = logging.getLogger(__name__)

FILE = "outfit.npz"
# Chosen on the part of train that is kept apart: see docs/outfits.md.
FUSION = {"looks_weight": 0.25, "neighbours": 60, "temperature": 0.1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_bundle(parser)
    add_data(parser)
    parser.add_argument("--cache", type=Path, metavar="DIR", help="keep the embedded garments there")
    parser.add_argument("--seed", type=values.seed, default=0)
    parser.add_argument(
        "--epochs", type=values.count, default=Recipe.epochs, help=f"default: {Recipe.epochs}"
    )
    parser.add_argument(
        "--size", type=values.count, default=Recipe.size, help=f"of the projection (default: {Recipe.size})"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE.npz", help="write the head there, not into the bundle"
    )


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    bundle = load_bundle(args.bundle)
    encoder = Encoder.open(bundle)
    outfits = read_street(encoder, args.data, args.cache).part("train")
    recipe = Recipe(size=args.size, epochs=args.epochs)
    head = head_of(outfits, shop_vectors(encoder, outfits, args.data, args.cache), recipe, args.seed)
    path = args.out or bundle.folder / FILE
    save_head(path, head)
    if not args.out:
        write_bundle(replace(bundle, outfit=FileSpec(FILE)))
    garments, looks = len(outfits.boxes), len(outfits.boxes.worn)
    tell(f"{path}: {path.stat().st_size} bytes, of {garments} garments in {looks} looks")
    return 0


def head_of(
    outfits: StreetOutfits, shop: np.ndarray, recipe: Recipe | None = None, seed: int = 0
) -> OutfitHead:
    """Fitted on ``outfits`` and aligned with the embeddings ``shop`` (n, d); fusion as it was chosen.

    Colours need no alignment: what is no thing of a shop's picture, its ground, is in no palette.
    """
    fitted = with_colours(fit_head(outfits.boxes, outfits.forms, recipe, seed), outfits, seed)
    return replace(with_shop(fitted, shop, outfits.boxes.garments.vectors), **FUSION)  # type: ignore[arg-type]


def shop_vectors(
    encoder: Encoder, outfits: StreetOutfits, root: str | None, cache: Path | None
) -> np.ndarray:
    """Embeddings (n, d) of shops' pictures of train, each group as often as on the street."""
    sources = [shop_pictures(encoder, root, cache), garments_at_home(encoder, root, cache)]
    mine = [each.take(each.splits == "train") for each in sources]
    groups = np.concatenate([each.groups for each in mine])
    vectors = np.concatenate([each.vectors for each in mine])
    return vectors[balanced(groups, outfits.boxes.garments.groups)]
