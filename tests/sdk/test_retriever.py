"""The facade: regions, routing, fallback, injected stages; every part but the networks is real."""

from __future__ import annotations

import io
import json
import math
import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing
from fake_models import FakeDetector, FakeEmbedder, make_bundle
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.encoded import FRAME
from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError, PhotoError, ServerError, SpaceMismatch, StoreError, UsageError
from pocketshelf.formats import Bundle, write_bundle
from pocketshelf.formats.group_head import GroupHead
from pocketshelf.recall import Signals
from pocketshelf.shelf import Shelf
from pocketshelf.stages.detect import NetworkDetector
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.outfit import LOOK, WORD
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.stages.route import MassRouter
from pocketshelf.store import Store
from pocketshelf.types import Hit


@pytest.fixture
def store(shop: Path, fake_bundle: Bundle) -> Path:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)
    return shop / "store"


@pytest.fixture
def retriever(store: Path, fake_bundle: Bundle):
    with Retriever.open(store, fake_bundle) as opened:
        yield opened


def photo(tmp_path: Path, name: str = "red") -> Path:
    path = tmp_path / f"photo of {name}.png"
    draw_thing(COLOURS[name][0], (320, 260)).save(path)
    return path


@pytest.mark.parametrize("name", COLOURS)
def test_each_product_is_found_in_its_own_photo(retriever: Retriever, tmp_path: Path, name: str) -> None:
    (region,) = retriever.search(photo(tmp_path, name)).regions
    assert (region.group, region.hits[0].product_id) == ("goods", name)  # type: ignore[index]
    assert region.box == pytest.approx((96, 52, 165, 183), abs=8)


def test_the_json_line_is_that_of_the_contract(retriever: Retriever, tmp_path: Path) -> None:
    result = retriever.search(photo(tmp_path), top_k=2)
    line = json.loads(json.dumps(result.to_json()))
    assert list(line) == ["photo", "width", "height", "local_recall", "fallback", "store", "ms", "regions"]
    assert (line["photo"], line["width"], line["height"]) == (str(photo(tmp_path)), 320, 260)
    assert line["store"] == {"sequence": 1, "space": "fake-space", "bundle": "fake"}
    assert list(line["ms"]) == ["decode", "detect", "embed", "search", "total"]
    assert 0 < sum(list(line["ms"].values())[:4]) <= line["ms"]["total"] * 1.01 + 0.1
    assert 0 <= line["local_recall"] <= 1 and line["fallback"] is False
    (region,) = line["regions"]
    assert list(region) == [
        *("box", "group", "score", "categories", "attributes", "confidence", "confident", "hits")
    ]
    assert region["confidence"] is None and region["confident"] is None
    assert region["categories"][0][0] == "Red things" and region["attributes"]["shade"][0] == "dark"
    assert list(region["hits"][0]) == ["product_id", "score", "title", "category", "source"]
    assert region["hits"][0]["source"] == "local" and len(region["hits"]) == 2
    scores = [hit["score"] for hit in region["hits"]]
    assert scores == sorted(scores, reverse=True)


