"""One suite for every catalogue: SQLite and PostgreSQL must not be told apart."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from server_products import DIMENSION, SPACE, make_product

from pocketshelf.errors import CatalogueError, SpaceMismatch
from pocketshelf.formats import Product, Space
from pocketshelf_server.catalogue import Catalogue, Change, Delete, Upsert


def put(catalogue: Catalogue, *product_ids: str, seed: int = 0, **options: object) -> int:
    return catalogue.apply([Upsert(make_product(key, seed, **options)) for key in product_ids]).sequence


def test_a_new_catalogue_is_empty(catalogue: Catalogue) -> None:
    assert isinstance(catalogue, Catalogue)
    assert (catalogue.sequence(), catalogue.count(), catalogue.categories()) == (0, 0, {})
    assert catalogue.space == SPACE


def test_every_change_takes_one_number_in_order(catalogue: Catalogue) -> None:
    applied = catalogue.apply([Upsert(make_product("b")), Upsert(make_product("a")), Delete("b")])
    assert (applied.upserted, applied.deleted, applied.unchanged, applied.sequence) == (2, 1, 0, 3)
    assert catalogue.changes(0, 10) == [
        Change(1, "b", "upsert"),
        Change(2, "a", "upsert"),
        Change(3, "b", "delete"),
    ]
    assert catalogue.changes(1, 1) == [Change(2, "a", "upsert")]


def test_the_same_content_takes_no_number(catalogue: Catalogue) -> None:
    put(catalogue, "a")
    applied = catalogue.apply([Upsert(make_product("a")), Delete("never there")])
    assert (applied.unchanged, applied.sequence) == (2, 1)
    assert put(catalogue, "a", seed=1) == 2


def test_changes_of_one_product_within_a_batch_follow_each_other(catalogue: Catalogue) -> None:
    same = make_product("a")
    applied = catalogue.apply([Upsert(same), Upsert(same), Delete("a"), Delete("a"), Upsert(same)])
    assert (applied.upserted, applied.deleted, applied.unchanged, applied.sequence) == (2, 1, 2, 3)
    assert catalogue.get(["a"])["a"].sequence == 3


def test_a_product_comes_back_as_it_was_put(catalogue: Catalogue) -> None:
    product = make_product("ä/1 '\"", pictures=3, category="Épicé", price=1.5, tags=["x", None], ok=True)
    catalogue.apply([Upsert(product, "made from this")])
    stored = catalogue.get(["ä/1 '\"", "other"])["ä/1 '\""]
    assert stored.same_content(product) and stored.vectors.dtype == np.int8 and stored.sequence == 1
    assert (stored.attributes, stored.category) == (product.attributes, "Épicé")
    assert catalogue.sources([product.product_id, "no"]) == {product.product_id: "made from this"}
    assert catalogue.titles([product.product_id]) == {product.product_id: (product.title, "Épicé")}
    first = catalogue.first_vectors([product.product_id, "no"])
    assert list(first) == [product.product_id] and (first[product.product_id] == product.vectors[0]).all()


def test_reading_is_ordered_by_code_point(catalogue: Catalogue) -> None:
    put(catalogue, "b", "B", "a-1", "a1", "é", "Z", "10", "9")
    with catalogue.reading() as view:
        order = [entry.product_id for entry in view.entries()]
        assert [product.product_id for product in view.products()] == order
    assert order == sorted(order)


def test_reading_sees_one_instant(catalogue: Catalogue) -> None:
    put(catalogue, "a", "b")
    with catalogue.reading() as view:
        assert view.sequence() == 2
        writer = threading.Thread(target=lambda: catalogue.apply([Delete("a"), Upsert(make_product("c"))]))
        writer.start()
        writer.join(20)
        assert [entry.product_id for entry in view.entries()] == ["a", "b"]
        assert (view.sequence(), view.tombstones(), view.categories()) == (2, {}, {"Apple": 2})
    assert catalogue.sequence() == 4
    with catalogue.reading() as view:
        assert view.tombstones() == {"a": 3}
        assert set(view.get(["a", "b", "c"])) == {"b", "c"}


def test_a_product_that_came_back_is_no_tombstone(catalogue: Catalogue) -> None:
    put(catalogue, "a")
    catalogue.apply([Delete("a")])
    put(catalogue, "a")
    with catalogue.reading() as view:
        assert view.tombstones() == {}


def test_compaction_forgets_the_log_and_says_so(catalogue: Catalogue) -> None:
    put(catalogue, "a", "b", "c")
    assert catalogue.compact(2) == 2
    assert (catalogue.oldest_change(), catalogue.changes(0, 10)) == (2, [Change(3, "c", "upsert")])
    assert catalogue.compact(1) == 0
    assert catalogue.oldest_change() == 2
    assert catalogue.count() == 3


def test_a_number_without_a_product(catalogue: Catalogue) -> None:
    put(catalogue, "a")
    assert catalogue.take_number("rule") == 2
    assert catalogue.changes(1, 9) == [Change(2, "", "rule")]


def test_many_products_at_once(catalogue: Catalogue) -> None:
    ids = [f"p{i:04d}" for i in range(1100)]
    put(catalogue, *ids)
    assert set(catalogue.get(ids)) == set(ids) == set(catalogue.sources(ids))
    assert catalogue.count() == 1100


@pytest.mark.parametrize(
    "change",
    [
        {"product_id": ""},
        {"category": ""},
        {"title": "x\x00y"},
        {"title": "\ud800"},
        {"title": "x" * 5000},
        {"attributes": {"x": float("nan")}},
        {"attributes": {"x": {1, 2}}},
        {"attributes": json.loads('{"x":' * 900 + "0" + "}" * 900)},
        {"attributes": {"x": "y" * 2_000_000}},
        {"vectors": np.zeros((1, DIMENSION + 1), np.int8)},
        {"vectors": np.zeros((0, DIMENSION), np.int8)},
        {"vectors": np.zeros((1, DIMENSION), np.float32)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_be_published_is_refused_whole(catalogue: Catalogue, change: dict) -> None:
    bad = Product(**{**vars(make_product("bad")), **change})
    with pytest.raises(CatalogueError):
        catalogue.apply([Upsert(make_product("good")), Upsert(bad)])
    assert (catalogue.sequence(), catalogue.count()) == (0, 0)


def test_categories_that_no_product_is_of_are_named(catalogue: Catalogue) -> None:
    catalogue.apply([Upsert(make_product("a", 0, "Apple")), Upsert(make_product("b", 0, "Pear"))])
    assert catalogue.missing_categories(["Fig", "Apple", "apple", "Pear", "'"]) == ["Fig", "apple", "'"]


def test_a_jump_leaves_numbers_behind_and_everyone_who_follows_reads_anew(catalogue: Catalogue) -> None:
    put(catalogue, "a", "b")
    assert catalogue.jump(1_000) == catalogue.sequence() == catalogue.oldest_change() == 1_000
    assert (catalogue.changes(0, 9), catalogue.count()) == ([], 2)
    assert put(catalogue, "c") == 1_001
    assert catalogue.jump(5) == 1_002  # Never back.


def test_writers_in_parallel_lose_no_number(catalogue: Catalogue) -> None:
    def write(name: str) -> None:
        for i in range(10):
            put(catalogue, f"{name}{i}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [change.sequence for change in catalogue.changes(0, 99)] == list(range(1, 41))
    assert catalogue.sequence() == catalogue.count() == 40


def test_the_wrong_space_is_refused(catalogue: Catalogue) -> None:
    catalogue.require_space(Space(SPACE.name, SPACE.preprocessing, "a newer bundle", DIMENSION))
    for other in (
        Space("other", SPACE.preprocessing, "b", DIMENSION),
        Space(SPACE.name, "ffff", "b", DIMENSION),
        Space(SPACE.name, SPACE.preprocessing, "b", DIMENSION + 1),
    ):
        with pytest.raises(SpaceMismatch, match="bundle"):
            catalogue.require_space(other)
