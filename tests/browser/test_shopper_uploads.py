"""Photos that a shopper brings along: each is answered, and none is the end of it."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from browser import photo_files
from browser.conftest import Visiting
from browser.processes import Program
from browser.shelves import Shelf
from browser.visits import Visit


def upload(visit: Visit, photo: Path) -> None:
    visit.find("upload-input").first.set_input_files(photo)


def expect_hits(visit: Visit, shelf: Shelf) -> None:
    expect(visit.find("hit").first).to_be_visible()
    found = visit.find("hit").evaluate_all("hits => hits.map(hit => hit.dataset.product)")
    assert set(found) & shelf.shown


def test_an_iphones_photo_finds_the_product_though_the_browser_cannot_show_it(
    visit: Visiting, shelf: Shelf, tmp_path: Path
) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    upload(visitor, photo_files.of_an_iphone(tmp_path, shelf.scene))
    expect_hits(visitor, shelf)
    assert visitor.find("box").count() >= 1


@pytest.mark.parametrize("kind", [photo_files.huge, photo_files.turned])
def test_a_photo_of_any_size_and_turn_finds_the_product(
    visit: Visiting, shelf: Shelf, tmp_path: Path, kind: object
) -> None:
    assert callable(kind)
    visitor = visit()
    visitor.go("/?view=live")
    upload(visitor, kind(tmp_path, shelf.scene))
    expect_hits(visitor, shelf)
    shown = visitor.find("photo").locator("img, canvas").first
    expect(shown).to_be_visible()
    box = shown.bounding_box()
    assert box and box["width"] > 100 and box["width"] / box["height"] == pytest.approx(16 / 9, rel=0.1)


def test_a_broken_file_is_named_and_the_next_photo_is_searched(
    visit: Visiting, shelf: Shelf, tmp_path: Path
) -> None:
    visitor = visit()
    visitor.forgive("status of 4")
    visitor.go("/?view=live")
    for broken in (photo_files.no_photo(tmp_path), photo_files.cut_off(tmp_path, shelf.scene)):
        upload(visitor, broken)
        expect(visitor.find("photo-error")).to_be_visible()
        assert len(visitor.find("photo-error").inner_text().strip()) > 10
        expect(visitor.find("hit")).to_have_count(0)
    upload(visitor, shelf.scene)
    expect_hits(visitor, shelf)
    expect(visitor.find("photo-error")).to_be_hidden()


def test_a_file_too_large_is_refused_by_its_size(
    visit: Visiting, running_kiosk: Program, tmp_path: Path
) -> None:
    visitor = visit()
    visitor.forgive("status of 413")
    visitor.go("/?view=live")
    path = tmp_path / "film.jpg"
    state = json.load(urlopen(f"{running_kiosk.url}/api/state", timeout=20))
    with path.open("wb") as stream:
        stream.truncate(state["features"].get("max_photo_bytes", 100_000_000) + 1)
    upload(visitor, path)
    expect(visitor.find("photo-error")).to_have_attribute("data-code", "photo_too_large")


def test_a_photo_is_dropped_onto_the_page_or_pasted(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    transfer = """bytes => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], 'photo.jpg', {type: 'image/jpeg'}));
        return data; }"""
    photo = list(shelf.scene.read_bytes())
    for kind in ("drop", "paste"):
        data = visitor.page.evaluate_handle(transfer, photo)
        visitor.page.evaluate(
            """([kind, data]) => {
            const target = document.querySelector('[data-test=stage]') ?? document.body;
            const init = {bubbles: true, cancelable: true};
            if (kind === 'paste')
              document.dispatchEvent(new ClipboardEvent('paste', {...init, clipboardData: data}));
            else for (const step of ['dragenter', 'dragover', 'drop'])
              target.dispatchEvent(new DragEvent(step, {...init, dataTransfer: data})); }""",
            [kind, data],
        )
        expect_hits(visitor, shelf)
        visitor.find("retake").first.click()
        expect(visitor.find("shutter")).to_be_visible()


def test_what_is_nowhere_on_the_shelf_is_said_to_be_missing(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit()
    visitor.go("/?view=live")
    upload(visitor, shelf.strange)
    expect(visitor.find("not-here")).to_be_visible()
    expect(visitor.find("hit").first).to_be_hidden()
    visitor.find("similar-fold").locator("summary").click()
    expect(visitor.find("hit").first).to_be_visible()
