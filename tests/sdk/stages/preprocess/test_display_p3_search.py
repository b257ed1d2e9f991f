"""An iPhone's colours cost no hits: what `benchmarks/display_p3.py` prints for 250 photos, on fewer.

A first hit is the same or not: of 63 photos one or three change, by which are taken. So hits are set beside
those of the profile ignored, and how much saving changes is asked of the vectors.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pocketshelf import Retriever, build_store, decode_photo
from pocketshelf.encoder import Encoder
from pocketshelf.formats.bundle import load_bundle

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"


def test_display_p3_finds_what_srgb_finds(
    real_photos: Path, trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five of 250 first hits change, four by another quality; eleven if not converted."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    benchmark = importlib.import_module("display_p3")
    photos = sorted((real_photos / "grocery/photos/val").glob("*.jpg"))[:250:4]
    assert len(photos) == 63
    build_store(real_photos / "grocery/products.csv", tmp_path / "store", bundle=trained_bundle)
    with Retriever.open(tmp_path / "store", trained_bundle) as retriever:
        found = benchmark.first_hits(photos, retriever)
    changed = {
        name: sum(a != b for a, b in zip(hits, found["sRGB"], strict=True)) for name, hits in found.items()
    }
    assert changed["Display P3"] < changed["Display P3, profile ignored"]


def test_saving_in_display_p3_changes_a_vector_as_another_quality_does(
    real_photos: Path, trained_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    ways = importlib.import_module("display_p3").ways()
    encoder = Encoder.open(load_bundle(trained_bundle))
    change: dict[str, list[float]] = {name: [] for name in ways}
    for photo in sorted((real_photos / "grocery/photos/val").glob("*.jpg"))[:250:8]:
        image = Image.fromarray(decode_photo(photo).pixels)
        vectors = {name: encoder.embed(decode_photo(way(image))) for name, way in ways.items()}
        for name, vector in vectors.items():
            change[name].append(1 - float(vector @ vectors["sRGB"]))
    mean = {name: float(np.mean(found)) for name, found in change.items()}
    assert len(change["sRGB"]) == 32 and mean["sRGB"] == pytest.approx(0, abs=1e-6)
    assert 0 < mean["Display P3"] < 1.25 * mean["sRGB, another quality"]
    assert mean["Display P3"] < mean["Display P3, profile ignored"] / 2
