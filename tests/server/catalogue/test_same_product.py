"""The same product, whichever way it comes: it changes nothing, takes no number, ships to nobody again."""

from __future__ import annotations

import base64
import itertools
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from server_products import SPACE, ColourPhotos, CountingEmbedder, embed_by_colour, make_product

from pocketshelf.formats import Product, ShardMeta, create_shard, quantize_vectors
from pocketshelf.stages.colours import PALETTE, looked_at, palette_of
from pocketshelf.stages.preprocess import read_photo
from pocketshelf_server.catalogue import Catalogue, Upsert, open_catalogue
from pocketshelf_server.catalogue.importer import Importer
from pocketshelf_server.catalogue.transfer import import_shard
from pocketshelf_server.http import create_app
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site


def expected(shop: Path) -> list[Product]:
    """The shop's products, made by hand."""
    rows = (("a", "A", "Apple", "5"), ("b", "B", "Pear", ""), ("c", "C", "Plum", "7"))
    return [
        Product(key, 9, category, title, f"{key}.png",
                quantize_vectors(embed_by_colour((shop / f"{key}.png").read_bytes())[None]),
                {PALETTE: palette_of(looked_at(read_photo(shop / f"{key}.png"))),
                 **({"popularity": popularity} if popularity else {})})
        for key, title, category, popularity in rows
    ]  # fmt: skip


def by_import(site: Site, catalogue: Catalogue, shop: Path) -> None:
    embedder = CountingEmbedder()
    Importer(catalogue, lambda: embedder, shop).run(shop / "shop.csv")


def by_store(site: Site, catalogue: Catalogue, shop: Path) -> None:
    path = Path(tempfile.mkdtemp(dir=shop)) / "shard.sqlite"
    create_shard(path, ShardMeta.of(SPACE, 9), expected(shop))
    import_shard(catalogue, path)


def by_changes(site: Site, catalogue: Catalogue, shop: Path) -> None:
    post_changes(site, catalogue, shop, lambda p: {"vectors": [as_base64(v.tobytes()) for v in p.vectors]})


def by_pictures(site: Site, catalogue: Catalogue, shop: Path) -> None:
    post_changes(
        site, catalogue, shop, lambda p: {"pictures": [as_base64((shop / str(p.image)).read_bytes())]}
    )


def as_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def post_changes(
    site: Site, catalogue: Catalogue, shop: Path, seen: Callable[[Product], dict[str, list[str]]]
) -> None:
    items = [
        {
            "op": "upsert",
            **{key: getattr(p, key) for key in ("product_id", "category", "title", "image", "attributes")},
            **seen(p),
        }
        for p in expected(shop)
    ]
    answer = (
        create_app(site, catalogue, ColourPhotos())
        .test_client()
        .post(
            "/v1/changes",
            json={"space": SPACE.name, "changes": items},
            headers={"Authorization": f"Bearer {site.token_path.read_text().strip()}"},
        )
    )
    assert answer.status_code == 200, answer.data


WAYS = {"import": by_import, "store": by_store, "changes": by_changes, "pictures": by_pictures}
Way = Callable[[Site, Catalogue, Path], None]


@pytest.mark.parametrize(("first", "second"), itertools.permutations(WAYS, 2))
def test_by_another_way_it_is_no_change(site: Site, shop: Path, first: str, second: str) -> None:
    catalogue = open_catalogue(site)
    WAYS[first](site, catalogue, shop)
    stored = catalogue.get("abc")
    assert all(stored[product.product_id].same_content(product) for product in expected(shop))
    publish_site(site)
    WAYS[second](site, catalogue, shop)
    assert (catalogue.sequence(), catalogue.get("abc")) == (3, stored)
    assert [result.new for result in publish_site(site)] == [False]
    catalogue.close()


@pytest.mark.parametrize("way", ["store", "changes"])
def test_an_import_of_what_came_otherwise_embeds_it_only_once(site: Site, shop: Path, way: str) -> None:
    catalogue, embedder = open_catalogue(site), CountingEmbedder()
    WAYS[way](site, catalogue, shop)
    for _ in range(2):
        report = Importer(catalogue, lambda: embedder, shop).run(shop / "shop.csv")
        assert (report.added_or_changed, report.unchanged, embedder.calls) == (0, 3, 3)
    catalogue.close()


@pytest.mark.parametrize(
    "change",
    [{"title": "B"}, {"category": "Pear"}, {"image": None}, {"attributes": {"n": True}}, {"pictures": 2}],
    ids=lambda change: next(iter(change)),
)
def test_any_difference_is_a_change(catalogue: Catalogue, change: dict) -> None:
    """Also one that Python's own comparison would miss: 1 == True."""
    before = make_product("a", n=1)
    catalogue.apply([Upsert(before, "source")])
    after = make_product("a", pictures=2, n=1) if "pictures" in change else replace(before, **change)
    assert catalogue.apply([Upsert(after)]).upserted == 1
    assert catalogue.get("a")["a"].same_content(after) and catalogue.sources("a") == {"a": ""}


def test_a_palette_stays_as_long_as_the_pictures_do(catalogue: Catalogue) -> None:
    catalogue.apply([Upsert(make_product("a", n=1, palette="ff0000:100"))])
    assert catalogue.apply([Upsert(make_product("a", n=1))]).upserted == 0
    catalogue.apply([Upsert(make_product("a", n=2))])
    assert catalogue.get(["a"])["a"].attributes == {"n": 2, "palette": "ff0000:100"}
    catalogue.apply([Upsert(make_product("a", n=2, palette="0000ff:100"))])
    assert catalogue.get(["a"])["a"].attributes["palette"] == "0000ff:100"
    catalogue.apply([Upsert(make_product("a", seed=1, n=2))])
    assert catalogue.get(["a"])["a"].attributes == {"n": 2}
