"""Evidence of local recall by the real retriever, on drawn products and stand-in models."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from evaluate_shop import COLOURS, KINDS, draw
from fake_models import make_bundle
from pocketshelf.encoder import Encoder
from pocketshelf.formats.product import Product
from pocketshelf.retriever import Retriever
from pocketshelf_training.data.protocol import Sample
from pocketshelf_training.predict.shelf import first_hits, grocery_store, search_photos
from pocketshelf_training.recall import evidence


def products(count: int) -> list[Product]:
    vectors = np.ones((1, 4), np.int8)
    return [Product(f"p{i}", 1, f"category {i % 4}", "", "", vectors) for i in range(count)]


def test_shelves_have_their_share_and_differ() -> None:
    shelves = evidence.draw_shelves(products(40), (0.1, 0.5), 8, seed=0)
    assert [shelf.rule for shelf in shelves] == ["products", "categories"] * 4
    assert [len(shelf.products) for shelf in shelves[::2]] == [4, 20, 4, 20]
    # Whole categories, of ten products each, until the share is reached.
    assert [len(shelf.products) for shelf in shelves[1::2]] == [10, 20, 10, 20]
    for shelf in shelves[1::2]:
        assert set(Counter(p.category for p in shelf.products).values()) == {10}
    assert shelves[0].products != shelves[4].products
    assert evidence.draw_shelves(products(40), (0.1, 0.5), 8, seed=0) == shelves
    assert evidence.draw_shelves(products(40), (0.1, 0.5), 8, seed=1) != shelves
    full = Counter(p.category for p in products(40))
    assert sum(10 * share for share in shelves[0].coverage(full).values()) == pytest.approx(4)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data/grocery"
    folder.mkdir(parents=True)
    rows = ["product_id,title,category,image"]
    for number, (colour, kind) in enumerate(zip(COLOURS, KINDS, strict=True)):
        draw(colour, 0).save(folder / f"{number}.png")
        draw(colour, 2, 230).save(folder / f"photo-{number}.png")
        rows.append(f"{number},,{kind},{number}.png")
    (folder / "products.csv").write_text("\n".join(rows) + "\n")
    return folder.parent


def test_every_photo_is_searched_in_every_shelf_and_both_ways(data: Path, tmp_path: Path) -> None:
    encoder = Encoder.open(make_bundle(tmp_path / "bundle"))
    photos = [
        Sample(data / f"grocery/photo-{number}.png", "val", "street", str(number)) for number in range(5)
    ]
    with grocery_store(encoder, data) as store:
        rows = evidence.collect(store, encoder, photos, 4, (0.4,), seed=0)
        with_all = search_photos(Retriever(store, encoder), [photo.image for photo in photos])
    assert len(rows) == 5 * 5 * 2
    assert {row["shelf"] for row in rows if row["rule"] == "all"} == {0}
    full = [row for row in rows if row["shelf"] == 0]
    assert all(row["local"] for row in full)
    assert [row["rank"] for row in full if row["whole"]] == [1] * 5
    found = [first_hits(result, evidence.DEPTH) for result in with_all]
    assert [row["rank"] for row in full if not row["whole"]] == [
        ids.index(str(number)) + 1 for number, ids in enumerate(found)
    ]
    likeliest = [dict(result.regions[0].categories) for result in with_all if result]
    firsts = [result.regions[0].hits[0].category for result in with_all if result and result.regions[0].hits]
    seen = [row["features"]["agreement"] for row in full if not row["whole"]]
    assert seen == pytest.approx(
        [known[first] for known, first in zip(likeliest, firsts, strict=True)], abs=1e-6
    )
    absent = [row for row in rows if not row["local"]]
    assert absent and all(row["rank"] is None for row in absent)
    # Shelves of two of the five products hold two of the five photos' products.
    assert sum(row["local"] for row in rows if row["shelf"] == 1 and row["whole"]) == 2
    table = evidence.read(rows)
    assert table.features.shape == (50, len(evidence.NAMES)) and table.hits(1).sum() >= 10
