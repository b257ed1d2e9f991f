"""Screenshots: the picture in a phone's page is what is searched, its boxes are the screenshot's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from contract.golden.stage_cases.paging import page_of, pages
from drawn_things import draw_thing
from pocketshelf import Retriever
from pocketshelf.encoder import Encoder
from pocketshelf.formats import Bundle
from pocketshelf.stages.preprocess import Photo, read_photo
from pocketshelf.stages.screenshot import picture_in, shown_in

PAGES = {case["name"]: page_of(case) for case in pages()}


def screenshot(picture: Image.Image, above: int = 120, below: int = 260, beside: int = 0) -> Image.Image:
    """A picture as wide as a page, or ``beside`` its sides, between a title and lines of text."""
    page = Image.new("RGB", (picture.width + 2 * beside, above + picture.height + below), (250, 250, 250))
    page.paste((30, 30, 30), (20, above // 2, picture.width // 2, above // 2 + 8))
    page.paste(picture, (beside, above))
    for row in range(above + picture.height + 30, page.height - 40, 24):
        page.paste((30, 30, 30), (20, row, picture.width - 60, row + 8))
    return page


def textured(thing: Image.Image) -> Image.Image:
    """With a ground as a camera sees one."""
    noise = np.random.default_rng(0).integers(0, 60, (thing.height, thing.width, 3))
    return Image.fromarray((np.asarray(thing.convert("RGB")) * 0.75 + noise).astype(np.uint8))


def test_a_photo_is_left_as_it_is() -> None:
    photo = read_photo(PAGES["a photo"])
    assert shown_in(photo) == (photo, (0.0, 0.0))


@pytest.mark.parametrize("turned", [False, True], ids=["white", "dark"])
def test_a_page_is_found_by_its_ground_whatever_its_colour(turned: bool) -> None:
    page = PAGES["in a dark one" if turned else "in a feed"]
    assert picture_in(page) == (0, 26 / 250, 1, 166 / 250)
    assert picture_in(np.ascontiguousarray(page[::-1])) == (0, 84 / 250, 1, 224 / 250)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 3), (4, 4)])
def test_next_to_no_pixels_are_no_page(shape: tuple[int, int]) -> None:
    assert picture_in(np.full((*shape, 3), 250, np.uint8)) is None


def test_a_thing_that_stands_on_white_is_left_in_its_room() -> None:
    """What is away from the frame's sides is no picture in a page, whatever straight edges it has."""
    frame = np.full((250, 200, 3), 255, np.uint8)
    frame[60:190, 20:180] = np.random.default_rng(0).integers(0, 255, (130, 160, 3))
    assert picture_in(frame) is None


def test_the_picture_has_boxes_in_the_screenshots_pixels() -> None:
    """As decoded and at half of the size: a photo may be decoded smaller than it is."""
    page = screenshot(textured(draw_thing((200, 40, 40)).resize((360, 420))))
    pixels = np.asarray(page)
    for photo in (Photo(pixels, *page.size), Photo(pixels[::2, ::2], *page.size)):
        shown, (across, down) = shown_in(photo)
        assert (shown.width, photo.width, across) == (360, 360, 0)
        assert down == pytest.approx(120, abs=4) and shown.height == pytest.approx(420, abs=8)
        wide, deep = shown.scale
        assert wide == photo.scale[0] and deep == pytest.approx(photo.scale[1], rel=0.01)


def test_a_card_is_cut_at_its_sides_as_well(fake_bundle: Bundle) -> None:
    page = screenshot(textured(draw_thing((200, 40, 40)).resize((360, 420))), beside=16)
    shown, begins = shown_in(read_photo(np.asarray(page)))
    assert begins == pytest.approx((16, 120), abs=5)
    assert (shown.width, shown.height) == pytest.approx((360, 420), abs=10)
    (region,) = Encoder.open(fake_bundle).encode(page, whole=True).regions
    assert region.detection.box == pytest.approx((16, 120, 360, 420), abs=10)


def test_what_a_screenshot_shows_is_found_and_described_as_its_picture(fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle)
    picture = textured(draw_thing((200, 40, 40)).resize((360, 420)))
    page = screenshot(picture)
    (alone,) = encoder.encode(picture, whole=True).regions
    encoded = encoder.encode(page, whole=True)
    (region,) = encoded.regions
    x, y, width, height = region.detection.box
    assert (x, width) == (0, 360) and y == pytest.approx(120, abs=4) and height == pytest.approx(420, abs=8)
    assert (encoded.photo.width, encoded.photo.height) == page.size
    assert region.embedding.vector @ alone.embedding.vector > 0.99
    bare = encoder.enrol(page)
    assert bare @ encoder.enrol(picture) < 0.97, "a shop's own picture is taken as it is"


def test_detect_and_search_tell_boxes_of_the_screenshot(fake_bundle: Bundle, shop: Path) -> None:
    from pocketshelf.catalogue import build_store

    picture = textured(draw_thing((200, 40, 40)).resize((360, 420)))
    page = screenshot(picture)
    encoder = Encoder.open(fake_bundle)
    alone, seen = encoder.detect(picture), encoder.detect(page)
    assert (seen.width, seen.height) == page.size
    assert len(seen.regions) == len(alone.regions) > 0
    for one, other in zip(alone.regions, seen.regions, strict=True):
        x, y, width, height = one.box
        assert other.box == pytest.approx((x, y + 120, width, height), abs=8)
    build_store(shop / "catalogue.csv", shop / "store", bundle=fake_bundle)
    with Retriever.open(shop / "store", fake_bundle) as retriever:
        (found,) = retriever.search(page, whole=True).regions
    assert found.box[1] == pytest.approx(120, abs=4)
    assert replace(found, hits=None).box[3] == pytest.approx(420, abs=8)
