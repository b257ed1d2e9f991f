"""What the phones' cores and the SDK are timed on: the folder that `pocketshelf-core bench --folder F` reads.

    scan.json       {"count", "dimension", "queries", "k"}; vectors.i8, count x dimension signed bytes, a row
                    a product, whose id is the row as six digits; queries.f32, queries x dimension
    shard.sqlite    as many products; delta.sqlite, 1,000 changes to it: 800 changed, 100 deleted, 100 new
    detector.json   what a bundle says of a detector, and a photo's size; scores.f32, distances.f32

Numbers are little-endian, row by row. All of it is synthetic, and the same in every run.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np

from pocketshelf.formats import DeltaMeta, Product, ShardMeta, create_delta, create_shard
from pocketshelf.formats.bundle import load_bundle
from pocketshelf.formats.product import quantize_vectors

__all__ = ["COUNT", "DIMENSION", "QUERIES", "K", "write_inputs"]

COUNT, DIMENSION, QUERIES, K = 20_000, 128, 50, 10
CHANGED, DELETED, NEW = 800, 100, 100
PHOTO = (3000, 4000)
ROOT = Path(__file__).resolve().parents[2]


def write_inputs(folder: Path) -> None:
    """All of it, into an empty folder."""
    write_scan(folder)
    write_shelf(folder)
    write_detector(folder)


def write_scan(folder: Path) -> None:
    """Vectors and queries that lie near some of them."""
    rng = np.random.default_rng(1570)
    vectors = rng.standard_normal((COUNT, DIMENSION), dtype=np.float32)
    near = vectors[rng.integers(0, COUNT, QUERIES)]
    queries = near + 0.8 * rng.standard_normal(near.shape, dtype=np.float32)
    (folder / "vectors.i8").write_bytes(quantize_vectors(vectors).tobytes())
    (folder / "queries.f32").write_bytes(queries.astype("<f4").tobytes())
    numbers = {"count": COUNT, "dimension": DIMENSION, "queries": QUERIES, "k": K}
    (folder / "scan.json").write_text(json.dumps(numbers))


def write_shelf(folder: Path) -> None:
    """A shard of many categories, and a delta to it."""
    space, preprocessing = "synthetic", "0123456789abcdef"
    create_shard(
        folder / "shard.sqlite", ShardMeta(space, preprocessing, "synthetic", COUNT, DIMENSION), products(0)
    )
    changes = products(1)[: CHANGED * 20 : 20] + [
        replace(product, product_id=f"new-{product.product_id}") for product in products(2)[:NEW]
    ]
    gone = [f"{row:06}" for row in range(10, COUNT, COUNT // DELETED)][:DELETED]
    sequences = iter(range(COUNT + 1, COUNT + CHANGED + NEW + DELETED + 1))
    upserts = [replace(product, sequence=next(sequences)) for product in changes]
    tombstones = [(product_id, next(sequences)) for product_id in gone]
    meta = DeltaMeta(space, preprocessing, DIMENSION, COUNT, COUNT + CHANGED + NEW + DELETED)
    create_delta(folder / "delta.sqlite", meta, upserts, tombstones)


def products(version: int) -> list[Product]:
    """Products by number; another ``version`` is another title, price and vector."""
    rng = np.random.default_rng([1571, version])
    vectors = quantize_vectors(rng.standard_normal((COUNT, 1, DIMENSION), dtype=np.float32))
    prices = rng.integers(500, 20_000, COUNT)
    return [
        Product(
            f"{row:06}",
            row + 1,
            f"category-{row % 40}",
            f"Classic linen shirt, {row}, of version {version}",
            f"pictures/{row}.jpg",
            vectors[row],
            {"brand": f"brand {row % 300}", "price": int(prices[row]) / 100, "size": "M"},
        )
        for row in range(COUNT)
    ]


def write_detector(folder: Path) -> None:
    """The output of a network of the shipped detector's shape that sees a crowd: in 5 % of the points."""
    spec = load_bundle(ROOT / "models" / "universal").detector
    assert spec is not None
    size = spec.preprocessing.size
    rng = np.random.default_rng(1572)
    points = sum((size[0] // stride) * (size[1] // stride) for stride in spec.strides)
    scores = rng.uniform(0, 0.04, (points, len(spec.groups)))
    loud = rng.uniform(size=points) < 0.05
    scores[loud] = rng.uniform(0, 0.9, (int(loud.sum()), len(spec.groups))) ** 3
    (folder / "scores.f32").write_bytes(scores.astype("<f4").tobytes())
    (folder / "distances.f32").write_bytes(rng.uniform(0.3, 4, (points, 4)).astype("<f4").tobytes())
    says = {
        "size": list(size),
        "strides": list(spec.strides),
        "groups": list(spec.groups),
        "nms_iou": spec.nms_iou,
        "score_threshold": spec.score_threshold,
        "width": PHOTO[0],
        "height": PHOTO[1],
    }
    (folder / "detector.json").write_text(json.dumps(says))