def test_an_attribute_is_said_of_the_categories_that_have_it(store: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle")
    shade = replace(bundle.embedder.attributes["shade"], categories=("Red things", "Grey things"))
    embedder = replace(bundle.embedder, attributes={"shade": shade})
    with Retriever.open(store, write_bundle(replace(bundle, embedder=embedder))) as opened:
        red, blue = (opened.search(photo(tmp_path, name)).regions[0] for name in ("red", "blue"))
    assert red.attributes["shade"][0] == "dark" and blue.attributes == {}


def test_whole_gives_one_region_the_frame(retriever: Retriever, tmp_path: Path) -> None:
    (region,) = retriever.search(photo(tmp_path), whole=True).regions
    assert (region.box, region.group, region.score) == ((0, 0, 320, 260), FRAME, 1.0)


def test_a_photo_in_which_nothing_is_found_is_searched_whole(retriever: Retriever, tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "white").save(tmp_path / "blank.png")
    (region,) = retriever.search(tmp_path / "blank.png").regions
    assert (region.box, region.group, region.score) == ((0, 0, 60, 40), FRAME, 0.0)
    assert region.hits


def test_bytes_and_decoded_photos_are_searched_like_paths(retriever: Retriever, tmp_path: Path) -> None:
    path = photo(tmp_path)
    wanted = retriever.search(path)
    for source in (path.read_bytes(), decode_photo(path), str(path)):
        assert retriever.search(source).regions == wanted.regions
    assert retriever.search(path.read_bytes(), name="upload").photo == "upload"


def test_categories_are_routed_named_or_all(retriever: Retriever, tmp_path: Path) -> None:
    def found(category: str) -> set[str]:
        (region,) = retriever.search(photo(tmp_path), category=category, top_k=100).regions
        return {hit.product_id for hit in region.hits}  # type: ignore[union-attr]

    assert found("all") == set(COLOURS)
    assert found("Green things") == found("green THINGS") == {"green", "lime"}
    # "Purple things" is not among the model's categories: it is searched whatever the model says.
    assert "purple" in found("auto")
    with pytest.raises(
        UsageError, match="this store has Blue things, Green things, Purple things, Red things"
    ):
        found("Shoes")


@pytest.mark.parametrize("top_k", [0, -1, 1001])
def test_top_k_has_bounds(retriever: Retriever, tmp_path: Path, top_k: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000"):
        retriever.search(photo(tmp_path), top_k=top_k)


def test_several_pictures_of_a_product_are_one_hit(shop: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    with (shop / "catalogue.csv").open("a") as stream:
        stream.write("red,again,Red things,pictures/scarlet.png,\nred,again,Red things,pictures/red.png,\n")
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    with Retriever.open(shop / "store", fake_bundle) as opened:
        (region,) = opened.search(photo(tmp_path), category="all").regions
    assert sorted(hit.product_id for hit in region.hits) == sorted(COLOURS)  # type: ignore[union-attr]


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
        result = opened.search(photo(tmp_path), top_k=3)
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
        assert opened.search(photo(tmp_path)).fallback is False
        assert server.calls == []
        assert opened.search(photo(tmp_path), fallback=True, category="red things").fallback is True
        assert server.calls[0][2] == ("Red things",)


def test_fallback_false_never_asks_and_without_an_estimate_the_server_is_asked(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    server = Recording()
    with open_with(store, fake_bundle, 0.1, server) as opened:
        assert opened.search(photo(tmp_path), fallback=False).fallback is False
    with open_with(store, fake_bundle, None, server) as opened:
        result = opened.search(photo(tmp_path))
    assert (result.local_recall, result.fallback, len(server.calls)) == (None, True, 1)


def test_a_server_that_is_away_is_no_error(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    with open_with(store, fake_bundle, 0.1, Recording(ServerError("away"))) as opened:
        result = opened.search(photo(tmp_path))
    assert result.fallback == "unavailable" and result.to_json()["fallback"] == "unavailable"
    assert result.regions[0].hits[0].product_id == "red"  # type: ignore[index]


def test_the_estimator_sees_the_search_s_signals(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    estimator = Fixed(0.9)
    with Retriever.open(store, fake_bundle, recall_estimator=estimator) as opened:
        result = opened.search(photo(tmp_path))
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
        reopened.search(photo(tmp_path))
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
        assert opened.search(photo(tmp_path)).local_recall is None


def test_products_of_another_group_fall_wherever_they_come_from(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is "goods", which claims green things; red ones are claimed by "upper"."""
    monkeypatch.setattr(Shelf, "has_palettes", False)
    shelves = {"goods": ("Green things",), "upper": ("Red things",)}
    bundle = make_bundle(tmp_path / "grouped", categories=shelves)
    with Retriever.open(store, bundle, fallback=Recording()) as opened:
        (alone,) = opened.search(photo(tmp_path), top_k=9, category="all", fallback=False).regions
        (asked,) = opened.search(photo(tmp_path), top_k=9, category="all", fallback=True).regions
    with Retriever.open(store, make_bundle(tmp_path / "plain")) as opened:
        (plain,) = opened.search(photo(tmp_path), top_k=9, category="all").regions
    before, after, server = (
        {hit.product_id: hit.score for hit in r.hits or ()} for r in (plain, alone, asked)
    )
    fall = 0.15 * alone.score
    assert after["red"] == pytest.approx(before["red"] - fall)
    assert after["green"] == pytest.approx(before["green"])
    assert server["far"] == pytest.approx(1.0 - fall)
    assert server["red"] == after["red"]
    assert list(after.values()) == sorted(after.values(), reverse=True)


def telling_red_from_green(store: Path) -> GroupHead:
    """To which the store's red things look like goods, its green ones like uppers."""
    with Store.open(store) as opened:
        reds, greens = (opened.some_of(f"{name} things").astype(np.float32) for name in ("Red", "Green"))
    toward = reds.mean(axis=0) / np.linalg.norm(reds.mean(axis=0))
    toward -= greens.mean(axis=0) / np.linalg.norm(greens.mean(axis=0))
    return GroupHead(("goods", "upper"), 50 * np.stack([toward, -toward]), np.zeros(2, np.float32))


def test_categories_of_unknown_names_are_placed_by_their_products(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is "goods"; what lies in "Red things" looks like it, what lies in the others like an upper."""
    monkeypatch.setattr(Shelf, "has_palettes", False)
    shelves = {"goods": ("Goods",), "upper": ("Tops",)}
    bundle = make_bundle(tmp_path / "named", categories=shelves)
    head = telling_red_from_green(store)
    bundle = write_bundle(replace(bundle, groups=head.to_json(bundle.space)))
    with Retriever.open(store, bundle) as opened:
        (found,) = opened.search(photo(tmp_path), top_k=9, category="all").regions
    with Retriever.open(store, make_bundle(tmp_path / "plain")) as opened:
        (plain,) = opened.search(photo(tmp_path), top_k=9, category="all").regions
    before, after = ({hit.product_id: hit.score for hit in r.hits or ()} for r in (plain, found))
    assert after["red"] == pytest.approx(before["red"])
    # Both witnesses are against it: what its category holds, and its own picture.
    assert after["green"] == pytest.approx(before["green"] - (WORD + LOOK) * found.score)


def test_a_products_own_picture_speaks_for_it_on_another_shelf(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is "goods", and every category is named as of uppers; only green things look like uppers."""
    monkeypatch.setattr(Shelf, "has_palettes", False)
    names = ("Green things", "Red things", "Blue things", "White things")
    bundle = make_bundle(tmp_path / "named", categories={"goods": ("Goods",), "upper": names})
    head = telling_red_from_green(store)
    bundle = write_bundle(replace(bundle, groups=head.to_json(bundle.space)))
    with Retriever.open(store, bundle) as opened:
        (found,) = opened.search(photo(tmp_path), top_k=9, category="all").regions
        server = [Hit("red", 1.0, "", "Red things", source="server"), Hit("gone", 1.0, "", "")]
        assert opened._shelf.looks(server, "goods") == [None, None]
    with Retriever.open(store, make_bundle(tmp_path / "plain")) as opened:
        (plain,) = opened.search(photo(tmp_path), top_k=9, category="all").regions
    before, after = ({hit.product_id: hit.score for hit in r.hits or ()} for r in (plain, found))
    assert after["red"] == pytest.approx(before["red"] - WORD * found.score)
    assert after["green"] == pytest.approx(before["green"] - (WORD + LOOK) * found.score)


def test_a_whole_photo_needs_no_look_at_what_the_categories_hold(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = make_bundle(tmp_path / "named", categories={"goods": ("Goods",), "upper": ("Tops",)})
    head = GroupHead(
        ("goods",), np.zeros((1, bundle.embedder.dimension), np.float32), np.zeros(1, np.float32)
    )
    bundle = write_bundle(replace(bundle, groups=head.to_json(bundle.space)))
    looked: list[str] = []
    real = Store.some_of
    monkeypatch.setattr(Store, "some_of", lambda self, name: looked.append(name) or real(self, name))
    with Retriever.open(store, bundle) as opened:
        opened.search(photo(tmp_path), whole=True)
        assert looked == []
        opened.search(photo(tmp_path))
        assert sorted(looked) == sorted(opened.store.categories())


class Backwards:
    """A re-ranker with an order of its own."""

    def rerank(self, attributes: Any, hits: Any) -> list[Hit]:
        return list(reversed(hits))


def test_a_rerankers_order_stands(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    with Retriever(Store.open(store), Encoder.open(fake_bundle), reranker=Backwards()) as opened:
        (region,) = opened.search(photo(tmp_path), top_k=2, category="Green things").regions
    scores = [hit.score for hit in region.hits or ()]
    assert len(scores) == 2 and scores == sorted(scores)


def test_the_frames_weight_blends_its_embedding_into_a_groups_query(tmp_path: Path) -> None:
    path, vectors = photo(tmp_path), {}
    for weight in (0.0, 0.5, 1.0):
        bundle = make_bundle(tmp_path / f"b{weight}", frame_weight={"goods": weight})
        assert bundle.detector is not None
        network = FakeEmbedder(7)
        embedder = NetworkEmbedder(bundle.embedder, network)
        encoder = Encoder(bundle, embedder, NetworkDetector(bundle.detector, FakeDetector()))
        (region,) = encoder.encode(path).regions
        vectors[weight] = region.embedding.vector
        assert network.calls == (2 if weight == 0.5 else 1)
        assert np.linalg.norm(region.embedding.vector) == pytest.approx(1)
        frame = encoder.encode(path, whole=True).regions[0].embedding.vector
    np.testing.assert_allclose(vectors[1.0], frame, atol=1e-6)
    middle = vectors[0.0] + frame
    np.testing.assert_allclose(vectors[0.5], middle / np.linalg.norm(middle), atol=1e-5)


def test_detect_gives_all_boxes_and_categories_for_those_searched(
    fake_bundle: Bundle, tmp_path: Path
) -> None:
    result = Encoder.open(fake_bundle).detect(photo(tmp_path), "a.png")
    line = result.to_json()
    assert [(r["group"], r["score"]) for r in line["regions"]] == [
        ("goods", 0.9),
        ("upper", 0.6),
        ("upper", 0.1),
    ]
    assert [bool(r["categories"]) for r in line["regions"]] == [True, False, False]
    assert (
        all("hits" not in r for r in line["regions"]) and line["store"] is None and line["photo"] == "a.png"
    )


def test_a_bundle_without_detector_searches_frames_and_cannot_detect(store: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "plain", detector=False)
    with Retriever.open(store, bundle) as opened:
        assert opened.search(photo(tmp_path)).regions[0].group == FRAME
        with pytest.raises(BundleError, match="no detector"):
            opened.encoder.detect(photo(tmp_path))


def test_stores_and_bundles_that_do_not_match_are_refused(store: Path, tmp_path: Path) -> None:
    other = make_bundle(tmp_path / "other", space="other-space")
    with pytest.raises(SpaceMismatch, match="build or sync the store again"):
        Retriever.open(store, other)
    with pytest.raises(StoreError, match="no store here"):
        Retriever.open(tmp_path / "nowhere", other)


def test_an_open_retriever_outlives_a_new_generation(
    retriever: Retriever, store: Path, shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    for _ in range(3):
        build_store(shop / "catalogue.csv", store, bundle=fake_bundle)
    assert not retriever.store.is_current()
    assert retriever.search(photo(tmp_path)).regions[0].hits[0].product_id == "red"  # type: ignore[index]


def test_reload_takes_up_the_new_generation(
    retriever: Retriever, store: Path, shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    assert not retriever.reload()
    catalogue = (shop / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    (shop / "fewer.csv").write_text("\n".join(line for line in catalogue if not line.startswith("red,")))
    build_store(shop / "fewer.csv", store, bundle=fake_bundle)
    assert retriever.search(photo(tmp_path)).regions[0].hits[0].product_id == "red"  # type: ignore[index]
    assert retriever.reload()
    assert retriever.store.is_current()
    hits = retriever.search(photo(tmp_path)).regions[0].hits
    assert hits and "red" not in {hit.product_id for hit in hits}


def test_a_generation_of_other_models_is_not_taken_up(
    retriever: Retriever, store: Path, shop: Path, tmp_path: Path
) -> None:
    build_store(shop / "catalogue.csv", store, bundle=make_bundle(tmp_path / "other", space="other-space"))
    with pytest.raises(SpaceMismatch):
        retriever.reload()
    assert retriever.search(photo(tmp_path)).regions[0].hits[0].product_id == "red"  # type: ignore[index]


def test_a_shard_that_is_damaged_behind_its_schema_is_one_clear_error(
    store: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    opened = Store.open(store)
    path = opened.shard.path
    opened.close()
    shutil.copy(path, tmp_path / "copy")
    content = bytearray(path.read_bytes())
    for start in range(8192, len(content)):
        content[start] = 0xA5
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught, Retriever.open(store, fake_bundle) as damaged:
        damaged.search(photo(tmp_path), category="all")
    assert "shard.sqlite" in str(caught.value) and "\n" not in str(caught.value)


def test_a_bad_photo_is_a_photo_error(retriever: Retriever) -> None:
    with pytest.raises(PhotoError, match="no such file"):
        retriever.search("gone.jpg")


def test_threads_share_a_retriever(retriever: Retriever, tmp_path: Path) -> None:
    paths = [photo(tmp_path, name) for name in COLOURS] * 5
    wanted = [retriever.search(path).regions for path in paths]
    with ThreadPoolExecutor(4) as pool:
        assert [result.regions for result in pool.map(retriever.search, paths)] == wanted


def test_the_trained_models_find_groceries(trained_bundle: Path, real_photos: Path, tmp_path: Path) -> None:
    """A smoke test; the measured figures are in docs/results.md."""
    import csv

    groceries = real_photos / "grocery"
    with (groceries / "products.csv").open(newline="", encoding="utf-8") as stream:
        chosen = list(csv.DictReader(stream))[:20]
    with (tmp_path / "c.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, chosen[0])
        writer.writeheader()
        writer.writerows(chosen)
    report = build_store(tmp_path / "c.csv", tmp_path / "s", images=groceries, bundle=trained_bundle)
    assert report.products == 20 and report.problems == []
    with (groceries / "photos.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["split"] == "test"]
    known = {row["product_id"] for row in chosen}
    tried = [row for row in rows if row["product_id"] in known][::25]
    with Retriever.open(tmp_path / "s", trained_bundle) as opened:
        found = [
            row["product_id"]
            in {
                h.product_id
                for h in (opened.search(groceries / row["photo"], whole=True, top_k=5).regions[0].hits or ())
            }
            for row in tried
        ]
    assert len(tried) >= 8 and np.mean(found) >= 0.75


def test_streams_of_bytes_need_no_file() -> None:
    buffer = io.BytesIO()
    draw_thing((9, 9, 9)).save(buffer, "PNG")
    assert decode_photo(buffer.getvalue()).width == 160


CONFIDENCE = {"threshold": 0.5, "bias": 0.0, "features": {"lead_2": {"mean": 0, "scale": 1, "weight": 0}}}


@pytest.mark.parametrize(("bias", "confident"), [(3.0, True), (-3.0, False)])
def test_each_region_says_how_sure_it_is_of_its_first_hit(
    store: Path, fake_bundle: Bundle, tmp_path: Path, bias: float, confident: bool
) -> None:
    recall = {"version": 2, "k": 10, **CONFIDENCE, "confidence": {**CONFIDENCE, "bias": bias}}
    with Retriever.open(store, replace(fake_bundle, recall=recall)) as opened:
        (region,) = opened.search(photo(tmp_path)).regions
    assert region.confidence == pytest.approx(1 / (1 + math.exp(-bias)))
    assert region.confident is confident and region.to_json()["confident"] is confident


def test_a_bundle_without_calibration_says_that_it_asks(
    store: Path, fake_bundle: Bundle, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, without = Recording(), replace(fake_bundle, recall=None)
    with Retriever.open(store, without, fallback=server) as opened:
        results = [opened.search(photo(tmp_path)) for _ in range(2)]
    assert [(result.local_recall, result.fallback) for result in results] == [(None, True)] * 2
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "no calibration" in caplog.text
    caplog.clear()
    with Retriever.open(store, without) as opened:
        assert opened.search(photo(tmp_path)).fallback is False
    assert not caplog.records


def test_an_encoder_of_an_apps_own_class_is_kept_whole(store: Path, fake_bundle: Bundle) -> None:
    """One that wraps another has no stages of its own to be taken over."""

    class Wrapping(Encoder):
        def __init__(self, inner: Encoder) -> None:
            self.bundle, self.inner = inner.bundle, inner

    wrapping = Wrapping(Encoder.open(fake_bundle))
    with Retriever(Store.open(store), wrapping) as retriever:
        assert retriever.encoder is wrapping


def test_a_product_in_a_category_that_is_not_likely_is_found_if_it_is_the_best(
    shop: Path, fake_bundle: Bundle, tmp_path: Path
) -> None:
    listed = (shop / "catalogue.csv").read_text(encoding="utf-8")
    listed = "".join(line for line in listed.splitlines(True) if not line.startswith("scarlet,"))
    # What is called red is lime, and what is red is called blue.
    misplaced = listed.replace("The red thing,Red things", "The red thing,Blue things")
    misplaced = misplaced.replace("The lime thing,Green things", "The lime thing,Red things")
    (shop / "catalogue.csv").write_text(misplaced, encoding="utf-8")
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)

    class Stubborn:
        """A router of one's own, which decides by itself."""

        def route(self, probabilities: Mapping[str, float], available: Iterable[str]) -> list[str]:
            return ["Red things"]

    found = []
    for router in (MassRouter(mass=0.3, at_least=1, at_most=1), Stubborn()):
        with Retriever.open(shop / "store", fake_bundle, router=router) as opened:
            (region,) = opened.search(photo(tmp_path), top_k=1).regions
            assert region.categories[0][0] == "Red things" and region.hits
            found.append(region.hits[0].product_id)
    assert found == ["red", "lime"]
