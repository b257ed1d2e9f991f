"""Which pictures a detector's training shows, by the arguments of its command; and packing them."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import numpy as np

from pocketshelf.cli import values
from pocketshelf.cli.output import tell
from pocketshelf_training.data import grocery
from pocketshelf_training.data.goods import load_cut_outs
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.engine.options import add_data
from pocketshelf_training.outputs import require_file
from pocketshelf_training.samplers import packed
from pocketshelf_training.samplers.mixture import Mixture
from pocketshelf_training.samplers.sources import (
    PhotoCache,
    garment_photos,
    given_photos,
    goods_photos,
    more_photos,
    street_photos,
)

__all__ = ["add_arguments", "add_sources", "build_mixture", "run"]

log = logging.getLogger("pocketshelf.training")


def add_sources(parser: argparse.ArgumentParser) -> None:
    """What `build_mixture` asks for, besides ``--data``."""
    parser.add_argument(
        "--pictures",
        type=Path,
        metavar="FILE",
        help="packed ones (pack-detector), instead of --data and of boxes",
    )
    parser.add_argument("--goods-boxes", type=Path, help="CSV photo,x,y,w,h for grocery training photos")
    parser.add_argument("--garment-boxes", type=Path, help="CSV photo,x,y,w,h for clothing training photos")
    parser.add_argument(
        "--more-boxes",
        type=Path,
        help="CSV photo,group,x,y,w,h for photos of which only the groups are known (tagged-boxes)",
    )
    parser.add_argument(
        "--data-set",
        action="append",
        default=[],
        metavar="NAME[=FOLDER]",
        help="more photos with boxes, csv=PATH for one's own; may repeat",
    )
    parser.add_argument("--size", type=values.count, default=320, help="input side in pixels (default 320)")
    parser.add_argument("--others", type=values.amount, default=0.35, help="other pictures to a street photo")
    parser.add_argument(
        "--hard",
        type=values.share,
        default=0.0,
        metavar="SHARE",
        help="of the street photos shown with two people, cropped closely, or from afar",
    )
    parser.add_argument(
        "--more",
        type=values.amount,
        default=0.6,
        help="photos of --more-boxes and --data-set to a street photo (default 0.6)",
    )
    parser.add_argument(
        "--alone",
        type=values.amount,
        default=0.0,
        metavar="SHARE",
        help="garments, cut out and alone on a light ground, to a street photo (default 0)",
    )


def build_mixture(args: argparse.Namespace) -> Mixture:
    """All sources that the arguments name; training photos only."""
    pictures = packed.read(args.pictures) if args.pictures else gathered(args)
    mixture = Mixture(
        pictures.photos,
        pictures.cut_outs,
        pictures.grounds,
        pictures.cache,
        others=args.others,
        hard=args.hard,
        more=args.more,
        alone=args.alone,
    )
    counts = {name: len(photos) for name, photos in mixture.photos.items()}
    counts["cut-outs"] = len(mixture.cut_outs)
    log.info("pictures: %s", ", ".join(f"{count} {name}" for name, count in counts.items()))
    return mixture


def gathered(args: argparse.Namespace) -> packed.Pictures:
    """The pictures of the sources that the arguments name."""
    photos = {
        "street": street_photos(args.data),
        "goods": goods_photos(args.goods_boxes, args.data) if args.goods_boxes else [],
        "garment": garment_photos(args.garment_boxes, args.data) if args.garment_boxes else [],
        "more": [
            *(more_photos(args.more_boxes, args.data) if args.more_boxes else []),
            *given_photos(args.data_set, args.data),
        ],
    }
    grounds = [sample.image for sample in grocery.photos("train", args.data)]
    return packed.Pictures(photos, load_cut_outs(args.data), grounds, PhotoCache(round(1.5 * args.size)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    add_sources(parser)
    parser.add_argument("--out", type=Path, default=Path("runs/detector.zip"), help="default: %(default)s")
    parser.add_argument(
        "--most",
        type=values.count,
        default=600,
        help="photos of goods, and of garments (default 600)",
    )
    parser.add_argument("--quality", type=values.count, default=70, help="of WebP (default 70)")
    parser.add_argument("--seed", type=values.seed, default=0, help="of which photos (default 0)")


def run(args: argparse.Namespace) -> int:
    require_file("--out", args.out)
    pictures = gathered(args)
    rng = np.random.default_rng(args.seed)
    for source in ("goods", "garment"):
        photos = pictures.photos[source]
        pictures.photos[source] = [photos[i] for i in sorted(rng.permutation(len(photos))[: args.most])]
    # Grounds are out of focus: those that are packed as goods do as well.
    goods = [photo.image for photo in pictures.photos["goods"]]
    pictures.grounds = (goods or pictures.grounds)[: args.most]
    packed.write(pictures, args.out, data_root(args.data), args.quality)
    tell(f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB")
    return 0
