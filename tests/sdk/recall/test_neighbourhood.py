"""A shelf's own distances: features in their units do not depend on how close a shop's products lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pocketshelf.formats.product import Product, quantize_vectors
from pocketshelf.formats.shard import Shard, ShardMeta, create_shard
from pocketshelf.recall import Neighbourhood, Signals


def shelf(path: Path, vectors: np.ndarray) -> Neighbourhood:
    products = [
        Product(f"p{i:04}", 1, "things", "", "", quantize_vectors(v)[None]) for i, v in enumerate(vectors)
    ]
    create_shard(path, ShardMeta("space", "hash", "bundle", 1, vectors.shape[1]), products)
    return Neighbourhood(Shard(path))


def directions(count: int, spread: float, seed: int = 0) -> np.ndarray:
    """Unit vectors around one direction."""
    rng = np.random.default_rng(seed)
    vectors = np.eye(32)[0] + spread * rng.normal(size=(count, 32))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_nearest_other_product(tmp_path: Path) -> None:
    vectors = directions(60, 0.3)
    cosines = vectors @ vectors.T - 3 * np.eye(60)
    mean, spread = shelf(tmp_path / "a.shard", vectors).nearest
    assert mean == pytest.approx(cosines.max(axis=1).mean(), abs=0.01)
    assert spread == pytest.approx(max(0.02, cosines.max(axis=1).std()), abs=0.01)


def test_the_background_of_a_query(tmp_path: Path) -> None:
    vectors, query = directions(60, 0.3), directions(1, 0.3, seed=1)[0]
    mean, spread = shelf(tmp_path / "a.shard", vectors).background(5 * query)
    assert (mean, spread) == pytest.approx(((vectors @ query).mean(), (vectors @ query).std()), abs=0.01)


@pytest.mark.parametrize("count", [0, 1])
def test_a_shelf_of_next_to_nothing(tmp_path: Path, count: int) -> None:
    few = shelf(tmp_path / "a.shard", directions(count, 0.3).reshape(count, 32))
    signals = Signals([0.5] * count, ["things"] * count, query=directions(1, 0.3)[0], shelf=few)
    assert np.isfinite(list(signals.features().values())).all()


def test_a_large_shelf_is_sampled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pocketshelf.formats.layout.SAMPLE", 20)
    vectors = directions(60, 0.3)
    sampled = shelf(tmp_path / "a.shard", vectors).cohort
    assert sampled.shape == (20, 32) and (sampled @ vectors.T).max(axis=1).min() > 0.99


def test_a_stranger_stands_out_alike_in_close_and_in_loose_shelves(tmp_path: Path) -> None:
    """The right cosine differs from shop to shop; in the shelf's own spread it is far out in each."""
    found = {}
    for name, spread in (("close", 0.05), ("loose", 0.3)):
        vectors = directions(200, spread)
        near = shelf(tmp_path / f"{name}.shard", vectors)
        query = vectors[7] + spread * 0.3 * np.random.default_rng(2).normal(size=32)
        stranger = directions(1, spread, seed=9)[0]
        for kind, vector in (("right", query), ("absent", stranger)):
            cosines = np.sort(vectors @ (vector / np.linalg.norm(vector)))[::-1]
            found[name, kind] = Signals(cosines[:10].tolist(), query=vector, shelf=near)
    scores = {key: signals.scores[0] for key, signals in found.items()}
    assert scores["close", "absent"] > scores["loose", "right"] - 0.05  # One cosine for all cannot tell.
    gaps = {key: signals.feature("nearest_gap") for key, signals in found.items()}
    assert min(gaps["close", "right"], gaps["loose", "right"]) > max(
        gaps["close", "absent"], gaps["loose", "absent"]
    )
