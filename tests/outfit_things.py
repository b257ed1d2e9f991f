"""Stand-ins for outfits: a bundle whose detector knows garments, a head, a shop, and a library of looks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from drawn_things import COLOURS, draw_thing
from fake_models import DIMENSION, FakeDetector, make_bundle
from pocketshelf.catalogue import build_store
from pocketshelf.formats import Bundle, write_bundle
from pocketshelf.formats.bundle import FileSpec
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.formats.space import space_of
from pocketshelf.outfit import ROLES, OutfitHead, save_head
from pocketshelf.outfit.colour_head import ColourHead
from pocketshelf.outfit.looks import look_product
from pocketshelf.runtime import register
from pocketshelf.stages.colours import histograms
from pocketshelf.store import Store

# The stand-in detector's second column is the thing it is surest of: here an upper.
GROUPS = ("goods", "upper", "trousers", "footwear", "bag", "shorts", "outerwear")
NAMES = {
    "upper": ("Shirt",),
    "trousers": ("Jeans",),
    "footwear": ("Shoes",),
    "bag": ("Bag",),
    "shorts": ("Shorts",),
    "outerwear": ("Coats",),
    "goods": ("Milk",),
}
SHOP = {
    "red": "Jeans",
    "scarlet": "Jeans",
    "green": "Jeans",
    "blue": "Shoes",
    "lime": "Shoes",
    "purple": "Milk",
}


class WornDetector(FakeDetector):
    """The stand-in with columns for the further groups, in which it sees nothing."""

    def run(self, pixels: np.ndarray) -> list[np.ndarray]:
        scores, distances = super().run(pixels)
        rest = np.zeros((1, scores.shape[1], len(GROUPS) - scores.shape[2]), np.float32)
        return [np.concatenate([scores, rest], axis=2), distances]


register(".worn", lambda path, threads: WornDetector())


def make_head(seed: int = 0, size: int = 6, dimension: int = DIMENSION, **more: object) -> OutfitHead:
    """A head of chance."""
    rng = np.random.default_rng(seed)
    count = len(ROLES)
    masks = rng.random((count, count, size)).astype(np.float32)
    return OutfitHead(
        roles=ROLES,
        projections={
            name: rng.normal(size=(dimension, size)).astype(np.float32) for name in ("street", "shop")
        },
        shifts={name: rng.normal(size=size).astype(np.float32) for name in ("street", "shop")},
        masks=masks + masks.transpose(1, 0, 2),
        level=rng.normal(size=(count, count)).astype(np.float32),
        spread=(0.5 + rng.random((count, count))).astype(np.float32),
        **more,  # type: ignore[arg-type]
    )


def make_colours(seed: int = 0, size: int = 5) -> ColourHead:
    """A second part of chance, at colours' usual weights."""
    rng = np.random.default_rng(seed)
    count, bins = len(ROLES), histograms([""]).shape[1]
    return ColourHead(
        projection=rng.normal(size=(bins, size)).astype(np.float32),
        shift=rng.normal(size=size).astype(np.float32),
        level=rng.normal(size=(count, count)).astype(np.float32),
        spread=(0.5 + rng.random((count, count))).astype(np.float32),
        total=(1 + rng.random((count, count))).astype(np.float32),
        weight=1.0,
        nearness=0.5,
    )


def make_outfit_bundle(folder: Path, head: OutfitHead | None = None) -> Bundle:
    """A bundle of stand-ins with a head."""
    bundle = make_bundle(folder)
    (folder / "detector.worn").write_text(json.dumps({"kind": "detector"}))
    save_head(folder / "outfit.npz", head or make_head())
    assert bundle.detector is not None
    detector = replace(bundle.detector, file="detector.worn", groups=GROUPS, categories=NAMES)
    return write_bundle(replace(bundle, detector=detector, outfit=FileSpec("outfit.npz")))


def make_shop(folder: Path, bundle: Bundle) -> Path:
    """A store of coloured things as jeans and shoes, and one that is no garment."""
    return make_stated(
        folder, bundle, "", {n: (f"The {n} {category}", category) for n, category in SHOP.items()}
    )


def make_stated(folder: Path, bundle: Bundle, more: str, shop: Mapping[str, Sequence[str]]) -> Path:
    """A store of coloured things: colour → title, category, what stands in ``more`` columns (",season")."""
    folder.mkdir(parents=True)
    lines = [f"product_id,title,category,image{more}"]
    for name, (title, category, *stated) in shop.items():
        draw_thing(COLOURS[name][0]).save(folder / f"{name}.png")
        lines.append(",".join([name, title, category, f"{name}.png", *stated]))
    (folder / "catalogue.csv").write_text("\n".join(lines))
    build_store(folder / "catalogue.csv", folder / "store", bundle=bundle)
    return folder / "store"


def make_looks(folder: Path, bundle: Bundle, looks: dict[str, dict[str, np.ndarray]]) -> Path:
    """A library: look → role → vector."""
    products = [
        look_product(name, role, vector, f"{name}.jpg", 1)
        for name, worn in looks.items()
        for role, vector in worn.items()
    ]
    Store.create(folder, ShardMeta.of(space_of(bundle), 1), products).close()
    return folder


def photo_of(colour: str, path: Path) -> Path:
    """A photo with one thing, which the detector takes for an upper."""
    draw_thing(COLOURS[colour][0], (320, 260)).save(path)
    return path


def blank(path: Path) -> Path:
    """A photo of nothing."""
    Image.new("RGB", (60, 40), "white").save(path)
    return path
