"""The page in each of its languages, and from right to left."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.shelves import Shelf


def test_the_language_is_switched_on_the_page(visit: Visiting) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    words = {}
    for language in ("de", "zh", "en"):
        visitor.find("language").click()
        visitor.find("language-option", data_language=language).click()
        expect(visitor.page.locator("html")).to_have_attribute(
            "lang", f"{language}" if language != "zh" else "zh-Hans"
        )
        words[language] = visitor.find("upload").first.inner_text() or visitor.find(
            "upload"
        ).first.get_attribute("aria-label")
    assert len(set(words.values())) == 3


@pytest.mark.parametrize(("locale", "language"), [("de-AT", "de"), ("zh-CN", "zh"), ("fr-FR", "en")])
def test_a_browsers_language_is_spoken(visit: Visiting, locale: str, language: str) -> None:
    visitor = visit(locale=locale)
    visitor.go()
    assert str(visitor.page.locator("html").get_attribute("lang")).startswith(language)


# The longest words, the widest signs, and the other way round, where room is scarce.
WAYS = [
    ("phone", "lang=de"),
    ("upright", "lang=de"),
    ("phone", "dir=rtl"),
    ("landscape", "dir=rtl"),
    ("phone", "lang=zh"),
]


@pytest.mark.parametrize(("size", "way"), WAYS)
def test_nothing_sticks_out_in_any_language(
    visit: Visiting, shelf: Shelf, screenshots: Path, size: str, way: str
) -> None:
    visitor = visit(size=size)
    visitor.go(f"/?{way}")
    assert visitor.overflow() == {"page": 0, "elements": []}
    visitor.go(f"/?view=live&{way}")
    expect(visitor.find("shutter")).to_be_visible()
    assert visitor.overflow() == {"page": 0, "elements": []}
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    visitor.page.screenshot(path=screenshots / f"kiosk-results-{size}-{way.replace('=', '-')}.png")
    assert visitor.overflow() == {"page": 0, "elements": []}
    visitor.best_hit().click()
    expect(visitor.find("product-title")).to_be_visible()
    assert visitor.overflow() == {"page": 0, "elements": []}
