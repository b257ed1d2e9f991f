"""Colours in a whole search: a built shelf has palettes; of what is equally near the right colour leads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drawn_things import COLOURS, draw_thing
from pocketshelf import Retriever
from pocketshelf.answering import COLOUR_DEPTH
from pocketshelf.catalogue import build_store
from pocketshelf.formats import Bundle
from pocketshelf.formats.product import Product
from pocketshelf.formats.shard import ShardMeta
from pocketshelf.formats.space import space_of
from pocketshelf.stages.colours import PALETTE, palette_of
from pocketshelf.store import Store
from pocketshelf.types import Hit

RED, GREEN = "c81e1e:100", "1ec81e:100"


def make_store(folder: Path, bundle: Bundle, palettes: Mapping[str, str | None]) -> Path:
    """Products of one vector, whose palettes alone differ."""
    vector = np.full((1, bundle.embedder.dimension), 40, np.int8)
    products = [
        Product(name, 1, bundle.embedder.categories[0], name, None, vector, {PALETTE: told} if told else {})
        for name, told in palettes.items()
    ]
    Store.create(folder, ShardMeta.of(space_of(bundle), 1), products).close()
    return folder


def red_thing(path: Path) -> Path:
    image = np.full((200, 200, 3), 255, np.uint8)
    image[50:150, 50:150] = (200, 30, 30)
    from PIL import Image

    Image.fromarray(image).save(path)
    return path


def firsts(store: Path, bundle: Bundle, photo: Path, **wishes: Any) -> list[str]:
    with Retriever.open(store, bundle) as retriever:
        return [
            hit.product_id
            for hit in retriever.search(photo, whole=True, category="all", **wishes).regions[0].hits
        ]


def test_build_tells_the_palette_of_every_picture(shop: Path, fake_bundle: Bundle) -> None:
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    with Store.open(shop / "store") as store, Retriever.open(shop / "store", fake_bundle) as retriever:
        products = list(store.shard)
        told = {product.product_id: product.attributes[PALETTE] for product in products}
        own = retriever.encoder.encode(draw_thing(COLOURS["red"][0]), whole=True).regions[0]
    assert len(told) == len(products) and own.pixels is not None
    assert told["red"].split("; ")[0] == palette_of(own.pixels)


def test_of_what_is_equally_near_the_right_colour_leads(tmp_path: Path, fake_bundle: Bundle) -> None:
    photo = red_thing(tmp_path / "photo.png")
    store = make_store(tmp_path / "store", fake_bundle, {"a": GREEN, "b": None, "c": RED})
    assert firsts(store, fake_bundle, photo) == ["c", "b", "a"]
    bare = make_store(tmp_path / "bare", fake_bundle, {"a": None, "b": None, "c": None})
    assert firsts(bare, fake_bundle, photo) == ["a", "b", "c"], "without palettes nothing changes"


@pytest.mark.parametrize("k", [1, 2, 10])
def test_what_stands_first_does_not_depend_on_how_many_are_wanted(
    tmp_path: Path, fake_bundle: Bundle, k: int
) -> None:
    palettes = {f"p{n:02}": GREEN for n in range(COLOUR_DEPTH - 1)} | {"q": RED}
    store = make_store(tmp_path / "store", fake_bundle, palettes)
    assert firsts(store, fake_bundle, red_thing(tmp_path / "photo.png"), top_k=k)[0] == "q"


def test_a_region_without_a_photo_is_searched_by_its_vector_alone(
    tmp_path: Path, fake_bundle: Bundle
) -> None:
    store = make_store(tmp_path / "store", fake_bundle, {"a": GREEN, "c": RED})
    with Retriever.open(store, fake_bundle) as retriever:
        region = retriever.encoder.encode(red_thing(tmp_path / "photo.png"), whole=True).regions[0]
        assert [hit.product_id for hit in retriever.search_region(region).hits or ()] == ["c", "a"]
        blind = replace(region, pixels=None)
        assert [hit.product_id for hit in retriever.search_region(blind).hits or ()] == ["a", "c"]


def test_a_servers_hits_fall_by_their_colours_as_the_shelfs_do(tmp_path: Path, fake_bundle: Bundle) -> None:
    class Server:
        def search(self, vector: np.ndarray, space: str, categories: tuple[str, ...], k: int) -> list[Hit]:
            return [
                Hit("green", 0.9, "", "x", source="server", attributes={PALETTE: GREEN}),
                Hit("red", 0.9, "", "x", source="server", attributes={PALETTE: RED}),
            ]

    store = make_store(tmp_path / "store", fake_bundle, {"c": RED})
    with Retriever.open(store, fake_bundle, fallback=Server()) as retriever:
        region = retriever.search(red_thing(tmp_path / "photo.png"), whole=True, fallback=True).regions[0]
    by_id = {hit.product_id: hit.score for hit in region.hits or ()}
    assert by_id["red"] == pytest.approx(0.9, abs=0.01) and by_id["green"] < 0.75


def test_what_a_lamp_or_the_dark_does_to_a_photo_is_undone(tmp_path: Path, fake_bundle: Bundle) -> None:
    cream, orange, blue = "ece6d8:100", "e6a046:100", "1f3a8c:100"
    store = make_store(tmp_path / "store", fake_bundle, {"blue": blue, "cream": cream, "orange": orange})
    image = np.full((200, 200, 3), 250, np.uint8)
    image[50:150, 50:150] = (236, 230, 216)
    for light in ((1.0, 0.8, 0.6), (0.45, 0.45, 0.45), (0.45, 0.36, 0.27)):
        with Retriever.open(store, fake_bundle) as retriever:
            region = retriever.search((image * np.array(light)).astype(np.uint8), whole=True).regions[0]
            assert (region.hits or ())[0].product_id == "cream", light
            # What a line tells of it finds the same again.
            seen = retriever.encoder.encode((image * np.array(light)).astype(np.uint8), whole=True).regions[0]
            told = replace(seen, pixels=None, light=None, told=region.palette)
            assert retriever.search_region(told).hits == region.hits
            assert seen.palette is not None and (region.palette or "").startswith(seen.palette)


def test_a_dark_thing_that_fills_the_frame_is_still_dark(tmp_path: Path, fake_bundle: Bundle) -> None:
    palettes = {"a": "fafafa:100", "black": "191919:100", "grey": "808080:100"}
    store = make_store(tmp_path / "store", fake_bundle, palettes)
    coat = np.full((200, 200, 3), 25, np.uint8)
    coat[:20, :20] = 23, 25, 24  # A camera's, which is never without all colour.
    with Retriever.open(store, fake_bundle) as retriever:
        hits = retriever.search(coat, whole=True).regions[0].hits or ()
    assert {hit.product_id for hit in hits[:2]} == {"a", "black"}, "or a white one in the dark"
    assert hits[0].score == pytest.approx(hits[1].score, abs=0.001) and hits[1].score > hits[2].score + 0.1


def test_a_photo_in_black_and_white_is_searched_by_its_vector_alone(
    tmp_path: Path, fake_bundle: Bundle
) -> None:
    store = make_store(tmp_path / "store", fake_bundle, {"grey": "808080:100", "red": "c81e1e:100"})
    photo = np.full((200, 200, 3), 128, np.uint8)
    with Retriever.open(store, fake_bundle) as retriever:
        region = retriever.search(photo, whole=True).regions[0]
        photo[:20, :20] = 128, 131, 128
        coloured = retriever.search(photo, whole=True).regions[0]
    assert region.palette is None and coloured.palette is not None
    scores, by_colour = (
        {hit.product_id: hit.score for hit in each.hits or ()} for each in (region, coloured)
    )
    assert scores["grey"] == pytest.approx(scores["red"], abs=0.001), "no colour counts"
    assert by_colour["grey"] > by_colour["red"] + 0.1
