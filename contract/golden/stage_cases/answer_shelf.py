"""Shelf and bundle of the whole answers' golden cases, in ``stages/answers``: written once, and kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.formats import Product, ShardMeta, create_shard
from pocketshelf.formats.bundle import AttributeSpec, Bundle, DetectorSpec, EmbedderSpec, write_bundle
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.formats.preprocessing import Preprocessing
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.formats.turned_head import NAMES, TurnedHead
from pocketshelf.stages.colours import joined

__all__ = ["BUNDLE", "MANIFEST", "SHARD", "centres", "golden_turns", "products", "write_shelf"]

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "contract" / "golden" / "stages" / "answers"
BUNDLE, SHARD, MANIFEST = FOLDER / "bundle", FOLDER / "shard.sqlite", FOLDER / "manifest.json"
# What a bundle shipped once, made to trust some answers of a shelf so small and so alike. It is of no bundle
# of today, so that a new calibration leaves the cases as they are.
CALIBRATION = Path(__file__).with_name("calibration.json")
DIMENSION, SEQUENCE = 24, 90
# Those of the shop; the model knows all but the last.
CATEGORIES = {"T-Shirts": 14, "Coats": 9, "Shoes": 12, "Milk": 6, "Röcke": 5, "Kites": 4}
COLOURS, SLEEVES = ("red", "green", "blue"), ("short", "long")


def centres() -> dict[str, np.ndarray]:
    """What the vectors of a category lie around."""
    rng = np.random.default_rng(1560)
    return {name: rng.normal(size=DIMENSION) for name in CATEGORIES}


def write_shelf() -> None:
    """Bundle, shard and manifest."""
    BUNDLE.mkdir(parents=True, exist_ok=True)
    bundle = write_golden_bundle()
    meta = ShardMeta(bundle.space, bundle.preprocessing_hash, bundle.name, SEQUENCE, DIMENSION)
    SHARD.unlink(missing_ok=True)
    create_shard(SHARD, meta, products())
    catalogue = {"T-Shirts": 40, "Coats": 9, "Shoes": 300, "Milk": 6, "Kites": 4, "Bags": 70}
    document = {
        "format": "pocketshelf-manifest",
        "version": 1,
        "shard": "all",
        "space": bundle.space,
        "preprocessing": bundle.preprocessing_hash,
        "sequence": SEQUENCE,
        "oldest_delta": None,
        "snapshot": {"target": f"all/snapshot-{SEQUENCE}.sqlite.gz", "length": 1},
        "deltas": [],
        "categories": {
            name: {"local": CATEGORIES.get(name, 0), "catalogue": count} for name, count in catalogue.items()
        },
    }
    MANIFEST.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def products() -> list[Product]:
    """Alike ones of each category, some of several pictures, some of the very same vector."""
    rng, found = np.random.default_rng(1561), []
    for category, centre in centres().items():
        shared = quantize_vectors(centre + 0.8 * rng.normal(size=(1, DIMENSION)))
        for number in range(CATEGORIES[category]):
            pictures = quantize_vectors(centre + 0.8 * rng.normal(size=(1 + number % 3, DIMENSION)))
            states = {
                "sleeve": SLEEVES[number % 2],
                "colour": COLOURS[number % 3].upper(),
                "size": ["M", "L"],
                "price": 9.5 + number,
                "year": 2020.0 + number % 4,
                "sale": number % 5 == 0,
            }
            if number % 4 != 3:
                states["palette"] = joined(palette(number + picture) for picture in range(1 + number % 3))
            name = f"{category[:2]}{number:02}" if number % 4 else f"{category[:2]}é{number:02}"
            vectors = shared if number in (1, 4, 5) else pictures
            title = f"{category}, number {number}" if number else ""
            image = f"{category}/{number}.jpg" if number % 2 else None
            found.append(Product(name, len(found) + 1, category, title, image, vectors, states))
    return found


def palette(number: int) -> str:
    """One of those of the drawn photo's colours, or of none of them."""
    red, blue = 20 + 25 * (number * 5 % 7), 30 + 20 * (number * 3 % 8)
    return f"{red:02x}6e{blue:02x}:{40 + number % 9} {blue:02x}8c{red:02x}:30 f2f0ee:{number % 3}"


def golden_group_head() -> GroupHead:
    """To it, skirts look like outerwear and kites like footwear; of uppers and goods it says nothing."""
    known = np.array([centres()[name] for name in ("Kites", "Röcke")], np.float32)
    return GroupHead(("footwear", "outerwear"), known, np.zeros(2, np.float32))


def golden_turns() -> np.ndarray:
    """float32 (2, D), of length 1: what something sideways has in its vector, and something upside down."""
    drawn = np.random.default_rng(1565).normal(size=(2, DIMENSION))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def golden_turned_head() -> TurnedHead:
    """Upright is what has little of either of `golden_turns`."""
    weights = np.concatenate([np.zeros((1, DIMENSION), np.float32), 40 * golden_turns()])
    return TurnedHead(NAMES, weights, np.array([20, 0, 0], np.float32), threshold=0.7)


def write_golden_bundle() -> Bundle:
    """Small inputs, stand-ins for the models, and the recall model of the shipped bundle."""
    for kind in ("embedder", "detector"):
        (BUNDLE / f"{kind}.tflite").write_bytes(f"stand-in for the {kind}\n".encode())
    embedder = EmbedderSpec(
        "embedder.tflite",
        Preprocessing((32, 32), margin=0.05),
        DIMENSION,
        ("T-Shirts", "Coats", "Shoes", "Milk", "Röcke", "Bags"),
        {"embedding": 1, "categories": 0},
        1.3,
        {
            "colour": AttributeSpec(3, COLOURS),
            "sleeve": AttributeSpec(2, SLEEVES, ("T-Shirts", "Coats")),
        },
    )
    detector = DetectorSpec(
        "detector.tflite",
        Preprocessing((64, 64)),
        ("upper", "outerwear", "footwear", "goods"),
        outputs={"scores": 1, "distances": 0},
        score_threshold=0.45,
        frame_weight={"upper": 0.7, "outerwear": 0.7, "goods": 0.5},
        categories={
            "upper": ("T-Shirt", "Top"),
            "outerwear": ("Coat",),
            "footwear": ("Shoes", "Boots"),
            "goods": ("Milk",),
        },
    )
    recall = json.loads(CALIBRATION.read_text())
    looks = golden_group_head().to_json("golden-space")
    turned = golden_turned_head().to_json("golden-space")
    bundle = Bundle(BUNDLE, "golden-answers", "golden-space", embedder, detector, recall)
    return write_bundle(replace(bundle, groups=looks, turned=turned))
