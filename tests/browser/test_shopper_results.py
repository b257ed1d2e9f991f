"""What a shopper does with the hits: another category, a facet, a product's page, "not it"."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Route, expect

from browser.conftest import Visiting
from browser.processes import Program
from browser.shelves import Shelf
from browser.visits import Visit

CHANGED = """before => before.join() !==
    [...document.querySelectorAll('[data-test=hit]')].map(hit => hit.dataset.product).join()"""
PICTURE = "document.querySelector('img[data-test=product-picture], [data-test=product-picture] img')"


@pytest.fixture
def found(visit: Visiting, shelf: Shelf) -> Visit:
    """Someone who sees the hits of the scene."""
    visitor = visit()
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    return visitor


@pytest.mark.parametrize("absent", [False, True])
def test_what_is_not_sure_is_shown_and_what_is_absent_lies_under_a_fold(
    visit: Visiting, shelf: Shelf, absent: bool
) -> None:
    visitor = visit()

    def doubt(route: Route) -> None:
        answer = route.fetch()
        told = answer.json()
        for region in told["regions"]:
            region.update(confident=False, absent=absent)
        route.fulfill(response=answer, json=told)

    visitor.page.route("**/api/search*", doubt)
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    if absent:
        expect(visitor.find("not-here")).to_be_visible()
        expect(visitor.find("hit").first).to_be_hidden()
        return
    expect(visitor.page.get_by_role("heading", name="It may be one of these")).to_be_visible()
    expect(visitor.find("hit").first).to_be_visible()
    expect(visitor.best_hit()).to_have_count(0)
    expect(visitor.find("not-here")).to_have_count(0)
    visitor.find("hit").first.click()
    expect(visitor.find("product-title")).to_be_visible()


def test_what_a_shopper_asked_for_by_a_category_is_shown_however_far_it_is(found: Visit) -> None:
    """The product itself lies in another one: the shop does not lack it."""

    def far(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"confident": False, "absent": True})

    found.page.route("**/api/again*", far)
    found.page.locator(
        '[data-test="category-chip"][aria-pressed="false"]:not([data-category="all"])'
    ).first.click()
    expect(found.page.get_by_role("heading", name="Similar things on our shelf")).to_be_visible()
    expect(found.find("hit").first).to_be_visible()
    expect(found.find("not-here")).to_have_count(0)
    expect(found.best_hit()).to_have_count(0)
    found.page.locator('[data-test="category-chip"][data-category="all"]').first.click()
    expect(found.find("not-here")).to_be_visible()
    found.page.unroute_all(behavior="wait")  # Else the next test bears a route that is still in flight.


def shown(visit: Visit) -> list[str]:
    return visit.find("hit").evaluate_all("hits => hits.map(hit => hit.dataset.product)")


def test_a_wrong_category_is_corrected_without_the_photo(found: Visit) -> None:
    before = shown(found)
    chip = found.page.locator(
        '[data-test="category-chip"][aria-pressed="false"]:not([data-category="all"])'
    ).first
    wanted = chip.get_attribute("data-category")
    asked = len(found.requests)
    chip.click()
    expect(found.find("category-chip", data_category=str(wanted))).to_have_attribute("aria-pressed", "true")
    found.page.wait_for_function(CHANGED, arg=before)
    sent = [url for url in found.requests[asked:] if "/api/" in url]
    assert any(url.endswith("/api/again") for url in sent)
    assert not any("/api/search" in url for url in sent)


def test_a_facet_narrows_the_hits_and_is_taken_back(found: Visit) -> None:
    before = shown(found)
    found.find("facet", data_facet="for").click()
    found.page.locator('[data-test="facet-value"][aria-pressed="false"]').first.click()
    expect(found.find("clear-filters")).to_be_visible()
    found.page.wait_for_function(CHANGED, arg=before)
    found.find("clear-filters").click()
    found.page.wait_for_function(f"before => !({CHANGED})(before)", arg=before)


def test_a_products_page_shows_pictures_attributes_and_similar_goods(found: Visit) -> None:
    chosen = found.best_hit().get_attribute("data-product")
    found.best_hit().click()
    expect(found.page.locator("body")).to_have_attribute("data-view", "product")
    expect(found.find("product-title")).not_to_be_empty()
    picture = found.find("product-picture").first
    expect(picture).to_be_visible()
    found.page.wait_for_function(f"() => ({PICTURE})?.naturalWidth > 100")
    expect(found.find("attributes")).to_contain_text("2000")  # Its GTIN.
    similar = found.find("similar").locator("[data-product]")
    expect(similar.first).to_be_visible()
    assert chosen not in similar.evaluate_all("hits => hits.map(hit => hit.dataset.product)")
    first = found.find("product-title").inner_text()
    similar.first.click()
    expect(found.find("product-title")).not_to_have_text(first)
    found.find("back").click()
    expect(found.find("product-title")).to_have_text(first)
    found.find("back").click()
    expect(found.best_hit()).to_be_visible()


def test_the_browsers_own_way_back_leads_to_the_hits(found: Visit) -> None:
    found.best_hit().click()
    expect(found.find("product-title")).to_be_visible()
    found.page.go_back()
    expect(found.best_hit()).to_be_visible()


def test_corrections_are_tallied_only_where_the_shop_wants_them(
    visit: Visiting, shelf: Shelf, store: Path, make_kiosk: Callable[..., Program]
) -> None:
    program = make_kiosk(store)
    settings = {"settings": {"corrections": True}}
    answer = urlopen(
        Request(
            f"{program.url}/api/settings",
            json.dumps(settings).encode(),
            {"Content-Type": "application/json", "Origin": program.url},
        ),
        timeout=20,
    )
    assert json.load(answer)["settings"]["corrections"] is True
    visitor = visit(program.url)
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    visitor.best_hit().click()
    with visitor.page.expect_response(lambda response: "/api/corrections" in response.url) as sent:
        visitor.find("its-it").click()
    assert sent.value.status == 204
    told = sent.value.request.post_data_json
    assert set(told) <= {"shown", "chosen", "category"}
