"""The facade: regions, routing, injected stages; every part but the networks is real."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawn_things import COLOURS, draw_thing, photo_of
from fake_models import FakeDetector, FakeEmbedder, make_bundle
from pocketshelf import Retriever
from pocketshelf.catalogue import build_store
from pocketshelf.encoded import FRAME
from pocketshelf.encoder import Encoder
from pocketshelf.errors import BundleError, PhotoError, StoreError, UsageError
from pocketshelf.formats import Bundle, write_bundle
from pocketshelf.stages import where
from pocketshelf.stages.detect import NetworkDetector
from pocketshelf.stages.embed import NetworkEmbedder
from pocketshelf.stages.preprocess import decode_photo
from pocketshelf.stages.route import MassRouter
from pocketshelf.store import Store
from pocketshelf.types import Hit


@pytest.mark.parametrize("name", COLOURS)
def test_each_product_is_found_in_its_own_photo(retriever: Retriever, tmp_path: Path, name: str) -> None:
    (region,) = retriever.search(photo_of(tmp_path, name)).regions
    assert (region.group, region.hits[0].product_id) == ("goods", name)  # type: ignore[index]
    assert region.box == pytest.approx((96, 52, 165, 183), abs=8)


def test_the_json_line_is_that_of_the_contract(retriever: Retriever, tmp_path: Path) -> None:
    result = retriever.search(photo_of(tmp_path), top_k=2)
    line = json.loads(json.dumps(result.to_json()))
    assert list(line) == ["photo", "width", "height", "local_recall", "fallback", "store", "ms", "regions"]
    assert (line["photo"], line["width"], line["height"]) == (str(photo_of(tmp_path)), 320, 260)
    assert line["store"] == {"sequence": 1, "space": "fake-space", "bundle": "fake"}
    assert list(line["ms"]) == ["decode", "detect", "embed", "search", "total"]
    assert 0 < sum(list(line["ms"].values())[:4]) <= line["ms"]["total"] * 1.01 + 0.1
    assert 0 <= line["local_recall"] <= 1 and line["fallback"] is False
    (region,) = line["regions"]
    assert list(region) == [
        *("box", "group", "score", "categories", "attributes", "confidence", "confident", "absent", "hits")
    ]
    assert region["confidence"] is None and region["confident"] is None and region["absent"] is None
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
        red, blue = (opened.search(photo_of(tmp_path, name)).regions[0] for name in ("red", "blue"))
    assert red.attributes["shade"][0] == "dark" and blue.attributes == {}


def test_whole_gives_one_region_the_frame(retriever: Retriever, tmp_path: Path) -> None:
    (region,) = retriever.search(photo_of(tmp_path), whole=True).regions
    assert (region.box, region.group, region.score) == ((0, 0, 320, 260), FRAME, 1.0)


def test_a_photo_in_which_nothing_is_found_is_searched_whole(retriever: Retriever, tmp_path: Path) -> None:
    Image.new("RGB", (60, 40), "white").save(tmp_path / "blank.png")
    (region,) = retriever.search(tmp_path / "blank.png").regions
    assert (region.box, region.group, region.score) == ((0, 0, 60, 40), FRAME, 0.0)
    assert region.hits


def test_bytes_and_decoded_photos_are_searched_like_paths(retriever: Retriever, tmp_path: Path) -> None:
    path = photo_of(tmp_path)
    wanted = retriever.search(path)
    for source in (path.read_bytes(), decode_photo(path), str(path)):
        assert retriever.search(source).regions == wanted.regions
    assert retriever.search(path.read_bytes(), name="upload").photo == "upload"


def test_categories_are_routed_named_or_all(retriever: Retriever, tmp_path: Path) -> None:
    def found(category: str) -> set[str]:
        (region,) = retriever.search(photo_of(tmp_path), category=category, top_k=100).regions
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
        retriever.search(photo_of(tmp_path), top_k=top_k)


def test_several_pictures_of_a_product_are_one_hit(shop: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    with (shop / "catalogue.csv").open("a") as stream:
        stream.write("red,again,Red things,pictures/scarlet.png,\nred,again,Red things,pictures/red.png,\n")
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    with Retriever.open(shop / "store", fake_bundle) as opened:
        (region,) = opened.search(photo_of(tmp_path), category="all").regions
    assert sorted(hit.product_id for hit in region.hits) == sorted(COLOURS)  # type: ignore[union-attr]


class Backwards:
    """A re-ranker with an order of its own."""

    def rerank(self, attributes: Any, hits: Any) -> list[Hit]:
        return list(reversed(hits))


def test_a_rerankers_order_stands(store: Path, fake_bundle: Bundle, tmp_path: Path) -> None:
    with Retriever(Store.open(store), Encoder.open(fake_bundle), reranker=Backwards()) as opened:
        (region,) = opened.search(photo_of(tmp_path), top_k=2, category="Green things").regions
    scores = [hit.score for hit in region.hits or ()]
    assert len(scores) == 2 and scores == sorted(scores)


def test_the_frames_weight_blends_its_embedding_into_a_groups_query(tmp_path: Path) -> None:
    path, vectors = photo_of(tmp_path), {}
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
    result = Encoder.open(fake_bundle).detect(photo_of(tmp_path), "a.png")
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
        assert opened.search(photo_of(tmp_path)).regions[0].group == FRAME
        with pytest.raises(BundleError, match="no detector"):
            opened.encoder.detect(photo_of(tmp_path))


def test_a_bad_photo_is_a_photo_error(retriever: Retriever) -> None:
    with pytest.raises(PhotoError, match="no such file"):
        retriever.search("gone.jpg")


def test_threads_share_a_retriever(retriever: Retriever, tmp_path: Path) -> None:
    paths = [photo_of(tmp_path, name) for name in COLOURS] * 5
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


def test_an_encoder_of_an_apps_own_class_is_kept_whole(store: Path, fake_bundle: Bundle) -> None:
    """One that wraps another has no stages of its own to be taken over."""

    class Wrapping(Encoder):
        def __init__(self, inner: Encoder) -> None:
            self.bundle, self.inner = inner.bundle, inner

    wrapping = Wrapping(Encoder.open(fake_bundle))
    with Retriever(Store.open(store), wrapping) as retriever:
        assert retriever.encoder is wrapping


def test_a_product_in_a_category_that_is_not_likely_is_found_if_it_is_the_best(
    shop: Path, fake_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(where, "JUDGED", 1)  # One category of so small a shop holds enough.
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
            (region,) = opened.search(photo_of(tmp_path), top_k=1).regions
            assert region.categories[0][0] == "Red things" and region.hits
            found.append(region.hits[0].product_id)
    assert found == ["red", "lime"]


def test_what_is_asked_for_may_be_one_value_or_a_number(shop: Path, fake_bundle: Bundle) -> None:
    """A text alone was taken for its letters, and nothing was found."""
    lines = (shop / "catalogue.csv").read_text(encoding="utf-8").splitlines()
    stated = [f"{lines[0]},brand,size", *(f"{line},Acme,42" for line in lines[1:])]
    (shop / "catalogue.csv").write_text("\n".join(stated), encoding="utf-8")
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle, whole=False)
    photo = shop / "pictures" / "red.png"
    with Retriever.open(shop / "store", fake_bundle) as opened:
        for asked in ({"brand": "Acme"}, {"brand": ["acme", "Other"]}, {"size": 42}, {"size": (41, 42.0)}):
            assert opened.search(photo, where=asked).regions[0].hits  # type: ignore[arg-type]
        assert opened.search(photo, where={"brand": "A"}).regions[0].hits == ()
        for wrong in ("brand=Acme", [("brand", "Acme")], {"brand": None}, {"brand": [None]}, {3: "x"}):
            with pytest.raises(TypeError, match="where names attributes"):
                opened.search(photo, where=wrong)  # type: ignore[arg-type]


def test_a_wrong_wish_is_one_clear_error_before_the_photo_is_read(
    retriever: Retriever, tmp_path: Path
) -> None:
    gone = tmp_path / "gone.jpg"
    for top_k in (1.0, "5", None):
        with pytest.raises(TypeError, match="top_k is an integer"):
            retriever.search(gone, top_k=top_k)  # type: ignore[arg-type]
    for category in (None, 3, b"Apple", [None]):
        with pytest.raises(TypeError, match="category is"):
            retriever.search(gone, category=category)  # type: ignore[arg-type]
    region = retriever.encoder.encode(photo_of(tmp_path)).regions[0]
    for out_of_range in (0, -3, 1001):
        with pytest.raises(ValueError, match="1 to 1000"):
            retriever.search_region(region, top_k=out_of_range)


def test_a_closed_retriever_says_that_it_is_closed(retriever: Retriever, tmp_path: Path) -> None:
    """And not that the shelf be built again."""
    retriever.close()
    with pytest.raises(StoreError, match="has been closed; open it again"):
        retriever.search(photo_of(tmp_path))
