"""What a server tells of its catalogue: the statistics that a shelf of the same products has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from server_products import DIMENSION, SPACE, make_product

from pocketshelf.formats import ShardMeta
from pocketshelf.recall import Neighbourhood
from pocketshelf.store import Store
from pocketshelf_server.catalogue import Catalogue, Delete, Upsert
from pocketshelf_server.http import create_app
from pocketshelf_server.search import cohort as cohort_module
from pocketshelf_server.search.cohort import HITS, REFRESH_SECONDS, CatalogueCohort
from pocketshelf_server.site import Site


def fill(catalogue: Catalogue, count: int) -> list[str]:
    products = [make_product(f"p{i:03d}", pictures=2) for i in range(count)]
    catalogue.apply([Upsert(product) for product in products])
    return [product.product_id for product in products]


def query() -> np.ndarray:
    made = np.random.default_rng(0).standard_normal(DIMENSION).astype(np.float32)
    return made / np.linalg.norm(made)


def test_it_is_what_a_shelf_of_the_same_products_tells(catalogue: Catalogue, tmp_path: Path) -> None:
    ids = fill(catalogue, 60)
    cohort = CatalogueCohort(catalogue)
    cohort.refresh(catalogue.sequence())
    told = cohort.told(query(), ids[:3])
    with catalogue.reading() as view:
        store = Store.create(
            tmp_path / "shelf", ShardMeta.of(catalogue.space, catalogue.sequence()), view.products()
        )
    shelf = Neighbourhood(store.shard)
    assert told is not None and list(told.of_hits) == ids[:3]
    assert told.nearest == pytest.approx(shelf.nearest, abs=1e-6)
    assert told.of_query == pytest.approx(shelf.background(query()), abs=1e-6)
    for product_id, background in told.of_hits.items():
        product = store.product(product_id)
        assert product is not None
        assert background == pytest.approx(shelf.background(product.vectors[0].astype(np.float32)), abs=1e-6)
    store.close()


def test_nothing_is_told_of_less_than_two_products(catalogue: Catalogue) -> None:
    cohort = CatalogueCohort(catalogue)
    assert cohort.told(query(), []) is None
    fill(catalogue, 1)
    cohort.refresh(catalogue.sequence())
    assert cohort.told(query(), ["p000"]) is None


def test_a_hit_that_was_deleted_this_very_moment_ends_what_is_told_of_hits(catalogue: Catalogue) -> None:
    ids = fill(catalogue, 20)
    cohort = CatalogueCohort(catalogue)
    cohort.refresh(catalogue.sequence())
    catalogue.apply([Delete(ids[2])])
    told = cohort.told(query(), ids)
    assert told is not None and list(told.of_hits) == ids[:2]
    everything = cohort.told(query(), ids[3:])
    assert everything is not None and list(everything.of_hits) == ids[3 : 3 + HITS]


def test_it_is_taken_anew_after_a_change_and_a_while(catalogue: Catalogue) -> None:
    now, ids = 0.0, fill(catalogue, 20)
    cohort = CatalogueCohort(catalogue, clock=lambda: now)
    cohort.refresh(catalogue.sequence())
    before = cohort.told(query(), ids)
    catalogue.apply([Delete(key) for key in ids[5:]])
    cohort.refresh(catalogue.sequence())
    assert before is not None and cohort.told(query(), ids[:1]).nearest == before.nearest
    now = REFRESH_SECONDS + 1
    cohort.refresh(catalogue.sequence())
    assert cohort.told(query(), ids[:1]).nearest != before.nearest


def test_of_a_large_catalogue_a_sample_of_a_shelf_s_size_is_taken(
    catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cohort_module, "COHORT", 16)
    fill(catalogue, 100)
    cohort = CatalogueCohort(catalogue)
    cohort.refresh(catalogue.sequence())
    assert cohort._taken is not None and len(cohort._taken[2].cohort) == 16
    with catalogue.reading() as view:
        assert 16 <= len(view.sample(16)) <= 32


def test_a_search_tells_it(site: Site, catalogue: Catalogue) -> None:
    fill(catalogue, 20)
    client = create_app(site, catalogue).test_client()
    body = {"vector": query().tolist(), "space": SPACE.name, "k": 12}
    answer = client.post("/v1/search", json=body).get_json()
    told = answer["catalogue"]
    assert len(answer["hits"]) == 12 and len(told["hits"]) == HITS
    assert set(told) == {"nearest", "background", "hits"}
    for each in (told["nearest"], told["background"], *told["hits"]):
        assert -1 <= each["mean"] <= 1 and each["spread"] > 0
