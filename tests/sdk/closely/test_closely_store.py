"""A store of covers, built and searched: geometry finds them by default, and everything works without it."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from drawn_prints import cover, photographed, write_covers
from pocketshelf import Retriever
from pocketshelf.answering import Answering
from pocketshelf.catalogue import build_store
from pocketshelf.closely import Closely, Features, Sighting, extract, look
from pocketshelf.encoded import EncodedRegion
from pocketshelf.errors import RuntimeUnavailable
from pocketshelf.formats import Bundle
from pocketshelf.recall import CatalogueSpread, Signals
from pocketshelf.shelf import Shelf
from pocketshelf.stages.preprocess import Photo
from pocketshelf.store import Store, StoreFolder, StoreWriter, verify_store
from pocketshelf.types import Hit

pytest.importorskip("cv2")
COUNT = 6


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """Six covers, and a plain thing."""
    return write_covers(tmp_path / "catalogue.csv", range(COUNT))


def features_path(store: Path) -> Path:
    folder = StoreFolder(store)
    return folder.index(folder.require_current()) / "shard.2.features"


def first(store: Path, bundle: Bundle, seed: int, **options: bool) -> tuple[str, int | None, bool | None]:
    with Retriever.open(store, bundle, **options) as retriever:
        region = retriever.search(photographed(cover(seed)).pixels).regions[0]
    assert region.hits
    return region.hits[0].product_id, region.hits[0].inliers, region.confident


def test_a_cover_in_a_photo_is_the_first_hit_and_sure(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    store = tmp_path / "store"
    report = build_store(catalogue, store, bundle=fake_bundle)
    assert report.prints == COUNT and report.prints_bytes < COUNT * 7000
    for seed in range(COUNT):
        product_id, inliers, confident = first(store, fake_bundle, seed)
        assert product_id == f"{10 * seed}" and inliers and inliers >= 12 and confident
    assert verify_store(store).ok
    without = [first(store, fake_bundle, seed, closely=False) for seed in range(COUNT)]
    assert all(inliers is None for _, inliers, _ in without)


def test_a_category_that_is_wished_for_is_kept_to(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    text = catalogue.read_text().replace("Cover 3,Other things", "Cover 3,Red things")
    catalogue.write_text(text)
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    with Retriever.open(tmp_path / "store", fake_bundle) as retriever:
        photo = photographed(cover(3)).pixels
        assert retriever.search(photo, whole=True).regions[0].hits[0].product_id == "30"
        found = retriever.search(photo, whole=True, category="Other things").regions[0].hits
        assert "30" not in [hit.product_id for hit in found]
        nowhere = retriever.search(photo, whole=True, where={"colour": ["red"]}).regions[0].hits
        assert nowhere == ()


def test_a_photo_that_is_answered_with_confidence_is_not_looked_at(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    photo, answers = photographed(cover(3)).pixels, []
    for confident in (True, False):
        monkeypatch.setattr(Answering, "is_confident", lambda _, answer, is_so=confident: is_so)
        with Retriever.open(tmp_path / "store", fake_bundle) as retriever:
            answers.append(retriever.search(photo, whole=True).regions[0].hits[0])
    assert answers[0].inliers is None
    assert answers[1].product_id == "30" and answers[1].inliers


def test_a_cover_before_a_camera_is_found_with_one_close_look(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    looks: list[list[str]] = []
    sightings = Closely.sightings

    def noted(closely: Closely, photo: Photo, nearest: list[str]) -> list[Sighting]:
        looks.append(nearest)
        return sightings(closely, photo, nearest)

    monkeypatch.setattr(Closely, "sightings", noted)
    monkeypatch.setattr(Answering, "is_confident", lambda *_: False)
    with Retriever.open(tmp_path / "store", fake_bundle) as retriever:
        views = list(retriever.watch([photographed(cover(3)).pixels] * 6, newest=False))
        (live,) = views[-1].regions
        assert live.region.hits and live.region.hits[0].product_id == "30" and live.region.hits[0].inliers
        assert len(looks) == 1, "it stands still"
    with Retriever.open(tmp_path / "store", fake_bundle, closely=False) as retriever:
        *_, view = retriever.watch([photographed(cover(3)).pixels] * 3, newest=False)
        assert [hit.inliers for live in view.regions for hit in live.region.hits or ()] == [None] * 5


def test_a_region_is_looked_at_closely_where_its_photo_is_still_there(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    monkeypatch.setattr(Answering, "is_confident", lambda *_: False)
    with Retriever.open(tmp_path / "store", fake_bundle) as retriever:
        encoded = retriever.encoder.encode(photographed(cover(3)).pixels, whole=True)
        (region,) = encoded.regions
        with_photo = retriever.search_region(region, photo=encoded.photo).hits or ()
        assert with_photo[0].product_id == "30" and with_photo[0].inliers
        assert all(hit.inliers is None for hit in retriever.search_region(region).hits or ())


def test_a_photos_features_are_computed_once_however_many_of_its_regions_are_asked(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    computed: list[int] = []

    def counted(pixels: np.ndarray, gallery: bool) -> Features | None:
        computed.append(len(pixels))
        return extract(pixels, gallery)

    monkeypatch.setattr("pocketshelf.closely.look.extract", counted)
    monkeypatch.setattr(Answering, "is_confident", lambda *_: False)
    with Retriever.open(tmp_path / "store", fake_bundle) as retriever:
        seen = []
        for number in (3, 3, 4):
            photo = retriever.encoder.encode(photographed(cover(number)).pixels, whole=True)
            for _ in range(2):
                region = retriever.search_region(photo.regions[0], photo=photo.photo)
                seen.append((region.hits or ())[0].product_id)
    assert seen == ["30", "30", "30", "30", "40", "40"] and len(computed) == 3


def test_what_stands_first_is_what_is_judged_whoever_was_asked(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A print of few inliers stays first among a server's hits, and the confidence is that in it."""

    class Server:
        def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
            return [Hit("elsewhere", 0.999, "Elsewhere", "Other things", source="server")]

    judged: list[str] = []
    signals = Shelf.signals

    def noted(
        shelf: Shelf, region: EncodedRegion, hits: list[Hit], told: CatalogueSpread | None = None
    ) -> Signals:
        judged.append(hits[0].product_id)
        return signals(shelf, region, hits, told)

    monkeypatch.setattr(Shelf, "signals", noted)
    monkeypatch.setattr("pocketshelf.answering.SURE_INLIERS", 10_000)
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    with Retriever.open(tmp_path / "store", fake_bundle, fallback=Server()) as retriever:
        hits = retriever.search(photographed(cover(3)).pixels, whole=True, fallback=True).regions[0].hits
    assert hits[0].product_id == "30" and hits[0].inliers and hits[1].source == "server"
    assert judged[-1] == "30"


