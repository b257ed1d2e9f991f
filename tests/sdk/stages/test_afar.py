"""A second look at somebody far away: when, at what, and what comes of it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pocketshelf.encoder import Encoder
from pocketshelf.formats import Bundle
from pocketshelf.stages.afar import far_part, look_again, put_together
from pocketshelf.stages.preprocess import Photo, decode_photo
from pocketshelf.types import Box, Detection

FRAME = (1000, 1000)
UPPER = Detection((450, 400, 60, 80), "upper", 0.7)
TROUSERS = Detection((455, 480, 50, 120), "trousers", 0.6)
PART = (340.0, 380.0, 180.0, 240.0)


class Seen:
    """A detector that says what it is told, the same in every photo, and remembers which it looked at."""

    def __init__(self, *found: Detection) -> None:
        self.found, self.photos = list(found), list[Photo]()

    def detect(self, photo: Photo) -> list[Detection]:
        """What it was told."""
        self.photos.append(photo)
        return self.found


def photo_of(side: int = 500) -> Photo:
    """Of 1,000 pixels a side, decoded to ``side``; each pixel's red and green tell its place."""
    ramp = np.arange(side) * 256 // side
    pixels = np.stack(np.broadcast_arrays(ramp[None, :], ramp[:, None], 0), axis=2).astype(np.uint8)
    return Photo(pixels, *FRAME)


def test_what_somebody_far_away_wears_is_looked_at_with_room_around_it() -> None:
    part = far_part([UPPER, TROUSERS, Detection((0, 0, 900, 900), "goods", 0.2)], FRAME)
    assert part == pytest.approx((390, 380, 180, 240)), "as narrow as 3 : 4, and a fifth more than 200 high"


@pytest.mark.parametrize(
    "found",
    [
        [],
        [UPPER],
        [UPPER, Detection((452, 402, 58, 80), "outerwear", 0.65)],
        [UPPER, Detection((455, 480, 50, 120), "trousers", 0.29)],
        [UPPER, Detection((455, 480, 50, 120), "bag", 0.9)],
        [UPPER, Detection((455, 480, 50, 120), "upper", 0.9)],
        [UPPER, Detection((455, 480, 50, 521), "trousers", 0.9)],
        [UPPER, TROUSERS, Detection((50, 400, 30, 30), "goods", 0.9), Detection((900, 0, 9, 9), "hat", 0.9)],
    ],
    ids=["nothing", "one thing", "one thing as two", "too faint", "a bag", "two alike", "near", "spread"],
)
def test_no_second_look_without_somebody_who_is_small(found: list[Detection]) -> None:
    assert far_part(found, FRAME) is None
    detector, photo = Seen(), photo_of()
    assert look_again(detector, photo, found) is found
    assert not detector.photos


def test_the_second_look_is_at_the_photos_own_pixels_and_its_boxes_are_the_photos() -> None:
    photo = photo_of()
    detector = Seen(Detection((10, 20, 30, 40), "upper", 0.9))
    found = look_again(detector, photo, [UPPER, TROUSERS])
    (part,) = detector.photos
    assert (part.width, part.height) == (90, 120), "of 180 by 240, decoded at half the scale"
    assert np.array_equal(part.pixels, photo.pixels[190:310, 195:285])
    assert [each.box for each in found] == [(390 + 20, 380 + 40, 60, 80)]


def test_what_lies_elsewhere_stays_and_what_is_seen_anew_replaces_the_rest() -> None:
    elsewhere, within = Detection((0, 0, 40, 40), "bag", 0.2), Detection((400, 500, 9, 9), "hat", 0.25)
    second = [Detection((430, 400, 60, 80), "outerwear", 0.15), Detection((430, 480, 60, 80), "skirt", 0.8)]
    found = put_together([UPPER, within, elsewhere], second, PART)
    assert found == [second[1], elsewhere, second[0]], "best score first"
    assert put_together([UPPER, elsewhere], second[:1], PART) == [UPPER, elsewhere], "it saw nobody"
    many = [Detection((400, 400, 9, 9), "upper", 0.9)] * 40
    assert len(put_together([elsewhere] * 40, many, PART)) == 50


def test_a_part_of_a_jpeg_is_cut_from_what_was_decoded() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.kron(pixels, np.ones((40, 40, 1), np.uint8))).save(buffer, "JPEG", quality=95)
    photo = decode_photo(buffer.getvalue())
    assert (photo.width, photo.height) == (3200, 2400) and photo.pixels.shape == (1200, 1600, 3)
    part = photo.cut((100, 200, 500, 700))
    assert (part.width, part.height) == (400, 500)
    assert np.array_equal(part.pixels, photo.pixels[200:700, 100:500])


def _worn(scale: float, at: tuple[float, float]) -> list[Detection]:
    def moved(box: Box) -> Box:
        return at[0] + scale * box[0], at[1] + scale * box[1], scale * box[2], scale * box[3]

    return [Detection(moved(each.box), each.group, each.score) for each in (UPPER, TROUSERS)]


def test_a_search_looks_twice_and_a_cameras_frames_once(fake_bundle: Bundle) -> None:
    encoder = Encoder.open(fake_bundle)
    detector = Seen(*_worn(0.2, (10, 10)))
    watching = encoder.with_stages(detector=detector)
    pixels = np.full((300, 300, 3), 128, np.uint8)
    watching.boxes(Photo(pixels, 300, 300))
    assert len(detector.photos) == 1
    watching.encode(pixels)
    assert len(detector.photos) == 3
    watching.detect(pixels)
    assert len(detector.photos) == 5
    watching.encode(pixels, whole=True)
    assert len(detector.photos) == 5
