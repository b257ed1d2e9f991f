"""Ctrl-P on a page of the kiosk: all of it comes, not the part that a screen shows."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import expect

from browser.conftest import Visiting
from browser.shelves import Shelf

ENDS = """() => [...document.querySelectorAll('[data-test=hit]')].filter(hit => hit.checkVisibility())
    .map(hit => {
        let bottom = hit.getBoundingClientRect().bottom;
        for (let over = hit.parentElement; over; over = over.parentElement)
            if (getComputedStyle(over).overflowY !== 'visible' &&
                over.getBoundingClientRect().bottom + 1 < bottom) return 'clipped by ' + over.className;
        return 'whole';
    })"""


def test_all_that_was_found_comes_on_paper(visit: Visiting, shelf: Shelf, tmp_path: Path) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    visitor.find("upload-input").first.set_input_files(shelf.scene)
    expect(visitor.best_hit()).to_be_visible()
    visitor.page.emulate_media(media="print")
    ends = visitor.page.evaluate(ENDS)
    assert len(ends) > 3 and set(ends) == {"whole"}
    assert visitor.page.evaluate("() => !document.querySelector('[data-test=retake]').checkVisibility()")
    visitor.page.pdf(path=os.environ.get("POCKETSHELF_PRINT") or tmp_path / "page.pdf", format="A4")
