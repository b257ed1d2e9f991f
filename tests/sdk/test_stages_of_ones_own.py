"""Stages that an app puts in the place of ours, by the public names alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import pocketshelf
from drawn_things import COLOURS, draw_thing
from pocketshelf import Detection, Embedding, Encoder, Retriever, Store, build_store
from pocketshelf.errors import BundleError, SpaceMismatch
from pocketshelf.formats import Bundle


class Corner:
    def detect(self, photo: pocketshelf.Photo) -> list[Detection]:
        return [Detection((0.0, 0.0, 8.0, 8.0), "goods", 0.9)]


class Means:
    """The mean colour."""

    def embed(self, photo: pocketshelf.Photo, box: pocketshelf.Box | None = None) -> Embedding:
        mean = photo.pixels.reshape(-1, 3).mean(axis=0) - 128
        return Embedding((mean / np.linalg.norm(mean)).astype(np.float32), {}, {})


class Fixed:
    """Whatever is asked, this vector."""

    def __init__(self, vector: np.ndarray) -> None:
        self.vector = vector

    def embed(self, photo: pocketshelf.Photo, box: pocketshelf.Box | None = None) -> Embedding:
        return Embedding(self.vector, {}, {})


def photo_of(name: str) -> np.ndarray:
    return np.asarray(draw_thing(COLOURS[name][0]).convert("RGB"))


@pytest.fixture
def own_space(fake_bundle: Bundle) -> Bundle:
    spec = replace(fake_bundle.embedder, dimension=3, attributes={})
    return replace(fake_bundle, name="means", space="means-3", embedder=spec, enrolment=None, recall=None)


def test_a_detector_of_one_s_own(shop: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    build_store(shop / "catalogue.csv", tmp_path / "s", bundle=fake_bundle)
    name = next(iter(COLOURS))
    with Retriever.open(tmp_path / "s", fake_bundle) as plain:
        ours = plain.search(photo_of(name)).regions[0]
    with Retriever.open(tmp_path / "s", fake_bundle, detector=Corner()) as retriever:
        (theirs,) = retriever.search(photo_of(name)).regions
        assert (theirs.box, theirs.group) == ((0.0, 0.0, 8.0, 8.0), "goods") != (ours.box, ours.group)
    # The class takes the same.
    opened = Retriever(Store.open(tmp_path / "s"), Encoder.open(fake_bundle), detector=Corner())
    with opened as retriever:
        assert retriever.search(photo_of(name)).regions[0].box == (0.0, 0.0, 8.0, 8.0)


def test_an_embedder_of_one_s_own_in_a_space_of_its_own(
    shop: Path, own_space: Bundle, tmp_path: Path
) -> None:
    encoder = Encoder.open(own_space, embedder=Means())
    report = build_store(shop / "catalogue.csv", tmp_path / "s", encoder=encoder)
    assert report.products == len(COLOURS)
    with Retriever.open(tmp_path / "s", own_space, embedder=Means()) as retriever:
        for name in COLOURS:
            hits = retriever.search(photo_of(name), whole=True).regions[0].hits
            assert hits[0].product_id == name and len(hits) == len(COLOURS)


def test_a_store_of_another_space_is_refused(
    shop: Path, fake_bundle: Bundle, own_space: Bundle, tmp_path: Path
) -> None:
    build_store(shop / "catalogue.csv", tmp_path / "s", bundle=fake_bundle)
    with pytest.raises(SpaceMismatch, match="means-3"):
        Retriever.open(tmp_path / "s", own_space, embedder=Means())


@pytest.mark.parametrize("vector", [np.ones(3, np.float32), np.ones((1, 16), np.float32), 1.0])
def test_a_vector_of_another_shape_is_named(
    shop: Path, fake_bundle: Bundle, tmp_path: Path, vector: np.ndarray
) -> None:
    build_store(shop / "catalogue.csv", tmp_path / "s", bundle=fake_bundle)
    with (
        Retriever.open(tmp_path / "s", fake_bundle, embedder=Fixed(vector)) as retriever,
        pytest.raises(BundleError, match=r"that of the bundle .* is \[16\]"),
    ):
        retriever.search(photo_of(next(iter(COLOURS))))


def test_networks_that_are_replaced_are_not_loaded(
    fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loaded(*_: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr("pocketshelf.encoder.open_model", loaded)
    encoder = Encoder.open(fake_bundle, detector=Corner(), embedder=Fixed(np.ones(16, np.float32)))
    assert encoder.detect(photo_of(next(iter(COLOURS)))).regions[0].group == "goods"


def test_a_router_and_a_reranker_of_one_s_own(shop: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    build_store(shop / "catalogue.csv", tmp_path / "s", bundle=fake_bundle)
    routed: list[list[str]] = []

    class All:
        def route(self, probabilities, available):
            routed.append(sorted(available))
            return sorted(available)

    class Backwards:
        def rerank(self, attributes, hits):
            return sorted(hits, key=lambda hit: hit.score)

    name = next(iter(COLOURS))
    with Retriever.open(tmp_path / "s", fake_bundle, router=All(), reranker=Backwards()) as retriever:
        hits = retriever.search(photo_of(name), whole=True).regions[0].hits
    assert [hit.score for hit in hits] == sorted(hit.score for hit in hits) and len(hits) == len(COLOURS)
    assert len(routed[0]) == len({category for _, category in COLOURS.values()})


def test_the_protocols_are_public() -> None:
    stages = {"Detector", "Embedder", "Embedding", "Encoder", "Match", "Reranker", "Router", "Searcher"}
    assert stages <= set(pocketshelf.__all__)
