"""A search that asks a server: when, with what, and how sure it is of what it answers; no network."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_things import photo_of
from fake_models import make_bundle
from pocketshelf import Retriever
from pocketshelf.errors import ServerError
from pocketshelf.formats import Bundle
from pocketshelf.recall import Signals
from pocketshelf.shelf import Shelf
from pocketshelf.store import Store
from pocketshelf.types import Hit

CONFIDENCE = {"threshold": 0.5, "bias": 0.0, "features": {"lead_2": {"mean": 0, "scale": 1, "weight": 0}}}


class Recording:
    """A fallback that knows one more product."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[tuple[Any, ...]] = []

    def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
        self.calls.append((vector, space, categories, k))
        if self.error is not None:
            raise self.error
        return [Hit("far", 1.0, "Far away", "Red things"), Hit("red", 0.5, "The server's red", "Red things")]


class Fixed:
    """An estimator that always says the same."""

    def __init__(self, value: float | None) -> None:
        self.value = value
        self.signals: list[Signals] = []

    def estimate(self, signals: Signals) -> float | None:
        self.signals.append(signals)
        return self.value

    def suffices(self, recall: float) -> bool:
        return recall >= 0.5


def open_with(store: Path, bundle: Bundle, recall: float | None, fallback: Any) -> Retriever:
    return Retriever.open(store, bundle, recall_estimator=Fixed(recall), fallback=fallback)


