"""What the pages show: the catalogue, its pictures and history, generations, figures, keys."""

from __future__ import annotations

import html
import io
import re
from pathlib import Path

import pytest
from console_browser import post, sign_in
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from server_products import SPACE, make_product

from pocketshelf.page.asset_files import asset
from pocketshelf_server.catalogue import Upsert, open_catalogue
from pocketshelf_server.catalogue.base import Catalogue
from pocketshelf_server.catalogue.browse import Filter, browse, facets, log_of, standing_at
from pocketshelf_server.console import Console
from pocketshelf_server.console.access.roles import Role
from pocketshelf_server.console.access.tokens import ConsoleTokens
from pocketshelf_server.console.shards.differences import difference
from pocketshelf_server.http import create_app
from pocketshelf_server.making import make_site
from pocketshelf_server.publish import publish_site
from pocketshelf_server.site import Site

TEMPLATES = Path(__file__).parents[3] / "server/pocketshelf_server/console/templates"


def text_of(client: FlaskClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[-600:]
    return answer.get_data(as_text=True)


def products_of(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'data-test="product" data-product="([^"]*)"', text)]


def test_the_overview_tells_how_fresh_the_shelf_is(viewer: FlaskClient, shop: Site) -> None:
    page = text_of(viewer, "/")
    assert re.search(r"Products</span><b>65</b>", page) and "all that the catalogue has" in page
    assert "Women" not in page and "Apple" in page
    catalogue = open_catalogue(shop)
    catalogue.apply([Upsert(make_product("p100"))])
    catalogue.close()
    assert "1 change of the catalogue waits to be published" in text_of(viewer, "/")


