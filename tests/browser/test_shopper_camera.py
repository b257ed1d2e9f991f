"""A shopper before the kiosk's camera: boxes, the shutter, a tap on a box ; or none."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from browser.conftest import Visiting
from browser.processes import Program
from browser.shelves import Shelf
from browser.visits import Visit, visiting

# Of boxes that lie upon each other the middle of the lower one may be covered: its words are a button, too.
UNCOVERED = """boxes => boxes.flatMap((box, at) => {
    const {x, y, width, height} = box.getBoundingClientRect();
    return box.contains(document.elementFromPoint(x + width / 2, y + height / 2)) ? [at] : [];
})"""


def take_photo(visit: Visit) -> None:
    """From the attract screen to hits on the screen."""
    visit.go()
    visit.find("start").click()
    see(visit)
    visit.find("shutter").click()
    expect(visit.best_hit().or_(visit.find("not-here")).first).to_be_visible()


def see(visit: Visit) -> None:
    """Waits until the camera shows boxes."""
    expect(visit.page.locator("body")).to_have_attribute("data-camera", "on")
    expect(visit.find("box").first).to_be_visible()


def test_boxes_follow_the_live_picture_and_the_shutter_finds_the_product(
    visit: Visiting, shelf: Shelf
) -> None:
    visitor = visit()
    take_photo(visitor)
    found = visitor.find("hit").evaluate_all("hits => hits.map(hit => hit.dataset.product)")
    assert set(found) & shelf.shown


def test_one_permission_is_asked_for_and_the_stream_is_used_again(visit: Visiting) -> None:
    visitor = visit()
    visitor.page.add_init_script(
        """const asked = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); window.asked = 0;
        navigator.mediaDevices.getUserMedia = (...what) => { window.asked += 1; return asked(...what); };"""
    )
    take_photo(visitor)
    for _ in range(2):
        visitor.find("retake").first.click()
        see(visitor)
        visitor.find("shutter").click()
        expect(visitor.find("retake").first).to_be_visible()
    assert visitor.page.evaluate("window.asked") == 1


def test_a_box_is_tapped_for_its_own_hits(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit()
    take_photo(visitor)
    boxes = visitor.find("box")
    if boxes.count() < 2:
        pytest.skip("one box alone was found in this scene")
    firsts = set()
    for number in boxes.evaluate_all(UNCOVERED)[:2]:
        boxes.nth(number).click()
        expect(boxes.nth(number)).to_have_attribute("aria-pressed", "true")
        expect(visitor.find("box", aria_pressed="true")).to_have_count(1)
        firsts.add(visitor.find("hit").first.get_attribute("data-product"))
    assert len(firsts) >= 2 and firsts & shelf.shown


def test_an_upright_phone_shows_the_boxes_where_the_goods_are(visit: Visiting) -> None:
    visitor = visit(size="phone")
    visitor.go("/?view=live")
    see(visitor)
    for box in visitor.find("box").all():
        inside = box.bounding_box()
        assert inside and inside["x"] >= -2 and inside["x"] + inside["width"] <= 392


def test_a_refused_camera_is_explained_and_a_photo_can_be_uploaded(visit: Visiting, shelf: Shelf) -> None:
    visitor = visit(camera=False)
    visitor.go()
    visitor.find("start").click()
    expect(visitor.page.locator("body")).to_have_attribute("data-camera", "refused")
    expect(visitor.find("camera-refused")).to_be_visible()
    visitor.find("upload-input").set_input_files(shelf.scene)
    expect(visitor.find("hit").first).to_be_visible()


def test_a_camera_that_is_granted_later_starts_without_a_reload(visit: Visiting) -> None:
    visitor = visit(camera=False)
    visitor.go("/?view=live")
    expect(visitor.find("camera-refused")).to_be_visible()
    visitor.context.grant_permissions(["camera"])
    visitor.find("camera-retry").click()
    see(visitor)


def test_a_camera_that_goes_away_comes_back(visit: Visiting) -> None:
    """As after the machine slept: the track ends, the page asks again by itself."""
    visitor = visit()
    visitor.go("/?view=live")
    see(visitor)
    visitor.page.evaluate(
        """() => { const track = document.querySelector('video').srcObject.getVideoTracks()[0];
        window.ended = track; track.stop(); track.dispatchEvent(new Event('ended')); }"""
    )
    visitor.page.wait_for_function(
        """() => { const track = document.querySelector('video').srcObject?.getVideoTracks()[0];
        return track && track !== window.ended && track.readyState === 'live'; }"""
    )
    see(visitor)


def test_an_address_that_is_not_secure_is_told_from_a_refusal(
    browser: Browser, store: object, make_kiosk: Callable[..., Program]
) -> None:
    """Browsers give no camera to plain HTTP but of the machine itself."""
    program = make_kiosk(store, "--name", "kiosk.example")
    origin = program.url.replace("127.0.0.1", "kiosk.example")
    with visiting(browser, origin) as visitor:
        visitor.forgive("Cross-Origin-Opener-Policy")  # Heeded on secure addresses only.
        visitor.go("/?view=live")
        expect(visitor.page.locator("body")).to_have_attribute("data-camera", "insecure")
        assert "--tls" in visitor.find("camera-insecure").inner_text().lower()
