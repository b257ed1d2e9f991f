"""Where garments come from: street photos by drawn, cut or detected boxes; pictures of single garments.

`boxes`: as drawn. `cut`: the same, all but the garment's own pixels grey, so that nothing of the street, the
light or a neighbouring garment is seen. `detected`: as the bundle's detector finds them.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from PIL import Image

from pocketshelf.encoder import Encoder
from pocketshelf.stages.preprocess import Photo
from pocketshelf_training.data import clothing, shop, street
from pocketshelf_training.data.protocol import data_root
from pocketshelf_training.outfits.garments import Find, Garments, Spotted, embed_garments, kept

__all__ = ["WORN", "garments_at_home", "shop_pictures", "street_garments", "tagged_garments"]

# What an outfit consists of here: accessories are many, small, and often a pair of stockings.
WORN = ("upper", "outerwear", "dress", "trousers", "shorts", "skirt", "footwear", "bag", "hat")


def street_garments(
    encoder: Encoder,
    how: str,
    root: str | Path | None = None,
    cache: Path | None = None,
    split: str = "val",
) -> Garments:
    """The garments of the street photos with boxes; ``how``: boxes, cut or detected.

    Args:
        split: whose photos are read besides train's.

    Raises:
        DataMissing: the data set is not there.
    """
    base = data_root(root)
    suffix = "" if split == "val" else f"-{split}"

    def make() -> Garments:
        known = {p.image: (p, name) for name in ("train", split) for p in street.load_photos(name, base)}
        photos = [(path, name) for path, (_, name) in known.items()]
        if how == "detected":
            return embed_garments(encoder, photos, base, lambda path: _detected(encoder))
        drawn = functools.partial(_drawn, cut=how == "cut")
        return embed_garments(encoder, photos, base, lambda path: drawn(known[path][0]))

    return kept(cache, f"street-{how}{suffix}", encoder.bundle, make)


def tagged_garments(encoder: Encoder, root: str | Path | None = None, cache: Path | None = None) -> Garments:
    """Those that the detector finds in the street photos of which only tags are known; split train."""
    base = data_root(root)

    def make() -> Garments:
        photos = [(sample.image, "train") for sample in street.load_tagged(base)]
        return embed_garments(encoder, photos, base, lambda path: _detected(encoder))

    return kept(cache, "street-tagged", encoder.bundle, make)


def shop_pictures(encoder: Encoder, root: str | Path | None = None, cache: Path | None = None) -> Garments:
    """The garment shop's main pictures, whole; the group is the likeliest that its category may be."""
    base = data_root(root)

    def make() -> Garments:
        known = {
            s.image: s
            for s in shop.load(base)
            if s.domain == "shop" and s.category in shop.GROUPS_OF_CATEGORY
        }
        groups = {c: groups[0] for c, groups in shop.GROUPS_OF_CATEGORY.items()}
        photos = [(path, s.split) for path, s in known.items()]
        return embed_garments(
            encoder,
            photos,
            base,
            lambda path: _whole(groups[known[path].category or ""], known[path].identity or ""),
        )

    return kept(cache, "shop", encoder.bundle, make)


def garments_at_home(encoder: Encoder, root: str | Path | None = None, cache: Path | None = None) -> Garments:
    """The photos of single garments at home whose label has a group, whole."""
    base = data_root(root)

    def make() -> Garments:
        known = {s.image: s for s in clothing.load(base) if s.attributes["label"] in clothing.GROUP_OF}
        photos = [(path, s.split) for path, s in known.items()]

        def find(path: Path) -> Find:
            label = known[path].attributes["label"]
            return _whole(clothing.GROUP_OF[label], label)

        return embed_garments(encoder, photos, base, find)

    return kept(cache, "clothing", encoder.bundle, make)


def _whole(group: str, label: str) -> Find:
    return lambda photo: [Spotted(group, label)]


def _drawn(known: street.StreetPhoto, cut: bool) -> Find:
    def find(photo: Photo) -> list[Spotted]:
        mask = _mask(known, photo) if cut else None
        found = []
        for group, label, value, corners in zip(
            known.groups, known.labels, known.label_ids, known.boxes, strict=True
        ):
            x0, y0, x1, y1 = map(float, corners)
            if group in WORN:
                visible = None if mask is None else mask == value
                found.append(Spotted(group, label, (x0, y0, x1 - x0, y1 - y0), visible))
        return found

    return find


def _mask(known: street.StreetPhoto, photo: Photo) -> np.ndarray:
    """The pixel labels at the size of the decoded photo."""
    height, width = photo.pixels.shape[:2]
    return np.asarray(Image.fromarray(known.read_mask()).resize((width, height), Image.Resampling.NEAREST))


def _detected(encoder: Encoder) -> Find:
    def find(photo: Photo) -> list[Spotted]:
        found = [region.detection for region in encoder.encode(photo).regions]
        return [Spotted(d.group, d.group, d.box, score=d.score) for d in found if d.group in WORN]

    return find