@pytest.mark.parametrize(
    ("query", "count", "first"),
    [
        ("", 65, "a/b?c&d=e#f%"),
        ("q=p00", 10, "p000"),
        ("q=title+P003", 1, "p003"),
        ("category=Pear", 19, "p001"),
        ("category=Pear&attribute=colour:red", 9, "p004"),
        ("attribute=colour:red", 30, "p000"),
        ("q=قميص", 1, "rtl"),
        ("q=👟", 1, "emoji"),
        ("q=%25", 1, "a/b?c&d=e#f%"),
        ("q=_", 0, None),
        ("q=<script>", 1, "evil"),
        ("q=nothing+here", 0, None),
        ("page=3", 65, "p044"),
    ],
)
def test_the_catalogue_is_searched(viewer: FlaskClient, query: str, count: int, first: str | None) -> None:
    page = text_of(viewer, f"/console/catalogue?{query}")
    assert f"{count} product" in page
    found = products_of(page)
    assert (found[0] if found else None) == first and len(found) <= 24
    part = viewer.get(f"/console/catalogue?{query}", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert products_of(part) == found and "<!doctype" not in part


@pytest.mark.parametrize(
    "query", ["page=0", "page=x", "page=9999999999", "q=" + "x" * 201, "q=%00", "attribute=%00:x"]
)
def test_a_wrong_question_is_one_clear_line(viewer: FlaskClient, query: str) -> None:
    answer = viewer.get(f"/console/catalogue?{query}")
    assert answer.status_code == 422 and 'data-test="sorry"' in answer.get_data(as_text=True)


def test_titles_of_every_kind_are_words_and_nothing_else(viewer: FlaskClient) -> None:
    page = text_of(viewer, "/console/catalogue?category=Odd")
    assert "<script>alert" not in page and "&lt;script&gt;alert(1)" in page
    assert "👟🔥 Sneaker 🌈" in page and "قميص أزرق" in page and 'dir="auto"' in page
    assert "<b>blue" not in page
    for product_id in products_of(page):
        link = re.search(
            rf'href="([^"]+)" data-test="product" data-product="{re.escape(html.escape(product_id))}"', page
        )
        assert link is not None
        shown = text_of(viewer, html.unescape(link[1]))
        assert html.escape(product_id) in shown and "<b>blue" not in shown
    assert ">untitled</span>" in text_of(
        viewer, "/console/product?id=untitled"
    )  # Its id, for want of a title.


@pytest.mark.parametrize("product_id", ["", "nowhere", "%00", "x" * 5000])
def test_a_product_that_is_not_there(viewer: FlaskClient, product_id: str) -> None:
    assert viewer.get(f"/console/product?id={product_id}").status_code == 404


def test_a_product_s_history_says_since_when_devices_have_it(viewer: FlaskClient, shop: Site) -> None:
    page = text_of(viewer, "/console/product?id=p058")
    assert (
        page.count("on devices since generation") == 2 and "Came in" in page and "Put in or changed" in page
    )
    catalogue = open_catalogue(shop)
    catalogue.apply([Upsert(make_product("p058", 2))])
    assert "waits to be published" in text_of(viewer, "/console/product?id=p058")
    catalogue.compact(catalogue.sequence())
    catalogue.close()
    assert "is not known any more" in text_of(viewer, "/console/product?id=p058")
    assert viewer.get("/console/product?id=p059").status_code == 404


def test_pictures_are_made_small_by_a_process_of_their_own(viewer: FlaskClient, console: Console) -> None:
    answer = viewer.get("/console/picture?id=p000&side=96")
    assert answer.content_type == "image/jpeg"
    with Image.open(io.BytesIO(answer.data)) as image:
        assert image.size == (96, 72)
    again = viewer.get("/console/picture?id=p000&side=96", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    assert len(console._pictures._shrinker.pids()) == 1
    for query in ("id=p002&side=96", "id=p000&side=97", "id=p000&side=99999", "id=evil&side=96", "id=%00"):
        assert viewer.get(f"/console/picture?{query}").status_code in (404, 422), query


def test_a_picture_s_name_leads_out_of_no_folder(viewer: FlaskClient, shop: Site) -> None:
    catalogue = open_catalogue(shop)
    for name in (
        "../keys/admin.token",
        "/etc/hostname",
        "../../../../../etc/hostname",
        "p000.jpg/../../config.json",
    ):
        product = make_product("leads-out")
        catalogue.apply([Upsert(type(product)("leads-out", 0, "Apple", "x", name, product.vectors, {}))])
        assert viewer.get("/console/picture?id=leads-out&side=96").status_code == 404, name
    catalogue.close()


def test_a_hostile_picture_costs_itself_alone(viewer: FlaskClient, shop: Site) -> None:
    (shop.folder / "pictures/p002.jpg").write_bytes(b"\xff\xd8\xff\xe0" + b"x" * 1000)
    assert viewer.get("/console/picture?id=p002&side=96").status_code in (404, 422)
    assert viewer.get("/console/picture?id=p000&side=96").status_code == 200


def photo(colour: tuple[int, int, int]) -> io.BytesIO:
    stream = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(stream, "PNG")
    stream.seek(0)
    return stream


def test_search_by_photo(viewer: FlaskClient) -> None:
    answer = post(viewer, "/console/catalogue/photo", photo=(photo((200, 10, 10)), "a.png"))
    assert answer.status_code == 200 and answer.get_data(as_text=True).count('data-test="photo-hit"') == 24
    for wrong in ((io.BytesIO(b"no photo"), "a.jpg"), (io.BytesIO(b""), "")):
        answer = post(viewer, "/console/catalogue/photo", photo=wrong)
        assert answer.status_code == 422 and 'data-test="photo-error"' in answer.get_data(as_text=True)


def test_generations_and_what_changed_between_two(viewer: FlaskClient, shop: Site) -> None:
    page = text_of(viewer, "/console/shards")
    assert 'data-shard="all"' in page and page.count('data-test="generation"') == 2 and "up to date" in page
    changes = text_of(viewer, "/console/shards/changes?shard=all&from=60&to=68")
    counts = re.findall(
        r'data-test="(added|changed|removed)"><h2>\w+ <span class="count note">(\d+)', changes
    )
    assert counts == [("added", "6"), ("changed", "1"), ("removed", "1")]
    assert 'data-product="p058"' in changes and ">p059<" in changes.replace("</svg>", ">").replace("\n", "")
    assert "The same generation" in text_of(viewer, "/console/shards/changes?shard=all&from=68&to=68")
    assert "No delta leads there" in text_of(viewer, "/console/shards/changes?shard=all&from=7&to=68")
    assert viewer.get("/console/shards/changes?shard=none").status_code == 404
    assert viewer.get("/console/shards/changes?shard=all&from=x").status_code == 422


def test_changes_over_several_steps_are_those_of_the_steps_together(shop: Site) -> None:
    catalogue = open_catalogue(shop)
    for number in range(3):
        catalogue.apply([Upsert(make_product("p000", number + 5)), Upsert(make_product(f"q{number}"))])
        publish_site(shop)
    newest = catalogue.sequence()
    direct = difference(shop, catalogue, "all", 68, newest)
    part = difference(shop, catalogue, "all", 68, newest - 2)
    assert direct is not None and direct.counts == {"added": 3, "changed": 1, "removed": 0}
    assert part is not None and [p.product_id for p in part.added] == ["q0", "q1"]
    catalogue.close()


def test_a_damaged_delta_is_named_and_not_opened(viewer: FlaskClient, shop: Site) -> None:
    for path in (shop.targets / "all").glob("*delta-60*"):
        path.write_bytes(path.read_bytes()[:-1] + b"x")
    answer = viewer.get("/console/shards/changes?shard=all&from=60&to=68")
    assert answer.status_code == 503 and "missing or damaged" in answer.get_data(as_text=True)


EMPTY = {
    "/": "The catalogue is empty",
    "/console/catalogue": "Nothing fits",
    "/console/devices": "No device has synced",
    "/console/shards": "Nothing is published yet",
    "/console/fallback": "No device has asked yet",
    "/console/imports": "Nothing is on record yet",
    "/console/keys": "timestamp",
}


def test_an_empty_site_says_what_to_do(tmp_path: Path) -> None:
    site = make_site(tmp_path / "empty", SPACE)
    catalogue = open_catalogue(site)
    console = Console(site, catalogue)
    client = create_app(site, catalogue, rooms=[console]).test_client()
    sign_in(client, ConsoleTokens(site, None).make("anna", Role.OPERATOR))
    for path, words in EMPTY.items():
        assert words in text_of(client, path), path
    console.close()
    catalogue.close()


def test_keys_say_who_signs_until_when_and_what_the_site_needs(operator: FlaskClient) -> None:
    page = text_of(operator, "/console/keys")
    assert re.findall(r'data-role="(\w+)"', page) == [
        "root",
        "targets",
        "snapshot",
        "timestamp",
    ]
    assert "operator-None" in page and "admin" in page and "PRIVATE" not in page
    found = text_of(operator, "/console/keys/findings")
    assert 'data-state="advice"' in found and "move that folder to a medium" in found
    part = operator.get("/console/keys/findings", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.startswith("<ul") and 'data-test="finding"' in part


def test_what_keeps_devices_from_syncing_stands_on_every_page(viewer: FlaskClient, shop: Site) -> None:
    for path in (shop.targets / "all").iterdir():
        path.unlink()
    for path in ("/", "/console/catalogue", "/console/keys"):
        assert 'data-test="health"' in text_of(viewer, path)


def test_pages_ask_for_nothing_that_is_not_there(app: Flask, operator: FlaskClient) -> None:
    """Every script, style and icon of every page, and every link of the navigation."""
    icons = asset("icons.svg").decode()
    for path in ("/", "/console/catalogue", "/console/imports", "/console/keys", "/console/product?id=p000"):
        page = text_of(operator, path)
        for address in set(re.findall(r'(?:href|src)="(/[^"#]*)', page)):
            assert operator.get(html.unescape(address)).status_code == 200, address
    for template in TEMPLATES.glob("*.html"):
        for name in re.findall(r'icon\("([\w-]+)"', template.read_text()):
            assert f'id="{name}"' in icons, (template.name, name)
    assert app.test_client().get("/assets/000000000000/console.js").status_code == 404
    assert app.test_client().get("/assets/../../keys/admin.token").status_code == 404


def test_browsing_is_the_same_in_every_database(catalogue: Catalogue) -> None:
    products = [
        make_product(f"p{i}", 0, "Äpfel" if i % 2 else "Pear", colour="red", rank=i) for i in range(6)
    ]
    catalogue.apply([Upsert(product) for product in products])
    catalogue.apply([Upsert(make_product("p1", 1, "Äpfel", colour="blue"))])
    with catalogue.reading() as view:
        assert browse(view, Filter("äpfel"), 10, 0).count == 3
        assert browse(view, Filter("TITLE p1"), 10, 0).count == 1
        assert browse(view, Filter("100%"), 10, 0).count == browse(view, Filter("a!b_"), 10, 0).count == 0
        assert [p.product_id for p in browse(view, Filter(category="Pear"), 2, 1).products] == ["p2", "p4"]
        assert browse(view, Filter(attribute=("colour", "blue")), 10, 0).count == 1
        assert [(f.name, f.values) for f in facets(view, Filter())] == [("colour", (("red", 5), ("blue", 1)))]
        assert [(c.sequence, c.kind) for c in log_of(view, "p1")] == [(7, "upsert"), (2, "upsert")]
        assert standing_at(view, 3, {"p1", "p5"}) == {"p1": True}
