"""Golden cases of the recall estimate: a shelf's own distances, the signals, the models, the cohort."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from contract.golden.stage_cases.arrays import pack, unpack
from pocketshelf.formats import Product, ShardMeta, create_shard, open_shard
from pocketshelf.formats.product import quantize_vectors
from pocketshelf.recall import Neighbourhood, Signals, parse_confidence, parse_recall
from pocketshelf.recall.neighbourhood import COHORT
from pocketshelf.recall.signals import ALL_FEATURES, OLD_FEATURES

__all__ = ["cohorts", "cohorts_of", "estimates", "estimates_of", "signals", "signals_of"]

ROOT = Path(__file__).resolve().parents[3]
CATEGORIES = ["Apple", "Pear", "Shoes", "Shirts", "Bags"]


def signals() -> list[dict[str, Any]]:
    """Searches, with all that a search tells, and with less and less of it."""
    rng = np.random.default_rng(1531)
    shelf = np.concatenate([rng.normal(size=(60, 32)), rng.normal(size=(20, 32)) * 0.3 + 1.0])
    packed = pack(quantize_vectors(shelf))
    scores = [0.83, 0.71, 0.705, 0.6, 0.55, 0.5]
    whole: dict[str, Any] = {
        "scores": scores,
        "hit_categories": ["Pear", "Pear", "Shoes", "Pear", "Kites", "Bags"],
        "categories": [["Pear", 0.55], ["Apple", 0.2], ["Shoes", 0.15], ["Shirts", 0.1], ["Bags", 0.0]],
        "coverage": {"Pear": 0.5, "Apple": 1.0, "Shoes": 0.0},
        "held": ["Pear", "Apple", "Kites"],
        "detected": 0.62,
        "query": pack(shelf[3] + 0.4 * rng.normal(size=32)),
        "hit": pack(unpack(packed)[3].astype(np.float32)),
        "shelf": packed,
    }
    nothing: dict[str, Any] = {"scores": [], "hit_categories": [], "hit": None}
    changed: dict[str, dict[str, Any]] = {
        "all that a search tells": {},
        "the shelf is the whole catalogue": {"coverage": None, "held": None, "detected": 1.0},
        "a server's hit, whose vector is not at hand": {"hit": None},
        "one hit of a category that the model does not know": {
            "scores": scores[:1],
            "hit_categories": ["Kites"],
        },
        "no hits": nothing,
        "no categories": {"categories": []},
        "no shelf": {"shelf": None},
        "a shelf of one product": {"shelf": pack(unpack(packed)[:1])},
        "an empty shelf": {
            "shelf": pack(unpack(packed)[:0]),
            "scores": [],
            "hit_categories": [],
            "hit": None,
        },
        "a shelf of equal products": {"shelf": pack(np.repeat(unpack(packed)[:1], 9, axis=0))},
        "most of the shelf is of one category": {"common": 0.8},
    }
    return [{"name": name, **whole, **change} for name, change in changed.items()]


def signals_of(case: dict[str, Any]) -> dict[str, Any]:
    """Every feature of every version."""
    told = told_by(case)
    return {"features": {name: told.feature(name) for name in [*ALL_FEATURES, *OLD_FEATURES]}}


def told_by(case: dict[str, Any]) -> Signals:
    """The signals of a case."""
    return Signals(
        scores=case["scores"],
        hit_categories=case["hit_categories"],
        categories=[(name, p) for name, p in case["categories"]],
        coverage=case["coverage"],
        held=case["held"],
        detected=case["detected"],
        query=None if case["query"] is None else unpack(case["query"]),
        hit=None if case["hit"] is None else unpack(case["hit"]),
        shelf=None if case["shelf"] is None else neighbourhood(unpack(case["shelf"])),
        common=case.get("common", 0.0),
    )


def neighbourhood(vectors: np.ndarray) -> Neighbourhood:
    """That of a shelf with a product for each of int8 (n, D) ``vectors``."""
    meta = ShardMeta("golden", "0" * 16, "golden", len(vectors), vectors.shape[1])
    products = (Product(f"{i:06}", i + 1, "c", "", None, vectors[i : i + 1]) for i in range(len(vectors)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard.sqlite"
        create_shard(path, meta, products)
        with open_shard(path) as shard:
            around = Neighbourhood(shard)
            _ = around.cohort, around.nearest
    return around


def estimates() -> list[dict[str, Any]]:
    """Blocks of bundles over signals: version 2 with confidence, version 1, and from before it."""
    block = json.loads((ROOT / "models" / "universal" / "bundle.json").read_text())["recall"]
    of_old = {"bias": -4.0, "score": 8.0, "margin": 5.0, "threshold": 0.5}
    feature = {"mean": 0.6, "scale": 0.1, "weight": 1.9}
    names = ("top_score", "margin_2", "margin_5", "entropy", "coverage", "agreement", "hit_coverage")
    features = {name: {**feature, "weight": 0.4 * (-1) ** i, "scale": 0.2} for i, name in enumerate(names)}
    of_one = {"version": 1, "k": 10, "threshold": 0.93, "bias": 0.4, "features": features}
    blocks = {"version 2": block, "version 1": of_one, "before version 1": of_old, "none": None}
    return [
        {"name": f"{version}: {case['name']}", "recall": each, "signals": case}
        for version, each in blocks.items()
        for case in signals()[: 5 if version == "version 2" else 2]
    ] + [{"name": "beyond e to the 40", "recall": {**of_old, "bias": 4e4}, "signals": signals()[0]}]


def estimates_of(case: dict[str, Any]) -> dict[str, Any]:
    """Both models' probabilities and what follows; None where the bundle has no such model."""
    told, found = told_by(case["signals"]), {}
    for name, parse in (("recall", parse_recall), ("confidence", parse_confidence)):
        model = parse(case["recall"])
        p = None if model is None else model.estimate(told)
        found[name] = p
        found[f"{name}_suffices"] = None if model is None or p is None else model.suffices(p)
    return found


def cohorts() -> list[dict[str, Any]]:
    """Numbers of products on a shelf."""
    return [{"name": f"{n} products", "products": n} for n in (0, 1, 2048, 2049, 2500, 20000, 100001)]


def cohorts_of(case: dict[str, Any]) -> dict[str, Any]:
    """The products in the cohort by their places in the order of the ids: how many, some, and all summed.

    ``weighted`` is the sum of (place in the cohort + 1) · (place among the products).
    """
    drawn = np.sort(np.random.default_rng(0).permutation(case["products"])[:COHORT]).tolist()
    weighted = sum((i + 1) * place for i, place in enumerate(drawn))
    return {"count": len(drawn), "first": drawn[:40], "last": drawn[-40:], "weighted": weighted}
