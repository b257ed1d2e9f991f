"""The page without a mouse or a touch, and what a screen reader is told."""

from __future__ import annotations

from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.shelves import Shelf
from browser.visits import Visit

FOCUSED = """() => { const e = document.activeElement;
    return e?.dataset?.test ?? e?.closest('[data-test]')?.dataset.test ?? e?.tagName; }"""


def tab_to(visit: Visit, *names: str) -> str:
    """Presses Tab until one of the elements has the focus, which must be seen."""
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        focused = visit.page.evaluate(FOCUSED)
        if focused in names:
            style = visit.page.evaluate(
                "() => { const s = getComputedStyle(document.activeElement);"
                " return [s.outlineStyle, s.outlineWidth, s.boxShadow]; }"
            )
            assert (style[0] != "none" and style[1] != "0px") or style[2] != "none", "no ring of focus"
            return str(focused)
    raise AssertionError(f"Tab never reaches {names}")


def test_the_whole_way_is_gone_by_keyboard(visit: Visiting) -> None:
    visitor = visit()
    visitor.go()
    tab_to(visitor, "start", "attract")
    visitor.page.keyboard.press("Enter")
    expect(visitor.find("box").first).to_be_visible()
    tab_to(visitor, "shutter")
    visitor.page.keyboard.press("Enter")
    expect(visitor.best_hit()).to_be_visible()
    tab_to(visitor, "hit")
    visitor.page.keyboard.press("Enter")
    expect(visitor.find("product-title")).to_be_visible()
    tab_to(visitor, "back")
    visitor.page.keyboard.press("Enter")
    expect(visitor.best_hit()).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.page.locator("body")).not_to_have_attribute("data-view", "product")


def test_a_dialog_takes_the_focus_and_gives_it_back(visit: Visiting) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    visitor.find("language").focus()
    visitor.page.keyboard.press("Enter")
    expect(visitor.find("language-option").first).to_be_visible()
    visitor.page.keyboard.press("Escape")
    expect(visitor.find("language-option").first).to_be_hidden()
    assert visitor.page.evaluate(FOCUSED) == "language"


def test_what_was_found_is_told_to_a_screen_reader(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    assert visitor.find("announcer").get_attribute("aria-live") in ("polite", "assertive")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    expect(visitor.find("announcer")).not_to_be_empty()
