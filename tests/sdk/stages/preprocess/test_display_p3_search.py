"""An iPhone's colours cost no hits: what `benchmarks/display_p3.py` prints for 250 photos, on fewer."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from pocketshelf import Retriever, build_store

BENCHMARKS = Path(__file__).parents[4] / "benchmarks"


def test_display_p3_finds_what_srgb_finds(
    real_photos: Path, trained_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """About what saving anew changes: five of 250 first hits, four by quality; thirteen if not converted."""
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
    assert changed["Display P3"] <= 1 + changed["sRGB, another quality"]
    assert changed["Display P3"] < changed["Display P3, profile ignored"]