def test_a_low_estimate_asks_the_server_with_the_vector(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    server = Recording()
    with open_with(store, fake_bundle, 0.2, server) as opened:
        result = opened.search(photo_of(tmp_path), top_k=3)
    (vector, space, categories, k) = server.calls[0]
    assert isinstance(vector, np.ndarray) and vector.shape == (16,) and len(server.calls) == 1
    assert (space, categories, k) == ("fake-space", (), 3)
    assert (result.fallback, result.local_recall) == (True, 0.2)
    hits = result.regions[0].hits
    assert hits is not None and [(h.product_id, h.source) for h in hits[:2]] == [
        ("far", "server"),
        ("red", "local"),
    ]
    assert len(hits) == 3 and hits[1].title == "The red thing"


def test_a_good_estimate_answers_locally(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    server = Recording()
    with open_with(store, fake_bundle, 0.9, server) as opened:
        assert opened.search(photo_of(tmp_path)).fallback is False
        assert server.calls == []
        assert opened.search(photo_of(tmp_path), fallback=True, category="red things").fallback is True
        assert server.calls[0][2] == ("Red things",)


def test_fallback_false_never_asks_and_without_an_estimate_the_server_is_asked(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    server = Recording()
    with open_with(store, fake_bundle, 0.1, server) as opened:
        assert opened.search(photo_of(tmp_path), fallback=False).fallback is False
    with open_with(store, fake_bundle, None, server) as opened:
        result = opened.search(photo_of(tmp_path))
    assert (result.local_recall, result.fallback, len(server.calls)) == (None, True, 1)


def test_a_server_that_is_away_is_no_error(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    with open_with(store, fake_bundle, 0.1, Recording(ServerError("away"))) as opened:
        result = opened.search(photo_of(tmp_path))
    assert result.fallback == "unavailable" and result.to_json()["fallback"] == "unavailable"
    assert result.regions[0].hits[0].product_id == "red"  # type: ignore[index]


def test_the_estimator_sees_the_search_s_signals(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    estimator = Fixed(0.9)
    with Retriever.open(store, fake_bundle, recall_estimator=estimator) as opened:
        result = opened.search(photo_of(tmp_path))
    (signals,), hits = estimator.signals, result.regions[0].hits
    assert hits and signals.scores == [hit.score for hit in hits]
    assert signals.hit_categories == [hit.category for hit in hits]
    assert len(signals.categories) == 5 and signals.categories[:1] == list(result.regions[0].categories[:1])
    shares = [p for _, p in signals.categories]
    assert shares == sorted(shares, reverse=True) and sum(shares) == pytest.approx(1)
    assert signals.coverage is None


def test_a_shelf_s_coverage_is_that_of_the_generation_s_manifest(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    with Store.open(store) as opened:
        folder, meta = opened.folder.generation(opened.generation), opened.meta
    counts = {"Red things": (2, 8), "Green things": (2, 2), "Blue things": (9, 3), "Never here": (0, 0)}
    manifest = {
        **{"format": "pocketshelf-manifest", "version": 1, "shard": "half", "sequence": 1, "deltas": []},
        **{"space": meta.space, "preprocessing": meta.preprocessing},
        "snapshot": {"target": "half/snapshot-1.sqlite.gz", "length": 1},
        "categories": {name: {"local": local, "catalogue": n} for name, (local, n) in counts.items()},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    estimator = Fixed(0.9)
    with Retriever.open(store, fake_bundle, recall_estimator=estimator) as reopened:
        reopened.search(photo_of(tmp_path))
    assert estimator.signals[0].coverage == {
        "Red things": 0.25,
        "Green things": 1.0,
        "Blue things": 1.0,
        "Never here": 0.0,
    }


def test_a_bundle_without_calibration_has_no_estimate(store: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "plain")
    document = json.loads((tmp_path / "plain" / "bundle.json").read_text())
    del document["recall"]
    (tmp_path / "plain" / "bundle.json").write_text(json.dumps(document))
    with Retriever.open(store, bundle.folder) as opened:
        assert opened.search(photo_of(tmp_path)).local_recall is None


def test_products_of_another_group_fall_wherever_they_come_from(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is "goods", which claims green things; red ones are claimed by "upper"."""
    monkeypatch.setattr(Shelf, "has_palettes", False)
    shelves = {"goods": ("Green things",), "upper": ("Red things",)}
    bundle = make_bundle(tmp_path / "grouped", categories=shelves)
    with Retriever.open(store, bundle, fallback=Recording()) as opened:
        (alone,) = opened.search(photo_of(tmp_path), top_k=9, category="all", fallback=False).regions
        (asked,) = opened.search(photo_of(tmp_path), top_k=9, category="all", fallback=True).regions
    with Retriever.open(store, make_bundle(tmp_path / "plain")) as opened:
        (plain,) = opened.search(photo_of(tmp_path), top_k=9, category="all").regions
    before, after, server = (
        {hit.product_id: hit.score for hit in r.hits or ()} for r in (plain, alone, asked)
    )
    fall = 0.15 * alone.score
    assert after["red"] == pytest.approx(before["red"] - fall)
    assert after["green"] == pytest.approx(before["green"])
    assert server["far"] == pytest.approx(1.0 - fall)
    assert server["red"] == after["red"]
    assert list(after.values()) == sorted(after.values(), reverse=True)


def test_what_is_known_of_an_answer_does_not_hang_on_how_many_hits_are_shown(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    """By the lead over the second hit, which is not shown where one is asked for."""
    model = {"threshold": 0.5, "bias": 0.0, "features": {"lead_2": {"mean": 0, "scale": 1, "weight": 40}}}
    bundle = replace(fake_bundle, recall={"version": 2, "k": 10, **model, "confidence": model})
    found = []
    for top_k in (1, 2, 5, 10):
        with Retriever.open(store, bundle) as opened:
            result = opened.search(photo_of(tmp_path), top_k=top_k)
        (region,) = result.regions
        assert region.hits is not None and len(region.hits) == min(top_k, 6)
        found.append((region.hits[0].product_id, region.confidence, result.local_recall))
    assert len(set(found)) == 1 and found[0][1] > 0.5


@pytest.mark.parametrize(("bias", "confident"), [(3.0, True), (-3.0, False)])
def test_each_region_says_how_sure_it_is_of_its_first_hit(
    store: Path, fake_bundle: Bundle, tmp_path: Path, bias: float, confident: bool
) -> None:
    recall = {"version": 2, "k": 10, **CONFIDENCE, "confidence": {**CONFIDENCE, "bias": bias}}
    with Retriever.open(store, replace(fake_bundle, recall=recall)) as opened:
        (region,) = opened.search(photo_of(tmp_path)).regions
    assert region.confidence == pytest.approx(1 / (1 + math.exp(-bias)))
    assert region.confident is confident and region.to_json()["confident"] is confident


def test_a_bundle_without_calibration_says_that_it_asks(
    store: Path, fake_bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, without = Recording(), replace(fake_bundle, recall=None)
    with Retriever.open(store, without, fallback=server) as opened:
        results = [opened.search(photo_of(tmp_path)) for _ in range(2)]
    assert [(result.local_recall, result.fallback) for result in results] == [(None, True)] * 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no calibration" in caplog.text
    caplog.clear()
    with Retriever.open(store, without) as opened:
        assert opened.search(photo_of(tmp_path)).fallback is False
    assert not caplog.records
