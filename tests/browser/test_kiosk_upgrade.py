"""The kiosk's package is renewed while its page stays open: for a day, for months."""

from __future__ import annotations

from playwright.sync_api import Route, expect

from browser.conftest import Visiting
from browser.visits import Visit


def plain(visit: Visiting) -> Visit:
    """Someone whose browser has no service worker, which would hide from the test what the page asks."""
    visitor = visit(service_workers="block")
    visitor.forgive("Service Worker registration blocked")
    return visitor


def renewed(visitor: Visit) -> list[str]:
    """From now on the service says that it serves another page; where the page goes from then on."""

    def answer(route: Route) -> None:
        said = route.fetch()
        route.fulfill(response=said, json={**said.json(), "release": "another"})

    went: list[str] = []
    visitor.page.on("framenavigated", lambda frame: went.append(frame.url))
    visitor.page.route("**/api/state", answer)
    return went


def test_a_page_of_before_loads_itself_anew_between_two_shoppers(visit: Visiting) -> None:
    visitor = plain(visit)
    visitor.go("/?lang=de")
    expect(visitor.page.locator("#freshness")).not_to_be_empty()
    went = renewed(visitor)
    with visitor.page.expect_event("framenavigated"):
        pass
    expect(visitor.page.locator("#freshness")).not_to_be_empty()
    # What it gets is of before still, whyever: it does not try again and again.
    visitor.page.wait_for_timeout(12_000)
    assert went == [f"{visitor.origin}/?lang=de"]


def test_a_shopper_before_a_page_of_before_keeps_it(visit: Visiting) -> None:
    visitor = plain(visit)
    visitor.go("/?view=live")
    expect(visitor.find("shutter")).to_be_visible()
    went = renewed(visitor)
    visitor.page.wait_for_timeout(12_000)
    assert went == []
