"""Every page of the kiosk at three sizes, light and dark, drawn into build/screenshots and asked of axe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.axe import barriers
from browser.conftest import Visiting
from browser.processes import Program
from browser.shelves import Shelf
from browser.test_kiosk_idle import pin_file
from browser.visits import SIZES, Visit


def pages(visit: Visit, shelf: Shelf) -> Iterator[str]:
    """Walks through the kiosk; the name of each page as it is reached."""
    visit.go()
    yield "attract"
    visit.find("start").click()
    expect(visit.find("box").first).to_be_visible()
    yield "live"
    visit.find("language").click()
    yield "language"
    visit.page.keyboard.press("Escape")
    visit.find("shutter").click()
    expect(visit.best_hit()).to_be_visible()
    yield "results"
    visit.find("facet").first.click()
    expect(visit.find("facet-value").first).to_be_visible()
    yield "facet"
    visit.page.keyboard.press("Escape")
    visit.best_hit().click()
    expect(visit.find("product-title")).to_be_visible()
    yield "product"
    visit.go("/?view=live")
    visit.find("upload-input").first.set_input_files(shelf.strange)
    expect(visit.find("not-here")).to_be_visible()
    yield "nothing-like-this"
    visit.find("retake").first.click()
    visit.find("upload-input").first.set_input_files(Path(__file__))
    expect(visit.find("photo-error")).to_be_visible()
    yield "broken-photo"
    visit.go("/?view=live")
    visit.find("settings-open").click()
    expect(visit.find("settings").or_(visit.find("pin")).first).to_be_visible()
    yield "settings"
    visit.go("/privacy")
    yield "privacy"


def settled(visit: Visit) -> None:
    """Pictures are there and fonts are loaded."""
    visit.page.evaluate("async () => { await document.fonts.ready; }")
    visit.page.wait_for_function(
        "() => [...document.images].every(image => image.complete || image.loading === 'lazy')"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_whole_and_without_barriers(
    visit: Visiting, shelf: Shelf, screenshots: Path, size: str, theme: str
) -> None:
    visitor = visit(size=size, color_scheme=theme)
    visitor.forgive("status of 4")
    found = {}
    for name in pages(visitor, shelf):
        settled(visitor)
        visitor.page.screenshot(path=screenshots / f"kiosk-{name}-{size}-{theme}.png")
        found[name] = [
            *barriers(visitor.page),
            *map(str, [visitor.overflow()] if any(visitor.overflow().values()) else []),
        ]
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("size", SIZES)
def test_the_pages_of_trouble_are_without_barriers(
    visit: Visiting,
    store: Path,
    tmp_path: Path,
    screenshots: Path,
    size: str,
    make_kiosk: Callable[..., Program],
) -> None:
    kiosk = make_kiosk(store, "--pin-file", str(pin_file(tmp_path)))
    visitor = visit(kiosk.url, size=size, camera=False)
    visitor.forgive("ERR_|Failed to load|fetch")
    visitor.go("/?view=live")
    expect(visitor.find("camera-refused")).to_be_visible()
    found = {}

    def look(name: str) -> None:
        settled(visitor)
        visitor.page.screenshot(path=screenshots / f"kiosk-{name}-{size}-light.png")
        found[name] = barriers(visitor.page)

    look("camera-refused")
    visitor.find("settings-open").click()
    expect(visitor.find("pin")).to_be_visible()
    look("pin")
    visitor.page.keyboard.press("Escape")
    kiosk.stop()
    expect(visitor.find("service-down")).to_be_visible()
    visitor.page.screenshot(path=screenshots / f"kiosk-server-stopped-{size}-light.png")
    found["server-stopped"] = barriers(visitor.page)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("width", "height"), [(640, 360), (740, 360), (844, 390)])
def test_what_was_found_has_room_on_a_low_screen(
    visit: Visiting, shelf: Shelf, screenshots: Path, width: int, height: int
) -> None:
    """A phone that lies; a screen of 1280 by 720 at 200 %."""
    visitor = visit()
    visitor.page.set_viewport_size({"width": width, "height": height})
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    settled(visitor)
    visitor.page.screenshot(path=screenshots / f"kiosk-low-{width}.png")
    room = visitor.page.locator("#results .panel").bounding_box()
    photo = visitor.find("photo").bounding_box()
    assert room and room["height"] > height / 2 and room["width"] > width / 2
    assert photo and photo["height"] > height / 4
    assert visitor.overflow() == {"page": 0, "elements": []}
