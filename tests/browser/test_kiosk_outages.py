"""The kiosk's program stops while a shopper stands before the page, and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.processes import Program
from browser.shelves import Shelf
from browser.visits import Visit

# What a browser itself logs of a server that is not there.
AWAY = r"ERR_|Failed to load|fetch|NetworkError|status of 5"


@pytest.fixture
def own(store: Path, make_kiosk: Callable[..., Program]) -> Program:
    return make_kiosk(store)


@pytest.fixture
def visitor(visit: Visiting, own: Program) -> Visit:
    """Someone before that kiosk, whose page a service worker keeps."""
    made = visit(own.url)
    made.forgive(AWAY)
    made.go("/?view=live")
    made.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    made.page.reload()
    made.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    expect(made.find("shutter")).to_be_visible()
    return made


def test_a_stopped_server_is_said_and_its_return_is_noticed(
    visitor: Visit, own: Program, shelf: Shelf
) -> None:
    own.stop()
    expect(visitor.page.locator("body")).to_have_attribute("data-service", "down")
    expect(visitor.find("service-down")).to_be_visible()
    own.start()
    expect(visitor.page.locator("body")).to_have_attribute("data-service", "up")
    expect(visitor.find("service-down")).to_be_hidden()
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()


def test_a_photo_sent_to_a_stopped_server_is_answered_in_words(
    visitor: Visit, own: Program, shelf: Shelf
) -> None:
    own.stop()
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.find("photo-error").or_(visitor.find("service-down")).first).to_be_visible()
    own.start()
    expect(visitor.page.locator("body")).to_have_attribute("data-service", "up")


def test_a_reload_without_the_server_still_shows_the_page(visitor: Visit, own: Program) -> None:
    own.stop()
    visitor.page.reload()
    expect(visitor.page.locator("body")).to_have_attribute("data-service", "down")
    expect(visitor.find("service-down")).to_be_visible()
    own.start()
    expect(visitor.page.locator("body")).to_have_attribute("data-service", "up")