def test_without_features_the_store_is_as_it_was(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle
) -> None:
    build_store(catalogue, tmp_path / "with", bundle=fake_bundle)
    report = build_store(catalogue, tmp_path / "without", bundle=fake_bundle, closely=False)
    assert report.prints == 0 and not features_path(tmp_path / "without").exists()
    shards = [StoreFolder(tmp_path / name).shard("00000001").read_bytes() for name in ("with", "without")]
    assert shards[0] == shards[1]


def test_damaged_features_are_left_out_and_told(
    catalogue: Path, tmp_path: Path, fake_bundle: Bundle, caplog: pytest.LogCaptureFixture
) -> None:
    store = tmp_path / "store"
    build_store(catalogue, store, bundle=fake_bundle)
    path = features_path(store)
    data = bytearray(path.read_bytes())
    data[-100] ^= 1
    path.write_bytes(data)
    with caplog.at_level(logging.WARNING):
        assert first(store, fake_bundle, 2)[1] is None
    assert "damaged" in caplog.text and "build the store again" in caplog.text
    (problem,) = verify_store(store).problems
    assert "build the store again" in problem


def test_another_generations_features_are_none(catalogue: Path, tmp_path: Path, fake_bundle: Bundle) -> None:
    store = tmp_path / "store"
    build_store(catalogue, store, bundle=fake_bundle)
    kept = features_path(store).read_bytes()
    catalogue.write_text(catalogue.read_text().replace("Cover 1", "Cover one"))
    build_store(catalogue, store, bundle=fake_bundle)
    features_path(store).write_bytes(kept)
    with Store.open(store) as opened:
        assert look.Closely.of(opened) is None
    with StoreWriter.open(store) as writer:
        writer.rollback()
    assert first(store, fake_bundle, 4)[0] == "40", "a rollback brings its own features"


def test_without_opencv_one_line_names_what_to_install(
    catalogue: Path,
    tmp_path: Path,
    fake_bundle: Bundle,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    build_store(catalogue, tmp_path / "store", bundle=fake_bundle)
    monkeypatch.setattr(look, "is_available", lambda: False)
    monkeypatch.setattr("pocketshelf.closely.wanted.is_available", lambda: False)
    with caplog.at_level(logging.WARNING):
        assert first(tmp_path / "store", fake_bundle, 2)[1] is None
    assert caplog.text.count("pip install 'pocketshelf[closely]'") == 1
    assert build_store(catalogue, tmp_path / "other", bundle=fake_bundle).prints == 0
    with pytest.raises(RuntimeUnavailable, match="closely"):
        build_store(catalogue, tmp_path / "asked", bundle=fake_bundle, closely=True)
