"""A shopper who walks away: a warning, then the page of before for the next one; staff behind a PIN."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.processes import Program
from browser.shelves import Shelf
from browser.visits import Visit


def set_up(kiosk: Program, **settings: object) -> None:
    body = json.dumps({"settings": settings}).encode()
    headers = {"Content-Type": "application/json", "Origin": kiosk.url}
    assert urlopen(Request(f"{kiosk.url}/api/settings", body, headers), timeout=20).status == 200


@pytest.fixture
def waiting(visit: Visiting, store: Path, shelf: Shelf, make_kiosk: Callable[..., Program]) -> Visit:
    """Someone who looks at hits, at a kiosk of little patience, with a clock that the test moves."""
    kiosk = make_kiosk(store)
    set_up(kiosk, idle_s=60)
    visitor = visit(kiosk.url)
    visitor.page.clock.install()
    visitor.go("/?view=live&lang=de")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    return visitor


def test_an_idle_page_warns_and_then_begins_anew(waiting: Visit) -> None:
    waiting.page.clock.run_for(50_000)
    expect(waiting.find("idle-warning")).to_be_visible()
    waiting.page.clock.run_for(20_000)
    expect(waiting.page.locator("body")).to_have_attribute("data-view", "attract")
    expect(waiting.find("idle-warning")).to_be_hidden()
    expect(waiting.best_hit()).to_be_hidden()
    assert waiting.find("photo").locator("img[src]").count() == 0
    assert (
        waiting.page.locator("video").evaluate_all("all => all.some(one => one.srcObject?.active)") is False
    )


def test_a_touch_upon_the_warning_keeps_what_was_found(waiting: Visit) -> None:
    waiting.page.clock.run_for(50_000)
    waiting.find("idle-stay").click()
    expect(waiting.find("idle-warning")).to_be_hidden()
    waiting.page.clock.run_for(30_000)
    expect(waiting.best_hit()).to_be_visible()


def test_the_settings_are_behind_the_pin(
    visit: Visiting, store: Path, tmp_path: Path, make_kiosk: Callable[..., Program]
) -> None:
    visitor = visit(make_kiosk(store, "--pin-file", str(pin_file(tmp_path))).url)
    visitor.forgive("status of 4")
    visitor.go("/?view=live")
    visitor.find("settings-open").click()
    enter_pin(visitor, "1111")
    expect(visitor.find("pin-error")).to_be_visible()
    expect(visitor.find("settings")).to_be_hidden()
    enter_pin(visitor, "2468")
    expect(visitor.find("settings")).to_be_visible()
    visitor.find("setting-theme").select_option("dark")
    visitor.find("settings-save").click()
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")


def pin_file(folder: Path) -> Path:
    """The file that a shop keeps its PIN in."""
    path = folder / "pin"
    path.write_text("2468\n")
    return path


def enter_pin(visit: Visit, pin: str) -> None:
    for digit in pin:
        visit.find("pin").locator('[data-test="pin-digit"]', has_text=digit).click()
    visit.find("pin-ok").click()
